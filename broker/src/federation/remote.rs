//! Asking other brokers, and passing updates on to them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{Request, StatusCode};
use ngsi::v1::ngsi9::{AvailabilityRequest, ContextRegistration};
use ngsi::v1::ngsi10::{ContextResponses, QueryContextRequest, UpdateAction, UpdateContextRequest};
use ngsi::v1::{BROKER_USER_AGENT, ContextElement, EntityRef};
use ngsi::{Entity, EntityId, Timestamp, json};
use serde::Serialize;

use crate::broker::Broker;

/// Entities asked for in one request.
pub(super) const CHUNK: usize = 1_000;
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);

/// Which entities of other brokers a query asks for.
#[derive(Default)]
pub(crate) struct Located {
    providers: HashMap<String, Vec<EntityRef>>,
    /// With a `nearby` scope: the entities chosen, wherever they live; `None` when discovery is away. Without: those of others.
    pub(crate) chosen: Option<Vec<EntityId>>,
    /// Who did not answer.
    pub(crate) problems: Vec<String>,
}

/// Asks discovery.
pub(crate) async fn locate(broker: &Broker, request: &QueryContextRequest) -> Located {
    if broker.federation.alone {
        return Located::default();
    }
    let wanted = AvailabilityRequest {
        entities: request.entities.clone(),
        attributes: request.attributes.clone(),
        restriction: request.restriction.clone(),
        reference: String::new(),
    };
    let (discovery, own_url) = (&broker.federation.discovery, &broker.federation.own_url);
    // The nearest are chosen among all; else we know what we have.
    let found = match request.restriction.scopes.iter().any(|scope| scope.scope_type == "nearby") {
        true => discovery.discover(&wanted).await,
        false => discovery.discover_except(own_url, &wanted).await,
    };
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            let problems = vec![format!("only entities of this broker: {error}")];
            return Located { problems, ..Default::default() };
        }
    };
    let mut chosen = Vec::new();
    let mut located = Located::default();
    for response in found.context_registration_responses {
        let registration = response.context_registration;
        chosen.extend(registration.entities.iter().map(|entity| entity.id.clone()));
        if registration.providing_application != *own_url && !registration.entities.is_empty() {
            located.providers.entry(registration.providing_application).or_default().extend(registration.entities);
        }
    }
    located.chosen = Some(chosen);
    if !matches!(found.error_code.details.as_str(), "" | "OK") {
        let details = found.error_code.details;
        located.problems.push(format!("not all entities of other brokers: discovery says {details}"));
    }
    located
}

/// What discovery knows of entities that other brokers hold, and who did not answer.
pub(crate) async fn registrations(broker: &Broker, reference: &EntityRef) -> (Vec<ContextRegistration>, Vec<String>) {
    if broker.federation.alone {
        return Default::default();
    }
    let wanted = AvailabilityRequest { entities: vec![reference.clone()], ..Default::default() };
    match broker.federation.discovery.discover(&wanted).await {
        Ok(found) => {
            let all = found.context_registration_responses.into_iter().map(|response| response.context_registration);
            let own_url = &broker.federation.own_url;
            (all.filter(|registration| registration.providing_application != *own_url).collect(), Vec::new())
        }
        Err(error) => (Vec::new(), vec![format!("only entities of this broker: {error}")]),
    }
}

impl Located {
    pub(crate) fn ids(&self) -> impl Iterator<Item = &EntityId> {
        self.providers.values().flatten().map(|entity| &entity.id)
    }

    pub(crate) fn retain(&mut self, wanted: impl Fn(&EntityRef) -> bool) {
        self.providers.values_mut().for_each(|entities| entities.retain(&wanted));
    }

    /// Whom to ask, and for which entities, in portions.
    pub(super) fn chunks(&self) -> impl Iterator<Item = (&String, &[EntityRef])> {
        self.providers.iter().flat_map(|(provider, all)| all.chunks(CHUNK).map(move |some| (provider, some)))
    }

    /// Asks the brokers that hold them.
    pub(crate) async fn fetch(&mut self, broker: &Broker, request: &QueryContextRequest) -> Vec<Arc<Entity>> {
        let asked = self.chunks().map(|(provider, entities)| ask(broker, provider, entities.to_vec(), request));
        let mut fetched = Vec::new();
        for answer in join_all(asked).await {
            match answer {
                Ok(entities) => fetched.extend(entities),
                Err(problem) => self.problems.push(problem),
            }
        }
        fetched
    }
}

