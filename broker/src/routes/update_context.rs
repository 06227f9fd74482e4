//! `POST /ngsi10/updateContext`.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use context::{Origin, Refusal};
use futures_util::future::join_all;
use http::{HeaderMap, StatusCode};
use ngsi::v1::ngsi10::{UpdateAction, UpdateContextRequest};
use ngsi::v1::{ContextElement, EntityRef};
use ngsi::{EntityId, ParseError, json};

use super::request;
use crate::Shared;
use crate::answer::{self, Failure};
use crate::federation::{self, Owners};

/// The longest identifier, in bytes: it is a key on disk.
const MAX_ID: usize = 4096;

/// How one element fared.
pub(super) struct Outcome {
    entity: EntityRef,
    pub(super) status: StatusCode,
    pub(super) details: String,
}

pub(super) async fn update(State(broker): State<Shared>, headers: HeaderMap, body: Bytes) -> Result<Response, Failure> {
    let request: UpdateContextRequest = json::parse_object(&body)?;
    request.validate()?;
    check_ids(&request.context_elements)?;
    let _room = broker.admit(body.len()).await;
    let outcomes = carry_out(&broker, &headers, request).await?;
    Ok(answer::json(responses(&outcomes)))
}

/// Updates entities wherever they live, except for another broker: it means those that live here.
pub(super) async fn carry_out(
    broker: &Shared,
    headers: &HeaderMap,
    request: UpdateContextRequest,
) -> Result<Vec<Outcome>, Failure> {
    let owners = if request::is_from_broker(headers) { HashMap::new() } else { owners(broker, &request).await };
    apply(broker, request, &request::origin(headers), owners).await
}

fn check_ids(elements: &[ContextElement]) -> Result<(), ParseError> {
    match elements.iter().position(|element| element.entity.id.as_str().len() > MAX_ID) {
        None => Ok(()),
        Some(index) => {
            let path = format!("contextElements[{index}].entityId.id");
            Err(ParseError::new(path, format!("longer than {MAX_ID} bytes")))
        }
    }
}

/// The other brokers that own elements of the request. Entities held here need no question.
async fn owners(broker: &Shared, request: &UpdateContextRequest) -> HashMap<EntityId, String> {
    let ids = request.context_elements.iter().map(|element| &element.entity.id);
    let unknown: Vec<_> = ids.filter(|id| !broker.shards.holds(id.as_str())).cloned().collect();
    if unknown.is_empty() {
        return HashMap::new();
    }
    let found = Owners::look_up(broker, unknown.clone()).await;
    unknown.into_iter().filter_map(|id| found.get(&id).map(|owner| (id.clone(), owner.clone()))).collect()
}

/// Applies what is ours, passes on the rest, and waits for disk and owners.
async fn apply(
    broker: &Shared,
    request: UpdateContextRequest,
    origin: &Origin,
    owners: HashMap<EntityId, String>,
) -> Result<Vec<Outcome>, Failure> {
    let action = request.update_action;
    let mut outcomes = Vec::with_capacity(request.context_elements.len());
    let (mut places, mut here) = (Vec::new(), Vec::new());
    let mut elsewhere: HashMap<String, Vec<(usize, ContextElement)>> = HashMap::new();
    for (index, element) in request.context_elements.into_iter().enumerate() {
        let entity = element.entity.clone();
        outcomes.push(Outcome { entity, status: StatusCode::OK, details: String::new() });
        match owners.get(&element.entity.id) {
            Some(owner) => elsewhere.entry(owner.clone()).or_default().push((index, element)),
            None => {
                places.push(index);
                here.push(element);
            }
        }
    }
    let (applied, done) = broker.apply(here, action, origin);
    for (place, refusal) in places.into_iter().zip(done).filter_map(|(place, done)| Some((place, done.err()?))) {
        outcomes[place].status = status(refusal);
        outcomes[place].details = refusal.to_string();
    }
    broker.saved(applied).await?;
    forward(broker, elsewhere, action, &origin.correlator, &mut outcomes).await;
    Ok(outcomes)
}

async fn forward(
    broker: &Shared,
    elsewhere: HashMap<String, Vec<(usize, ContextElement)>>,
    action: UpdateAction,
    correlator: &str,
    outcomes: &mut [Outcome],
) {
    let forwarded = elsewhere.into_iter().map(|(owner, elements)| async move {
        let (places, elements): (Vec<_>, Vec<_>) = elements.into_iter().unzip();
        let statuses = federation::forward(broker, &owner, elements, action, correlator).await;
        (places, statuses)
    });
    for (places, statuses) in join_all(forwarded).await {
        for (place, status) in places.into_iter().zip(statuses) {
            if let (Some(outcome), Err(problem)) = (outcomes.get_mut(place), status) {
                outcome.status = problem.status;
                outcome.details = problem.details;
            }
        }
    }
}

fn status(refusal: Refusal) -> StatusCode {
    match refusal {
        Refusal::UnknownEntity | Refusal::UnknownAttribute => StatusCode::NOT_FOUND,
        Refusal::TooManyAttributes => StatusCode::PAYLOAD_TOO_LARGE,
    }
}

fn responses(outcomes: &[Outcome]) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 + outcomes.len() * 192);
    out.extend_from_slice(b"{\"contextResponses\":[");
    for (index, outcome) in outcomes.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"contextElement\":{\"entityId\":{\"id\":");
        json::write_string(&mut out, outcome.entity.id.as_str());
        out.extend_from_slice(b",\"type\":");
        json::write_string(&mut out, outcome.entity.entity_type.as_str());
        out.extend_from_slice(b",\"isPattern\":false},\"attributes\":[]},\"statusCode\":");
        answer::write_status(&mut out, outcome.status, &outcome.details);
        out.push(b'}');
    }
    out.extend_from_slice(b"]}");
    out
}
