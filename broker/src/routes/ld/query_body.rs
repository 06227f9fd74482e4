//! The body of `POST /ngsi-ld/v1/entityOperations/query` (ETSI GS CIM 009, 5.2.23).

use std::collections::HashMap;

use ngsi::json::one_or_many;
use ngsi::ld::{Context, Problem};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::answer::Failure;
use super::call::Call;
use super::search::{Search, Selector, Wanted};
use crate::Shared;

/// The most selectors of one query.
const MAX_SELECTORS: usize = 1_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryBody<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    entities: Vec<EntityInfo>,
    #[serde(default)]
    attrs: Vec<String>,
    q: Option<String>,
    csf: Option<String>,
    #[serde(default, deserialize_with = "one_or_many")]
    expand_values: Vec<String>,
    scope_q: Option<String>,
    #[serde(rename = "geoQ", borrow)]
    geo_q: Option<GeoQuery<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EntityInfo {
    #[serde(default, deserialize_with = "one_or_many")]
    id: Vec<String>,
    id_pattern: Option<String>,
    #[serde(rename = "type")]
    types: Option<String>,
}

#[derive(Deserialize)]
struct GeoQuery<'a> {
    georel: String,
    geometry: String,
    #[serde(borrow)]
    coordinates: &'a RawValue,
    geoproperty: Option<String>,
}

impl QueryBody<'_> {
    fn compile(&self, call: &Call, context: &Context) -> Result<Search, Problem> {
        if self.kind != "Query" {
            return Err(Problem::bad_request("type: must be Query"));
        }
        if self.entities.len() > MAX_SELECTORS {
            return Err(Problem::bad_request(format!("entities: must have at most {MAX_SELECTORS} elements")));
        }
        let mut selectors: Vec<_> = self.entities.iter().map(EntityInfo::selector).collect();
        if selectors.is_empty() {
            selectors.push(Selector::default());
        }
        // GeoJSON, or the same as text.
        let coordinates = self.geo_q.as_ref().map(|geo| {
            serde_json::from_str::<String>(geo.coordinates.get()).unwrap_or_else(|_| geo.coordinates.get().to_owned())
        });
        let wanted = Wanted {
            selectors,
            attributes: self.attrs.iter().map(String::as_str).collect(),
            q: self.q.as_deref(),
            csf: self.csf.as_deref(),
            order_by: call.params.get("orderBy"),
            expand_values: self.expand_values.iter().map(String::as_str).collect(),
            scope_q: self.scope_q.as_deref(),
            georel: self.geo_q.as_ref().map(|geo| geo.georel.as_str()),
            geometry: self.geo_q.as_ref().map(|geo| geo.geometry.as_str()),
            coordinates: coordinates.as_deref(),
            geoproperty: self.geo_q.as_ref().and_then(|geo| geo.geoproperty.as_deref()),
        };
        wanted.compile(context, call.params.page()?)
    }
}

impl EntityInfo {
    fn selector(&self) -> Selector<'_> {
        Selector {
            ids: self.id.iter().map(String::as_str).collect(),
            id_pattern: self.id_pattern.as_deref(),
            types: self.types.as_deref(),
        }
    }
}

/// The members that say what of entities is answered, and how; URLs have parameters of the same names.
const OF_ANSWERS: [&str; 10] = [
    "attrs",
    "containedBy",
    "datasetId",
    "entityMap",
    "entityMapLifetime",
    "join",
    "joinLevel",
    "lang",
    "omit",
    "pick",
];

/// Makes what the body says of the answer parameters of the call.
pub(super) fn adopt(mut call: Call) -> Result<Call, Failure> {
    let body: HashMap<String, Value> = call.object(false)?;
    for name in OF_ANSWERS {
        let said = body.get(name).map(|value| in_text(name, value)).transpose()?;
        if let Some(text) = said.filter(|text| !text.is_empty()) {
            call.params.set(name, text);
        }
    }
    Ok(call)
}

/// As it would stand in a URL.
fn in_text(name: &str, value: &Value) -> Result<String, Problem> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            Ok(items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","))
        }
        _ => Err(Problem::bad_request(format!("{name}: must be a text or a list of texts"))),
    }
}

/// Understands the query in the body; also the context that its names are of.
pub(super) async fn read(broker: &Shared, call: &Call) -> Result<(Search, Context), Failure> {
    #[derive(Deserialize)]
    struct Contextual<'a> {
        #[serde(rename = "@context", borrow)]
        context: Option<&'a RawValue>,
    }
    let Contextual { context } = call.object(false)?;
    let context = call.context(broker, context).await?;
    let query: QueryBody<'_> = call.object(false)?;
    Ok((query.compile(call, &context)?, context))
}