pub(super) async fn ask(
    broker: &Broker,
    provider: &str,
    entities: Vec<EntityRef>,
    request: &QueryContextRequest,
) -> Result<Vec<Arc<Entity>>, String> {
    let request = QueryContextRequest { entities, attributes: request.attributes.clone(), ..Default::default() };
    let answer: ContextResponses = post(broker, provider, "queryContext", "", &request)
        .await?
        .ok_or_else(|| format!("{provider}: the answer is empty"))?;
    let now = service::now();
    let elements =
        answer.context_responses.into_iter().filter(|response| matches!(response.status_code.code, 0 | 200..=299));
    Ok(elements.map(|response| Arc::new(entity(response.context_element, now))).collect())
}

/// The entities of one identifier as the broker that owns them has them; when they were created and set, only that broker knows.
pub(crate) async fn fetch(broker: &Broker, provider: &str, id: &EntityId) -> Result<Vec<Entity>, String> {
    let found = ask(broker, provider, vec![EntityRef::id(id.clone())], &QueryContextRequest::default()).await?;
    let mut entities = Vec::with_capacity(1);
    let mut next = id.clone();
    for entity in found.into_iter().filter(|entity| entity.id == *id) {
        let following = next.next();
        entities.push(Entity {
            id: std::mem::replace(&mut next, following),
            ..without_times(Arc::unwrap_or_clone(entity))
        });
    }
    Ok(entities)
}

/// Takes away the times that an entity of another broker was given when it came.
pub(crate) fn without_times(mut entity: Entity) -> Entity {
    (entity.created_at, entity.modified_at) = (Timestamp::default(), Timestamp::default());
    for attribute in &mut entity.attributes {
        (attribute.created_at, attribute.modified_at) = (Timestamp::default(), Timestamp::default());
    }
    entity
}

/// Why an element was not applied by its owner.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) details: String,
}

/// Passes elements on to the broker that owns them; one status each, in order.
pub(crate) async fn forward(
    broker: &Broker,
    provider: &str,
    elements: Vec<ContextElement>,
    action: UpdateAction,
    correlator: &str,
) -> Vec<Result<(), Problem>> {
    let count = elements.len();
    broker.counters.forwarded.inc_by(count as u64);
    let request = UpdateContextRequest { context_elements: elements, update_action: action };
    match post::<_, ContextResponses>(broker, provider, "updateContext", correlator, &request).await {
        Err(details) => vec![Err(Problem { status: StatusCode::SERVICE_UNAVAILABLE, details }); count],
        // The original broker answers other brokers with nothing at all.
        Ok(None) => vec![Ok(()); count],
        Ok(Some(answer)) => {
            let mut statuses = answer.context_responses.into_iter().map(|response| response.status_code);
            (0..count)
                .map(|_| match statuses.next() {
                    Some(status) if status.code >= 300 => Err(Problem {
                        status: StatusCode::from_u16(status.code).unwrap_or(StatusCode::BAD_GATEWAY),
                        details: status.details,
                    }),
                    _ => Ok(()),
                })
                .collect()
        }
    }
}

/// Calls another broker; an empty answer is `None`.
pub(super) async fn post<T: Serialize, A: serde::de::DeserializeOwned>(
    broker: &Broker,
    provider: &str,
    call: &str,
    correlator: &str,
    body: &T,
) -> Result<Option<A>, String> {
    post_with(broker, provider, call, &[("Fiware-Correlator", correlator)], body).await
}

/// [`post`] with headers; those without a value are left out.
pub(super) async fn post_with<T: Serialize, A: serde::de::DeserializeOwned>(
    broker: &Broker,
    provider: &str,
    call: &str,
    headers: &[(&str, &str)],
    body: &T,
) -> Result<Option<A>, String> {
    let told = |error: &dyn std::fmt::Display| format!("{provider}: {error}");
    let body = serde_json::to_vec(body).map_err(|error| told(&error))?;
    let mut request = Request::post(format!("{}/{call}", provider.trim_end_matches('/')))
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, BROKER_USER_AGENT);
    for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
        request = request.header(*name, *value);
    }
    let request = request.body(body.into()).map_err(|error| told(&error))?;
    let response = broker.node.client.send_with_timeout(request, TIMEOUT).await.map_err(|error| error.to_string())?;
    if !response.status().is_success() {
        return Err(format!("{provider}: answered {}", response.status()));
    }
    let body = response.into_body();
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    json::parse(&body).map(Some).map_err(|error| told(&error))
}

/// An entity as another broker describes it.
pub(crate) fn entity(element: ContextElement, now: Timestamp) -> Entity {
    let mut entity = Entity::new(element.entity.id, element.entity.entity_type, now);
    entity.attributes.extend(element.attributes.into_iter().map(|attribute| attribute.into_attribute(now)));
    entity.attributes.extend(element.domain_metadata.into_iter().map(|metadatum| metadatum.into_attribute(now)));
    entity
}
