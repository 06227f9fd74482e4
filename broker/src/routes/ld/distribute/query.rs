//! What sources have of what a query asks for (ETSI GS CIM 009, 5.7.2). Entities may be split between sources and this broker,
//! so they are put together first and filtered then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use context::sources::{Ask, Attributes, HasSource, Selected, Selection, asks, merge, supplement};
use futures_util::StreamExt;
use futures_util::stream;
use http::Method;
use ngsi::ld::Context;
use ngsi::registration::{Mode, Operation};
use ngsi::selector::Matcher;
use ngsi::{Entity, EntityId, Name};

use super::super::call::Call;
use super::super::change;
use super::journey::{Journey, Message};
use super::retrieve::{attrs, combine};
use super::trouble::{Trouble, Warning};
use super::{AT_ONCE, MAX_SOURCES, answered};
use crate::Shared;
use crate::sources::Registered;

/// Entities of one answer of a source.
const PAGE: usize = 1_000;
/// The most answers that are fetched from one source for one query.
const MAX_PAGES: usize = 10;
/// Identifiers of one request.
const MAX_IDS: usize = 50;

/// Which entities a query asks for.
#[derive(Debug)]
pub(in crate::routes::ld) struct Asked {
    /// Any, if empty.
    pub(in crate::routes::ld) ids: Vec<String>,
    /// Condition on the identifiers.
    pub(in crate::routes::ld) pattern: Matcher,
    /// Of one of these types, any if empty.
    pub(in crate::routes::ld) types: Vec<Name>,
}

/// What sources have.
#[derive(Default)]
pub(in crate::routes::ld) struct Gathered {
    entities: BTreeMap<EntityId, Entity>,
    auxiliary: BTreeMap<EntityId, Entity>,
    /// What went wrong.
    pub(in crate::routes::ld) warnings: Vec<Warning>,
}

impl Gathered {
    /// Whether some source has something of the entity, which is held under that identifier or without its `urn:`.
    pub(in crate::routes::ld) fn has(&self, broker: &Shared, entity: &Entity) -> bool {
        if self.entities.is_empty() && self.auxiliary.is_empty() {
            return false;
        }
        let is_same = |id: &EntityId| change::stored_id(broker, id.as_str()) == entity.id;
        let urn = EntityId::from(&*ngsi::ld::urn(entity.id.as_str()));
        let known = |id: &EntityId| self.entities.contains_key(id) || self.auxiliary.contains_key(id);
        known(&entity.id) || (known(&urn) && is_same(&urn))
    }

    /// Adds to the entities of other brokers what sources have, each put together with what is here of it.
    pub(in crate::routes::ld) fn put_together(mut self, broker: &Shared, fetched: &mut Vec<Arc<Entity>>) {
        let ids: BTreeSet<EntityId> = self.entities.keys().chain(self.auxiliary.keys()).cloned().collect();
        for id in ids {
            let here = broker.shards.get(change::stored_id(broker, id.as_str()).as_str());
            let there = || Some(fetched.swap_remove(fetched.iter().position(|entity| entity.id == id)?));
            let mut entity = here.or_else(there).map(Arc::unwrap_or_clone);
            self.entities.remove(&id).into_iter().for_each(|found| combine(&mut entity, found, merge));
            self.auxiliary.remove(&id).into_iter().for_each(|found| combine(&mut entity, found, supplement));
            fetched.extend(entity.map(Arc::new));
        }
    }
}

/// Asks the sources that may have entities that are asked for.
pub(in crate::routes::ld) async fn query(
    broker: &Shared,
    call: &Call,
    context: &Context,
    asked: &[Asked],
    attributes: &Attributes,
) -> Gathered {
    let mut gathered = Gathered::default();
    if call.is_local() || broker.sources.is_empty() {
        return gathered;
    }
    let journey = Journey::new(broker, call, context);
    let requests = requests(&journey, asked, attributes, Operation::QueryEntity, &mut gathered.warnings);
    let asked = requests.into_iter().map(|request| fetch(&journey, request));
    let answers: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    for (source, answer) in answers {
        let auxiliary = source.source().registration.mode == Mode::Auxiliary;
        match answer {
            Err(trouble) => gathered.warnings.push(trouble.warning(&source)),
            Ok(Answered { entities, all }) => {
                let into = if auxiliary { &mut gathered.auxiliary } else { &mut gathered.entities };
                entities.into_iter().for_each(|entity| add(into, entity, auxiliary));
                if !all {
                    let text = format!("the source of `{}` has more than {} entities", source.id(), PAGE * MAX_PAGES);
                    gathered.warnings.push(Warning { code: 199, text });
                }
            }
        }
    }
    gathered
}

fn add(into: &mut BTreeMap<EntityId, Entity>, entity: Entity, auxiliary: bool) {
    match into.get_mut(&entity.id) {
        Some(present) if auxiliary => supplement(present, entity),
        Some(present) => merge(present, entity),
        None => drop(into.insert(entity.id.clone(), entity)),
    }
}

