//! One entity of what this broker and sources have of it (ETSI GS CIM 009, 5.7.1).

use std::sync::Arc;

use context::sources::{Attributes, HasSource, Part, Subject, merge, readers, supplement};
use futures_util::StreamExt;
use futures_util::stream;
use http::Method;
use ngsi::ld::Context;
use ngsi::registration::{Mode, Operation};
use ngsi::{Entity, EntityId, Name};
use service::http::path_segment;

use super::super::call::Call;
use super::asking::One;
use super::journey::{Journey, Message};
use super::trouble::{Trouble, Warning};
use super::{AT_ONCE, MAX_SOURCES, answered, query};
use crate::Shared;
use crate::federation;
use crate::sources::Registered;

/// What became of asking sources for one entity.
#[derive(Default)]
pub(in crate::routes::ld) struct Retrieved {
    /// The entity, if anybody has it.
    pub(in crate::routes::ld) entity: Option<Arc<Entity>>,
    /// What went wrong with sources.
    pub(in crate::routes::ld) warnings: Vec<Warning>,
    /// Whether only sources could have it, and the request has been to them through this broker.
    pub(in crate::routes::ld) is_loop: bool,
}

/// Asks the sources that may have something of the entity, which is held as `stored` if it is here; nothing when there is none.
pub(in crate::routes::ld) async fn retrieve(
    broker: &Shared,
    call: &Call,
    context: &Context,
    id: &str,
    stored: &EntityId,
) -> Option<Retrieved> {
    if call.is_local() || broker.sources.is_empty() {
        return None;
    }
    // Boxed, so that requests which need no source do not carry it along.
    Box::pin(from_sources(broker, call, context, id, stored)).await
}

async fn from_sources(
    broker: &Shared,
    call: &Call,
    context: &Context,
    id: &str,
    stored: &EntityId,
) -> Option<Retrieved> {
    let journey = Journey::new(broker, call, context);
    let here = broker.shards.get(stored.as_str());
    let types: Vec<Name> = here.iter().flat_map(|entity| entity.types()).cloned().collect();
    let attributes = wanted(call, context);
    let mut parts = broker.sources.with(|sources| {
        let met = |alias: &str| journey.via.has_met(alias);
        let subject = Subject { id, types: &types };
        readers(sources, subject, &attributes, Operation::RetrieveEntity, &met, service::now())
    });
    let mut warnings = Vec::new();
    let queries = query::for_one(&journey, id, types, &attributes, &mut warnings);
    if parts.is_empty() && queries.is_empty() {
        return None;
    }
    if parts.len() > MAX_SOURCES {
        parts.truncate(MAX_SOURCES);
        warnings.push(Warning::too_many());
    }
    let here = match here {
        Some(entity) => Some(Arc::unwrap_or_clone(entity)),
        None => federation::fetch_linked_one(broker, stored).await,
    };
    let asked = parts.into_iter().map(|part| ask(&journey, part, id));
    let queried = queries.into_iter().map(|one| ask_by_query(&journey, one, id));
    let answers = stream::iter(asked).buffered(AT_ONCE).chain(stream::iter(queried).buffered(AT_ONCE));
    let answers: Vec<_> = answers.collect().await;
    Some(assembled(here, answers, warnings))
}

/// The attributes that are asked for.
fn wanted(call: &Call, context: &Context) -> Attributes {
    match call.params.list("attrs") {
        Ok(names) if !names.is_empty() => {
            Attributes::Only(names.into_iter().map(|name| context.expand(name)).collect())
        }
        _ => Attributes::All,
    }
}

type Answer = (Arc<Registered>, Result<Option<Entity>, Trouble>);

async fn ask(journey: &Journey<'_>, part: Part<Registered>, id: &str) -> Answer {
    let answer = ask_source(journey, &part, id).await;
    (part.source, answer)
}

async fn ask_by_query(journey: &Journey<'_>, one: One, id: &str) -> Answer {
    let (source, answer) = query::fetch(journey, one).await;
    (source, answer.map(|answered| answered.entities.into_iter().find(|entity| entity.id.as_str() == id)))
}

async fn ask_source(journey: &Journey<'_>, part: &Part<Registered>, id: &str) -> Result<Option<Entity>, Trouble> {
    let language = journey.language(&part.source).await?;
    let mut query = vec![("options", "sysAttrs".to_owned())];
    query.extend(attrs(&part.attributes, &language));
    let message =
        Message { method: Method::GET, path: format!("/entities/{}", path_segment(id)), query, payload: None };
    match journey.send(&part.source, &language, message).await {
        Ok(answer) => answered::one(answer.body(), &language, &part.source),
        Err(trouble) if trouble.is_absence() => Ok(None),
        Err(trouble) => Err(trouble),
    }
}

/// The parameter for these attributes, unless they are all.
pub(super) fn attrs(attributes: &Attributes, language: &Context) -> Option<(&'static str, String)> {
    let names: Vec<_> = attributes.names().iter().map(|name| language.compact(name)).collect();
    (!names.is_empty()).then(|| ("attrs", names.join(",")))
}

fn assembled(mut entity: Option<Entity>, answers: Vec<Answer>, mut warnings: Vec<Warning>) -> Retrieved {
    let mut auxiliary = Vec::new();
    let mut looped = false;
    for (source, answer) in answers {
        let mode = source.source().registration.mode;
        match answer {
            Ok(None) => {}
            Ok(Some(found)) if mode == Mode::Auxiliary => auxiliary.push(found),
            Ok(Some(found)) => combine(&mut entity, found, merge),
            Err(trouble) => {
                looped |= matches!(trouble, Trouble::Loop) && mode.is_proxied();
                warnings.push(trouble.warning(&source));
            }
        }
    }
    auxiliary.into_iter().for_each(|found| combine(&mut entity, found, supplement));
    Retrieved { is_loop: looped && entity.is_none(), entity: entity.map(Arc::new), warnings }
}

/// Adds what somebody else has of an entity.
pub(super) fn combine(entity: &mut Option<Entity>, found: Entity, how: fn(&mut Entity, Entity)) {
    match entity {
        Some(entity) => how(entity, found),
        None => *entity = Some(found),
    }
}
