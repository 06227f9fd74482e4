//! Evolutions that other brokers have recorded (ETSI GS CIM 009, 5.7.3, 5.7.4).

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use context::temporal::removed;
use http::header::{CONTENT_RANGE, CONTENT_TYPE, LINK};
use http::{HeaderValue, Method, Request};
use ngsi::ld::temporal::{Evolution, Instance, Subject};
use ngsi::ld::{Context, Document, Form, Fragment, Nulls, Problem, Reading, parse};
use ngsi::{Attribute, Entity, Name, ParseError, Timestamp, date};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use service::http::path_segment;

use crate::Shared;
use crate::federation::{self, Answered};
use crate::routes::ld::call::Call;

/// What says in URLs which evolutions are meant.
const IN_URL: [&str; 16] = [
    "attrs",
    "coordinates",
    "endTimeAt",
    "expandValues",
    "geometry",
    "geoproperty",
    "georel",
    "id",
    "idPattern",
    "lastN",
    "q",
    "scopeQ",
    "timeAt",
    "timeproperty",
    "timerel",
    "type",
];
/// What says it in bodies.
const IN_BODY: [&str; 9] =
    ["@context", "attrs", "entities", "expandValues", "geoQ", "q", "scopeQ", "temporalQ", "type"];

/// What other brokers have of what a query asks for.
#[derive(Default)]
pub(super) struct Elsewhere {
    /// By identifier, each with the time up to which it is complete.
    pub(super) evolutions: Vec<(Evolution, Option<Timestamp>)>,
    pub(super) count: usize,
    /// Who did not answer.
    pub(super) problems: Vec<String>,
}

/// The first so many of each other broker.
pub(super) async fn find(broker: &Shared, call: &Call, context: &Context, most: usize, counts: bool) -> Elsewhere {
    if call.is_local() {
        return Elsewhere::default();
    }
    let path = path(call, most, counts);
    let link = broker.contexts.link_elsewhere(&call.headers);
    let request = |url: &str| {
        let mut request = Request::builder().method(call.method.clone()).uri(format!("{url}{path}"));
        if let Some(media) = call.headers.get(CONTENT_TYPE) {
            request = request.header(CONTENT_TYPE, media);
        }
        match &link {
            Some(link) => request.header(LINK, link),
            None => request,
        }
    };
    let everywhere = federation::ask_everywhere(broker, request, &body(call)).await;
    let mut elsewhere = Elsewhere { problems: everywhere.problems, ..Elsewhere::default() };
    for answer in everywhere.answers {
        match read(&answer, context) {
            Ok(evolutions) => {
                elsewhere.count += count(&answer).filter(|_| counts).unwrap_or(evolutions.len());
                elsewhere.evolutions.extend(evolutions);
            }
            Err(problem) => elsewhere.problems.push(format!("{}: {}", answer.url, problem.detail)),
        }
    }
    elsewhere.evolutions.sort_by(|(one, _), (other, _)| one.subject.entity.id.cmp(&other.subject.entity.id));
    elsewhere
}

/// The broker that has recorded an entity.
pub(super) async fn recorder(broker: &Shared, call: &Call, id: &str) -> Option<String> {
    if call.is_local() {
        return None;
    }
    let path = format!("/ngsi-ld/v1/temporal/entities/{}?local=true&lastN=1", path_segment(id));
    let request = |url: &str| Request::get(format!("{url}{path}"));
    federation::ask_everywhere(broker, request, &Bytes::new()).await.answers.pop().map(|answer| answer.url)
}

fn path(call: &Call, most: usize, counts: bool) -> String {
    let counted = if counts || most == 0 { "&count=true" } else { "" };
    let asked = format!("local=true&options=sysAttrs&limit={most}{counted}");
    if call.method == Method::POST {
        return format!("/ngsi-ld/v1/temporal/entityOperations/query?{asked}");
    }
    let given = IN_URL.iter().filter_map(|name| Some(format!("&{name}={}", path_segment(call.params.get(name)?))));
    format!("/ngsi-ld/v1/temporal/entities?{asked}{}", given.collect::<String>())
}

fn body(call: &Call) -> Bytes {
    let mut members: Map<String, Value> = serde_json::from_slice(&call.body).unwrap_or_default();
    members.retain(|name, _| IN_BODY.contains(&name.as_str()));
    if members.is_empty() { Bytes::new() } else { Value::Object(members).to_string().into() }
}

