//! The parameters of a URL.

use std::collections::HashMap;

use axum::extract::{FromRequestParts, Query};
use http::request::Parts;
use ngsi::Name;
use ngsi::v2::write::Representation;
use ngsi::v2::{Form, Problem, Rendering, names};

use super::answer::Failure;
use crate::routes::page::Page;

/// The most entities or types of one answer, and how many there are when the request does not say.
const MOST: usize = 1_000;
const USUAL: usize = 20;
/// The most items of a list.
const MAX_ITEMS: usize = 1_000;
/// Parameters whose value may hold any character.
const FREE: [&str; 6] = ["q", "mq", "idPattern", "typePattern", "georel", "coords"];

/// What stands behind the `?`.
pub(super) struct Params(HashMap<String, String>);

impl Params {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A comma-separated list.
    pub(super) fn list(&self, name: &str) -> Result<Vec<&str>, Problem> {
        let items: Vec<_> = self.get(name).into_iter().flat_map(|list| list.split(',')).map(str::trim).collect();
        if items.len() > MAX_ITEMS {
            return Err(Problem::bad_request(format!("{name}: must have at most {MAX_ITEMS} items")));
        }
        if items.iter().any(|item| item.is_empty()) {
            return Err(Problem::bad_request(format!("{name}: has an empty item")));
        }
        Ok(items)
    }

    pub(super) fn names(&self, name: &str) -> Result<Vec<Name>, Problem> {
        Ok(self.list(name)?.into_iter().map(Name::from).collect())
    }

    /// The one entity type that is meant; empty for any.
    pub(super) fn entity_type(&self) -> Name {
        self.get("type").map(Name::from).unwrap_or_default()
    }

    /// The options, all of which must be among those the operation has.
    pub(super) fn options(&self, known: &[&str]) -> Result<Options, Problem> {
        let given: Vec<_> = self.list("options")?.into_iter().map(str::to_owned).collect();
        match given.iter().find(|option| !known.contains(&option.as_str())) {
            None => Ok(Options(given)),
            Some(option) => {
                let problem = format!("options: `{option}` is not one of {}", known.join(", "));
                Err(Problem::bad_request(problem))
            }
        }
    }

    /// Whether context providers are asked.
    pub(super) fn forwards(&self) -> bool {
        !self.has_option("skipForwarding")
    }

    /// Whether an update counts as a change even when it changes nothing.
    pub(super) fn forces(&self) -> bool {
        self.has_option("forcedUpdate")
    }

    fn has_option(&self, name: &str) -> bool {
        self.get("options").is_some_and(|options| options.split(',').any(|option| option.trim() == name))
    }

    /// Which part of an entity is answered, and how.
    pub(super) fn rendering(&self, options: &Options) -> Result<Rendering, Problem> {
        let (attributes, metadata) = (options.with_times(self.names("attrs")?), self.names("metadata")?);
        Ok(Rendering { representation: options.representation()?, attributes, metadata })
    }

    pub(super) fn page(&self) -> Result<Page, Problem> {
        let number = |name: &str, usual: usize| match self.get(name) {
            None => Ok(usual),
            Some(text) => {
                text.parse().map_err(|_| Problem::bad_request(format!("{name}: must be a whole number, is `{text}`")))
            }
        };
        let page = Page {
            limit: number("limit", USUAL)?,
            offset: number("offset", 0)?,
            counts: self.list("options")?.contains(&"count"),
        };
        if !(1..=MOST).contains(&page.limit) {
            return Err(Problem::bad_request(format!("limit: must be between 1 and {MOST}, is {}", page.limit)));
        }
        Ok(page)
    }
}

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let read = Query::<HashMap<String, String>>::try_from_uri(&parts.uri);
        let Query(given) = read.map_err(|error| Problem::bad_request(error.body_text()))?;
        for (name, value) in &given {
            if value.is_empty() {
                return Err(Problem::bad_request(format!("{name}: must not be empty")).into());
            }
            if !FREE.contains(&name.as_str()) {
                names::check_characters(name, value)?;
            }
        }
        Ok(Self(given))
    }
}

pub(super) struct Options(Vec<String>);

impl Options {
    pub(super) fn has(&self, option: &str) -> bool {
        self.0.iter().any(|given| given == option)
    }

    pub(super) fn form(&self) -> Form {
        if self.has("keyValues") { Form::KeyValues } else { Form::Normalized }
    }

    /// The attributes to show, and the times that options ask for, as `attrs` was not always there to do.
    pub(super) fn with_times(&self, mut attributes: Vec<Name>) -> Vec<Name> {
        for time in ["dateCreated", "dateModified"].into_iter().filter(|time| self.has(time)).map(Name::from) {
            if attributes.is_empty() {
                attributes.push(Name::from("*"));
            }
            if !attributes.contains(&time) {
                attributes.push(time);
            }
        }
        attributes
    }

    fn representation(&self) -> Result<Representation, Problem> {
        let all = [
            ("keyValues", Representation::KeyValues),
            ("values", Representation::Values),
            ("unique", Representation::Unique),
        ];
        let mut given = all.into_iter().filter(|(option, _)| self.has(option)).map(|(_, how)| how);
        match (given.next(), given.next()) {
            (_, Some(_)) => Err(Problem::bad_request("options: keyValues, values and unique exclude one another")),
            (how, None) => Ok(how.unwrap_or_default()),
        }
    }
}
