//! `/ngsi-ld/v1/csourceRegistrations`: registrations of context sources (ETSI GS CIM 009, 5.9.2, 5.10.2, 6.8).

use axum::extract::State;
use axum::response::Response;
use context::sources::{Attributes, Conditions, HasSource, Selection, SourceIndex, Temporal, Times};
use http::HeaderValue;
use ngsi::filter::ld::{ScopeFilter, TypeFilter, Vocabulary};
use ngsi::filter::{Filter, GeoFilter};
use ngsi::ld::{Context, Problem, registration};
use ngsi::selector::Matcher;
use ngsi::v1::EntityRef;
use ngsi::{EntitySelector, Name, Registration, RegistrationId, Timestamp, date};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use service::http::path_segment;

use super::answer::{Failure, created};
use super::call::Call;
use super::params::Params;
use super::{change, media};
use crate::Shared;
use crate::sources::Registered;

/// The member `@context` of a body.
#[derive(Deserialize)]
pub(super) struct Contextual<'a> {
    #[serde(rename = "@context", borrow)]
    pub(super) context: Option<&'a RawValue>,
}

pub(super) async fn create(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let body = call.json(false)?;
    let Contextual { context } = ngsi::json::parse_object(body)?;
    let context = call.context(&broker, context).await?;
    let mut registration = registration::read(body, &context, service::now())?;
    if registration.id.is_empty() {
        let id = uuid::Uuid::now_v7();
        registration.id = RegistrationId::from(format!("urn:ngsi-ld:ContextSourceRegistration:{id}"));
    }
    let id = registration.id.clone();
    broker.register_source(registration).await?;
    Ok(created(&format!("/ngsi-ld/v1/csourceRegistrations/{}", path_segment(id.as_str()))))
}

pub(super) async fn list(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let context = call.context(&broker, None).await?;
    let (wanted, page) = (Wanted::read(&call, &context)?, call.params.page()?);
    let sys_attrs = call.params.option("sysAttrs");
    let (found, count) = broker.sources.with(|sources| {
        let mut found = wanted.find(sources);
        let count = found.len();
        page.cut(&mut found);
        let written = found.iter().map(|(source, registration)| write(source, registration, &context, sys_attrs));
        (written.collect::<Vec<_>>(), count)
    });
    let mut response = media::answer(&broker, &call, &context, Value::Array(found)).await?;
    if page.counts {
        response.headers_mut().insert("ngsild-results-count", HeaderValue::from(count));
    }
    Ok(response)
}

/// The JSON of a registration with what its use has shown.
pub(super) fn write(source: &Registered, registration: &Registration, context: &Context, sys_attrs: bool) -> Value {
    let mut members = registration::write(registration, context, sys_attrs);
    source.report(&mut members);
    Value::Object(members)
}

/// Which sources are looked for: those that may have such entities, and that meet conditions of their own.
struct Wanted<'a> {
    ids: Vec<&'a str>,
    pattern: Matcher,
    types: Vec<Name>,
    attributes: Attributes,
    conditions: Conditions,
}

impl<'a> Wanted<'a> {
    fn read(call: &'a Call, context: &Context) -> Result<Self, Problem> {
        let params = &call.params;
        if !["type", "attrs", "q", "georel", "csf"].iter().any(|name| params.get(name).is_some()) && !call.is_local() {
            return Err(Problem::bad_request("one of type, attrs, q, csf or georel must be given"));
        }
        let expand = |term: &str| context.expand(term);
        let ids = params.list("id")?;
        ids.iter().try_for_each(|id| change::check_id(id))?;
        let pattern = params.get("idPattern").map(|pattern| EntitySelector::compile(&EntityRef::pattern(pattern)));
        let pattern =
            pattern.transpose().map_err(|error| Problem::bad_request(format!("idPattern: {}", error.problem)))?;
        let types = params.get("type").filter(|types| *types != "*");
        let types = types.map(|types| TypeFilter::parse(types, &expand)).transpose()?;
        let names: Vec<Name> = params.list("attrs")?.into_iter().map(expand).collect();
        Ok(Self {
            ids,
            pattern: pattern.map_or(Matcher::Any, |selector| selector.id),
            types: types.iter().flat_map(TypeFilter::leading).cloned().collect(),
            attributes: if names.is_empty() { Attributes::All } else { Attributes::Only(names) },
            conditions: conditions(params, &expand)?,
        })
    }

    /// The sources, each with the part of its registration that matters (5.10.2.5).
    fn find(&self, sources: &SourceIndex<Registered>) -> Vec<(std::sync::Arc<Registered>, Registration)> {
        let selection = Selection { ids: &self.ids, pattern: self.pattern.clone(), types: &self.types };
        let now = service::now();
        let relevant = |source: std::sync::Arc<Registered>| {
            let registration = &source.source().registration;
            if registration.is_expired(now) || !self.conditions.hold(registration) {
                return None;
            }
            let information = source.source().relevant(&selection, &self.attributes);
            let filtered = Registration { information, ..registration.clone() };
            (!filtered.information.is_empty()).then_some((source, filtered))
        };
        sources.selected(&selection).into_values().filter_map(relevant).collect()
    }
}

fn conditions(params: &Params, expand: &dyn Fn(&str) -> Name) -> Result<Conditions, Problem> {
    let vocabulary = Vocabulary { expand, expand_values: &[] };
    let filter = |name: &str| {
        let given = params.get(name).map(|text| Filter::parse_ld(text, &vocabulary)).transpose();
        given.map_err(|error| Problem::bad_request(format!("{name}: {}", error.problem)))
    };
    // What it says of entities, sources alone could tell.
    filter("q")?;
    Ok(Conditions {
        members: filter("csf")?,
        place: place(params, expand)?,
        scopes: params.get("scopeQ").map(ScopeFilter::parse).transpose()?,
        temporal: temporal(params)?,
    })
}

fn place(params: &Params, expand: &dyn Fn(&str) -> Name) -> Result<Option<GeoFilter>, Problem> {
    match (params.get("georel"), params.get("geometry"), params.get("coordinates")) {
        (None, None, None) => Ok(None),
        (Some(georel), Some(geometry), Some(coordinates)) => {
            let property = expand(params.get("geoproperty").unwrap_or("location"));
            Ok(Some(GeoFilter::parse_ld(georel, geometry, coordinates, property)?))
        }
        _ => Err(Problem::bad_request("georel, geometry and coordinates: either all three or none")),
    }
}

fn temporal(params: &Params) -> Result<Option<Temporal>, Problem> {
    let Some(relation) = params.get("timerel") else { return Ok(None) };
    let time = |name: &str| -> Result<Timestamp, Problem> {
        let time = params.get(name).filter(|text| text.contains('T')).and_then(date::parse);
        time.ok_or_else(|| Problem::bad_request(format!("{name}: must be a time such as 2026-02-28T12:00:00Z")))
    };
    let at = time("timeAt")?;
    let times = match relation {
        "before" => Times::Before(at),
        "after" => Times::After(at),
        "between" => Times::Between(at, time("endTimeAt")?),
        _ => return Err(Problem::bad_request("timerel: must be before, after or between")),
    };
    let managed = match params.get("timeproperty") {
        None | Some("observedAt") => false,
        Some("createdAt" | "modifiedAt" | "deletedAt") => true,
        Some(_) => {
            return Err(Problem::bad_request("timeproperty: must be observedAt, createdAt, modifiedAt or deletedAt"));
        }
    };
    Ok(Some(Temporal { times, managed }))
}
