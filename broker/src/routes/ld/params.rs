//! The parameters of a URL.

use std::collections::HashMap;

use axum::extract::Query;
use http::Uri;
use ngsi::ld::{Kind, Problem};

use crate::routes::page::Page;

/// The most entities, types or attributes of one answer, and how many there are when the request does not say.
pub(super) const MOST: usize = 1_000;
const USUAL: usize = 20;
/// The most items of a list.
const MAX_ITEMS: usize = 1_000;

/// What stands behind the `?`.
#[derive(Debug, Default)]
pub(super) struct Params(HashMap<String, String>);

impl Params {
    pub(super) fn read(uri: &Uri) -> Result<Self, Problem> {
        let given = Query::<HashMap<String, String>>::try_from_uri(uri)
            .map_err(|error| Problem::new(Kind::InvalidRequest, error.body_text()))?;
        Ok(Self(given.0))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether a parameter has exactly that value.
    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        self.get(name) == Some(value)
    }

    /// A comma-separated list; empty when it is not given.
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

    /// Whether `options` holds it.
    pub(super) fn option(&self, wanted: &str) -> bool {
        self.get("options").is_some_and(|given| given.split(',').any(|option| option.trim() == wanted))
    }

    /// A switch: `true` or `false`.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(Problem::bad_request(format!("{name}: must be true or false, is `{other}`"))),
        }
    }

    /// Which part of all that is found is answered (5.5.9). A `limit` of 0 asks for the count alone.
    pub(super) fn page(&self) -> Result<Page, Problem> {
        let number = |name: &str, usual: usize| match self.get(name) {
            None => Ok(usual),
            Some(text) => {
                text.parse().map_err(|_| Problem::bad_request(format!("{name}: must be a whole number, is `{text}`")))
            }
        };
        let page = Page { limit: number("limit", USUAL)?, offset: number("offset", 0)?, counts: self.flag("count")? };
        if page.limit > MOST {
            let problem = format!("limit: must be at most {MOST}, is {}", page.limit);
            return Err(Problem::new(Kind::TooManyResults, problem));
        }
        if page.limit == 0 && !page.counts {
            return Err(Problem::bad_request("limit: 0 needs count=true"));
        }
        Ok(page)
    }
}
