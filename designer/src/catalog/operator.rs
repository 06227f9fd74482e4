//! Changes to operators and their images.

use flow::Operator;
use ngsi::ParseError;
use serde_json::{Value, json};

use super::check::{name, parameters, unique};
use super::document::{at, object};
use super::{Catalog, Changes, Document, elements, used};
use crate::records::{Kind, Record};
use crate::refusal::Refusal;

impl Catalog {
    /// Adds or replaces operators.
    pub(crate) fn put_operators(&self, body: &[u8]) -> Result<Changes, Refusal> {
        let mut changes = Changes::default();
        let mut names = Vec::new();
        for (path, document) in elements(body)? {
            let operator = Document::<Operator>::new(document).map_err(at(&path))?;
            check(&operator.value).map_err(at(&path))?;
            names.push((format!("{path}.name"), operator.value.name.clone()));
            changes.records.push(Record::set(Kind::Operator, &operator.value.name, operator.json));
        }
        unique(names.iter().map(|(path, name)| (path.clone(), name.as_str())))?;
        self.announce_users(&mut changes, |topology| {
            self.topology(topology).is_some_and(|t| used(t).any(|name| names.iter().any(|(_, n)| n == name)))
        });
        Ok(changes)
    }

    /// Removes an operator that no topology uses.
    pub(crate) fn delete_operator(&self, name: &str) -> Result<Changes, Refusal> {
        if !self.operators.contains_key(name) {
            return Err(Refusal::not_found("operator", name));
        }
        let users = self.topologies().filter(|topology| self.uses(topology, name)).collect::<Vec<_>>().join("`, `");
        if !users.is_empty() {
            return Err(Refusal::InUse(format!("operator `{name}` is used by topology `{users}`")));
        }
        Ok(Changes { records: vec![Record::removed(Kind::Operator, name)], ..Changes::default() })
    }

    fn uses(&self, topology: &str, operator: &str) -> bool {
        self.topology(topology).is_some_and(|topology| used(topology).any(|name| name == operator))
    }

    /// Adds an image to an operator, in place of the one for the same hardware, system, name and tag.
    pub(crate) fn add_image(&self, operator: &str, body: &[u8]) -> Result<Changes, Refusal> {
        let image = object(body)?;
        let same =
            |a: &Value, b: &Value| ["name", "tag", "hwType", "osType"].iter().all(|key| a.get(key) == b.get(key));
        self.change_images(operator, |images| {
            images.retain(|other| !same(other, &image));
            images.push(image);
            Ok(())
        })
    }

    /// Removes the images of that name, or of that `name:tag`.
    pub(crate) fn delete_image(&self, operator: &str, image: &str) -> Result<Changes, Refusal> {
        self.change_images(operator, |images| {
            let before = images.len();
            images.retain(|other| {
                let text = |key: &str| other.get(key).and_then(Value::as_str).unwrap_or_default();
                image != text("name") && image != format!("{}:{}", text("name"), text("tag"))
            });
            if images.len() == before { Err(Refusal::not_found("image", image)) } else { Ok(()) }
        })
    }

    fn change_images(
        &self,
        operator: &str,
        change: impl FnOnce(&mut Vec<Value>) -> Result<(), Refusal>,
    ) -> Result<Changes, Refusal> {
        let Some(document) = self.operators.get(operator) else { return Err(Refusal::not_found("operator", operator)) };
        let mut document = document.json.clone();
        let mut images = document.get("dockerimages").and_then(Value::as_array).cloned().unwrap_or_default();
        change(&mut images)?;
        document["dockerimages"] = json!(images);
        self.put_operators(document.to_string().as_bytes())
    }
}

fn check(operator: &Operator) -> Result<(), ParseError> {
    name("name", &operator.name)?;
    for (index, image) in operator.dockerimages.iter().enumerate() {
        if image.name.is_empty() {
            return Err(ParseError::new(format!("dockerimages[{index}].name"), "must not be empty"));
        }
    }
    parameters(&operator.parameters)
}
