//! `/ngsi-ld/v1/csourceRegistrations`: registrations of context sources (ETSI GS CIM 009, 5.9.2, 5.10.2, 6.8).

use axum::extract::State;
use axum::response::Response;
use context::sources::{Attributes, Conditions, HasSource, Selection, SourceIndex, Temporal};
use http::HeaderValue;
use ngsi::filter::ld::{ScopeFilter, TypeFilter, Vocabulary};
use ngsi::filter::{Filter, GeoFilter};
use ngsi::ld::{Context, Problem, id_pattern, registration};
use ngsi::selector::Matcher;
use ngsi::{Name, Registration, RegistrationId};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use service::http::path_segment;

use super::answer::{Failure, created};
use super::call::Call;
use super::params::{Params, link_pages};
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
    let Contextual { context } = call.object(false)?;
    let context = call.context(&broker, context).await?;
    let mut registration = registration::read(&call.body, &context, service::now())?;
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
    link_pages(&mut response, page, call.path_and_query(), count > page.end());
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
        let pattern = params.get("idPattern").map(id_pattern).transpose()?;
        let types = params.get("type").filter(|types| *types != "*");
        let types = types.map(|types| TypeFilter::parse(types, &expand)).transpose()?;
        let names: Vec<Name> = params.list("attrs")?.into_iter().map(expand).collect();
        Ok(Self {
            ids,
            pattern: pattern.unwrap_or(Matcher::Any),
            types: types.iter().flat_map(TypeFilter::named).cloned().collect(),
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
            let filtered = source.source().relevant(std::slice::from_ref(&selection), &self.attributes)?;
            Some((source, filtered))
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
    let times = ["timeAt", "endTimeAt"].map(|name| params.get(name));
    Ok(Some(Temporal::parse(relation, times, params.get("timeproperty"))?))
}
