//! The parameters of a URL.

use std::collections::HashMap;

use axum::extract::Query;
use axum::response::Response;
use http::Uri;
use http::header::{HeaderValue, LINK};
use ngsi::ld::{Kind, Problem};

use crate::routes::page::Page;

/// The most entities, types or attributes of one answer, and how many there are when the request does not say.
pub(super) const MOST: usize = 1_000;
const USUAL: usize = 20;
/// The most items of a list.
const MAX_ITEMS: usize = 1_000;

/// The parameters that operations of NGSI-LD have.
const KNOWN: [&str; 49] = [
    "aggrMethods",
    "aggrPeriodDuration",
    "attrs",
    "collation",
    "collapse",
    "containedBy",
    "coordinates",
    "count",
    "csf",
    "datasetId",
    "deleteAll",
    "details",
    "drop",
    "endTimeAt",
    "entityMap",
    "entityMapLifetime",
    "expandValues",
    "format",
    "geometry",
    "geometryProperty",
    "geoproperty",
    "georel",
    "id",
    "idPattern",
    "instanceId",
    "join",
    "joinLevel",
    "keep",
    "kind",
    "lang",
    "lastN",
    "limit",
    "local",
    "observedAt",
    "offset",
    "omit",
    "options",
    "orderBy",
    "pick",
    "q",
    "reload",
    "scopeQ",
    "splitEntities",
    "sysAttrs",
    "timeAt",
    "timeproperty",
    "timerel",
    "type",
    "jsonKeys",
];

/// What may stand in `options`.
const OPTIONS: [&str; 11] = [
    "aggregatedValues",
    "concise",
    "count",
    "keyValues",
    "noOverwrite",
    "normalized",
    "replace",
    "simplified",
    "sysAttrs",
    "temporalValues",
    "update",
];

/// What stands behind the `?`.
#[derive(Debug, Default)]
pub(super) struct Params(HashMap<String, String>);

impl Params {
    pub(super) fn read(uri: &Uri) -> Result<Self, Problem> {
        let given = Query::<HashMap<String, String>>::try_from_uri(uri)
            .map_err(|error| Problem::new(Kind::InvalidRequest, error.body_text()))?;
        let invalid = |problem| Err(Problem::new(Kind::InvalidRequest, problem));
        if let Some(unknown) = given.keys().find(|name| !KNOWN.contains(&name.as_str())) {
            return invalid(format!("{unknown}: there is no such parameter"));
        }
        let mut options = given.get("options").into_iter().flat_map(|options| options.split(',')).map(str::trim);
        match options.find(|option| !OPTIONS.contains(option)) {
            Some(unknown) => invalid(format!("options: there is no option `{unknown}`")),
            None => Ok(Self(given.0)),
        }
    }

    /// Takes what a body says for what the URL does not, or says otherwise.
    pub(super) fn set(&mut self, name: &str, value: String) {
        self.0.insert(name.to_owned(), value);
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
        // Clients of the first versions ask for the count as those of NGSIv2 do.
        let counts = self.flag("count")? || self.option("count");
        let page = Page { limit: number("limit", USUAL)?, offset: number("offset", 0)?, counts };
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

/// Says where the pages before and behind one are (6.3.10); a count alone has none.
pub(super) fn link_pages(response: &mut Response, page: Page, path_and_query: &str, goes_on: bool) {
    let before = (page.offset > 0).then(|| ("prev", page.offset.saturating_sub(page.limit)));
    let behind = goes_on.then(|| ("next", page.end()));
    for (relation, offset) in before.into_iter().chain(behind).filter(|_| page.limit > 0) {
        let target = with_offset(path_and_query, offset);
        let link = format!("<{target}>;rel=\"{relation}\";type=\"application/ld+json\"");
        if let Ok(link) = HeaderValue::try_from(link) {
            response.headers_mut().append(LINK, link);
        }
    }
}

/// The same request for another page.
fn with_offset(path_and_query: &str, offset: usize) -> String {
    let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    let others = query.split('&').filter(|parameter| !parameter.is_empty() && !parameter.starts_with("offset="));
    let parameters: Vec<_> = others.map(str::to_owned).chain([format!("offset={offset}")]).collect();
    format!("{path}?{}", parameters.join("&"))
}