fn count(answer: &Answered) -> Option<usize> {
    answer.headers.get("ngsild-results-count")?.to_str().ok()?.parse().ok()
}

fn read(answer: &Answered, context: &Context) -> Result<Vec<(Evolution, Option<Timestamp>)>, Problem> {
    if answer.body.trim_ascii() == b"[]" {
        return Ok(Vec::new());
    }
    let horizon = answer.headers.get(CONTENT_RANGE).and_then(horizon);
    let all = parse::list(&answer.body)?.into_iter().map(|raw| Ok((evolution(raw, context)?, horizon)));
    Ok(all.collect::<Result<_, ParseError>>()?)
}

/// Where `date-time FROM-TO/SIZE` ends.
fn horizon(range: &HeaderValue) -> Option<Timestamp> {
    let range = range.to_str().ok()?.strip_prefix("date-time ")?.split('/').next()?;
    date::parse(range.split_once("Z-")?.1)
}

/// What a broker adds to an instance.
struct Record {
    number: u64,
    created_at: Timestamp,
    modified_at: Timestamp,
    deleted_at: Option<Timestamp>,
}

fn evolution(raw: &RawValue, context: &Context) -> Result<Evolution, ParseError> {
    let reading = Reading { context, form: Form::Lossless, nulls: Nulls::OfMembers };
    let fragment = reading.evolution(&Document::of(raw)?)?;
    let members: Map<String, Value> = serde_json::from_str(raw.get()).unwrap_or_default();
    let mut types = fragment.types.into_iter();
    let mut entity = Entity::new(fragment.id, types.next().unwrap_or_default(), time(&members, "createdAt"));
    entity.more_types = types.collect();
    entity.scopes = fragment.scopes.unwrap_or_default();
    entity.modified_at = time(&members, "modifiedAt");
    let subject = Subject { entity, deleted_at: moment(&members, "deletedAt") };
    let mut records = records(&members, context);
    let mut instances = Vec::with_capacity(fragment.attributes.len());
    for fragment in fragment.attributes {
        let record = records.get_mut(&fragment.name).and_then(VecDeque::pop_front);
        instances.push(instance(fragment, record)?);
    }
    Ok(Evolution { subject, instances, beyond: beyond(&members, context) })
}

/// The attributes of which nothing lies in the part of time that was answered.
fn beyond(members: &Map<String, Value>, context: &Context) -> Vec<Instance> {
    let empty = members.iter().filter(|(_, value)| value.as_array().is_some_and(Vec::is_empty));
    let state = |(term, _): (&String, _)| {
        let attribute = removed(&context.expand(term), Timestamp::default());
        Instance { number: 0, attribute, deleted_at: None }
    };
    empty.map(state).collect()
}

/// What was added to the instances of each attribute, in order.
fn records(members: &Map<String, Value>, context: &Context) -> HashMap<Name, VecDeque<Record>> {
    let of = |value: &Value| {
        let instances = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        instances.iter().filter_map(Value::as_object).map(record).collect()
    };
    members.iter().map(|(term, value)| (context.expand(term), of(value))).collect()
}

fn record(instance: &Map<String, Value>) -> Record {
    let id = instance.get("instanceId").and_then(Value::as_str).unwrap_or_default();
    Record {
        number: Instance::number_in(id).unwrap_or_default(),
        created_at: time(instance, "createdAt"),
        modified_at: time(instance, "modifiedAt"),
        deleted_at: moment(instance, "deletedAt"),
    }
}

fn instance(fragment: Fragment, record: Option<Record>) -> Result<Instance, ParseError> {
    let Record { number, created_at, modified_at, deleted_at } = record.unwrap_or_else(|| self::record(&Map::new()));
    let attribute = match fragment.is_null {
        true => Attribute { dataset_id: fragment.dataset_id.clone(), ..removed(&fragment.name, created_at) },
        false => fragment.into_attribute(created_at)?,
    };
    Ok(Instance { number, attribute: Attribute { created_at, modified_at, ..attribute }, deleted_at })
}

fn moment(members: &Map<String, Value>, name: &str) -> Option<Timestamp> {
    members.get(name).and_then(Value::as_str).and_then(date::parse)
}

fn time(members: &Map<String, Value>, name: &str) -> Timestamp {
    moment(members, name).unwrap_or_default()
}