/// One request to one source.
struct One {
    source: Arc<Registered>,
    selected: Selected,
    attributes: Attributes,
}

fn requests(
    journey: &Journey<'_>,
    asked: &[Asked],
    attributes: &Attributes,
    operation: Operation,
    warnings: &mut Vec<Warning>,
) -> Vec<One> {
    let met = |alias: &str| journey.via.has_met(alias);
    let mut requests = Vec::new();
    for Asked { ids, pattern, types } in asked {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let selection = Selection { ids: &ids, pattern: pattern.clone(), types };
        let found = journey
            .broker
            .sources
            .with(|sources| asks(sources, &selection, attributes, operation, &met, service::now()));
        requests.extend(found.into_iter().flat_map(in_pieces));
    }
    if requests.len() > MAX_SOURCES {
        requests.truncate(MAX_SOURCES);
        warnings.push(Warning::too_many());
    }
    requests
}

/// Requests with not too many identifiers each.
fn in_pieces(ask: Ask<Registered>) -> impl Iterator<Item = One> {
    let Ask { source, entities } = ask;
    entities.into_iter().flat_map(move |(selected, attributes)| {
        let pieces: Vec<Vec<Name>> = match selected.ids.is_empty() {
            true => vec![Vec::new()],
            false => selected.ids.chunks(MAX_IDS).map(<[Name]>::to_vec).collect(),
        };
        let source = source.clone();
        pieces.into_iter().map(move |ids| One {
            source: source.clone(),
            selected: Selected { ids, ..selected.clone() },
            attributes: attributes.clone(),
        })
    })
}

/// What a source answered.
struct Answered {
    entities: Vec<Entity>,
    /// Whether that is all it has.
    all: bool,
}

async fn fetch(journey: &Journey<'_>, one: One) -> (Arc<Registered>, Result<Answered, Trouble>) {
    let answer = fetch_pages(journey, &one).await;
    (one.source, answer)
}

async fn fetch_pages(journey: &Journey<'_>, one: &One) -> Result<Answered, Trouble> {
    let language = journey.language(&one.source).await?;
    let mut entities = Vec::new();
    for page in 0..MAX_PAGES {
        let mut query = selecting(one, &language);
        query.push(("options", "sysAttrs".to_owned()));
        query.push(("limit", PAGE.to_string()));
        if page > 0 {
            query.push(("offset", (page * PAGE).to_string()));
        }
        let message = Message { method: Method::GET, path: "/entities".to_owned(), query, payload: None };
        let answer = match journey.send(&one.source, &language, message).await {
            Err(trouble) if trouble.is_absence() => break,
            answer => answer?,
        };
        let (found, count) = answered::many(answer.body(), &language, &one.source)?;
        entities.extend(found);
        if count < PAGE {
            return Ok(Answered { entities, all: true });
        }
    }
    let all = entities.len() < PAGE * MAX_PAGES;
    Ok(Answered { entities, all })
}

/// The parameters that say which entities are meant.
fn selecting(one: &One, language: &Context) -> Vec<(&'static str, String)> {
    let list =
        |names: &[Name]| names.iter().map(|name| language.compact(name).into_owned()).collect::<Vec<_>>().join(",");
    let Selected { ids, pattern, types } = &one.selected;
    let ids: Vec<&str> = ids.iter().map(Name::as_str).collect();
    let given = [("type", list(types)), ("id", ids.join(",")), ("idPattern", pattern.clone())];
    let given = given.into_iter().filter(|(_, value)| !value.is_empty());
    given.chain(attrs(&one.attributes, language)).collect()
}

/// Has sources delete what a query finds there (5.6.21); what went wrong.
pub(in crate::routes::ld) async fn purge(
    broker: &Shared,
    call: &Call,
    context: &Context,
    asked: &[Asked],
    attributes: &Attributes,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if call.is_local() || broker.sources.is_empty() {
        return warnings;
    }
    let journey = Journey::new(broker, call, context);
    let requests = requests(&journey, asked, attributes, Operation::PurgeEntity, &mut warnings);
    let told = requests.into_iter().map(|one| purge_one(&journey, one));
    let troubles: Vec<_> = stream::iter(told).buffered(AT_ONCE).collect().await;
    warnings.extend(troubles.into_iter().flatten());
    warnings
}

async fn purge_one(journey: &Journey<'_>, one: One) -> Option<Warning> {
    match send_purge(journey, &one).await {
        Err(trouble) if !trouble.is_absence() => Some(trouble.warning(&one.source)),
        _ => None,
    }
}

async fn send_purge(journey: &Journey<'_>, one: &One) -> Result<(), Trouble> {
    let language = journey.language(&one.source).await?;
    let query = selecting(one, &language);
    let message = Message { method: Method::DELETE, path: "/entities".to_owned(), query, payload: None };
    journey.send(&one.source, &language, message).await.map(drop)
}
