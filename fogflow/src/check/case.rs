//! What the check makes: names that nothing else has, and the documents.

use std::str::FromStr;

use serde_json::{Value, json};

const PASS_ON: &str = include_str!("../../../operators/dummy/function.js");

/// An image as people write it: `name`, `name:tag`, `registry:5000/name:tag` or `name@sha256:…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Image {
    name: String,
    tag: String,
}

impl FromStr for Image {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, tag) = match text.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, tag),
            _ => (text, "latest"),
        };
        if name.is_empty() || tag.is_empty() || text.contains(char::is_whitespace) {
            return Err(format!("`{text}` is not an image such as fogflow/dummy:1.0"));
        }
        Ok(Self { name: name.to_owned(), tag: tag.to_owned() })
    }
}

/// One run of the check.
pub(crate) struct Case {
    /// Of the operator and the fog function.
    pub(crate) name: String,
    /// Of the function's intent.
    pub(crate) intent: String,
    /// The entity that the sensor updates.
    pub(crate) entity: String,
    /// Its type.
    pub(crate) input: String,
    /// The type of the result.
    pub(crate) output: String,
    image: Option<Image>,
}

impl Case {
    pub(crate) fn new(image: Option<Image>) -> Self {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let id = &id[..8];
        Self {
            name: format!("check-{id}"),
            intent: format!("ServiceIntent.check-{id}"),
            entity: format!("Check.{id}"),
            input: format!("Check{id}"),
            output: format!("CheckResult{id}"),
            image,
        }
    }

    pub(crate) fn operator(&self) -> Value {
        let mut operator = json!({ "name": self.name, "description": "made by `fogflow check`" });
        match &self.image {
            Some(Image { name, tag }) => operator["dockerimages"] = json!([{ "name": name, "tag": tag }]),
            None => operator["functionCode"] = json!(PASS_ON),
        }
        json!([operator])
    }

    pub(crate) fn function(&self) -> Value {
        let input = json!({ "selected_type": self.input, "selected_attributes": ["all"], "groupby": "EntityID", "scoped": false });
        let task = json!({
            "name": "pass", "operator": self.name,
            "input_streams": [input], "output_streams": [{ "entity_type": self.output }],
        });
        json!([{
            "name": self.name,
            "topology": { "name": self.name, "description": "made by `fogflow check`", "tasks": [task] },
            "intent": { "id": self.intent, "geoscope": { "scopeType": "global", "scopeValue": "global" } },
        }])
    }

    pub(crate) fn update(&self, number: u64) -> Value {
        element(&json!({
            "entityId": { "id": self.entity, "type": self.input },
            "attributes": [{ "name": "number", "type": "integer", "value": number }],
        }))
    }

    pub(crate) fn query(&self) -> Value {
        json!({ "entities": [{ "type": self.output, "isPattern": true }] })
    }

    /// Whether an element is the result for this entity.
    pub(crate) fn is_result(&self, element: &Value) -> bool {
        let attributes = element["attributes"].as_array().map(Vec::as_slice).unwrap_or_default();
        attributes.iter().any(|attribute| attribute["name"] == "source" && attribute["value"] == self.entity.as_str())
    }
}

fn element(element: &Value) -> Value {
    json!({ "contextElements": [element], "updateAction": "UPDATE" })
}

/// Deletes an entity.
pub(crate) fn deletion(entity: &str) -> Value {
    json!({ "contextElements": [{ "entityId": { "id": entity } }], "updateAction": "DELETE" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_told_apart_from_their_tags() {
        let table = [
            ("fogflow/dummy", ("fogflow/dummy", "latest")),
            ("local/dummy:dev", ("local/dummy", "dev")),
            ("registry:5000/dummy", ("registry:5000/dummy", "latest")),
            ("registry:5000/dummy:1.0", ("registry:5000/dummy", "1.0")),
            ("dummy@sha256:abc", ("dummy@sha256", "abc")),
        ];
        for (text, (name, tag)) in table {
            assert_eq!(text.parse(), Ok(Image { name: name.to_owned(), tag: tag.to_owned() }));
        }
        for text in ["", ":", "dummy:", ":tag", "a b"] {
            assert!(text.parse::<Image>().is_err(), "{text}");
        }
    }
}
