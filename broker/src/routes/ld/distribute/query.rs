//! What sources have of what a query asks for (ETSI GS CIM 009, 5.7.2). Entities may be split between sources and this broker,
//! so they are put together first and filtered then.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use context::sources::{Attributes, Conditions, HasSource, Selection, asks, merge, supplement};
use futures_util::StreamExt;
use futures_util::stream;
use http::Method;
use ngsi::ld::Context;
use ngsi::registration::{Mode, Operation};
use ngsi::selector::Matcher;
use ngsi::{Entity, EntityId, Name};

use super::super::call::Call;
use super::asking::{One, PAGE, asking, in_bodies, in_pieces, query_body};
use super::journey::Journey;
use super::payload::Payload;
use super::retrieve::combine;
use super::trouble::{Trouble, Warning};
use super::{AT_ONCE, MAX_SOURCES, answered};
use crate::Shared;
use crate::sources::Registered;

/// How a source may be queried.
const QUERIES: [Operation; 2] = [Operation::QueryEntity, Operation::QueryBatch];
/// The most answers that are fetched from one source for one query.
const MAX_PAGES: usize = 10;

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

/// What sources are asked.
#[derive(Clone, Copy)]
pub(in crate::routes::ld) struct Question<'s> {
    /// For which entities.
    pub(in crate::routes::ld) asked: &'s [Asked],
    /// For which attributes of these.
    pub(in crate::routes::ld) attributes: &'s Attributes,
    /// Which sources.
    pub(in crate::routes::ld) sources: &'s Conditions,
}

/// What sources have.
#[derive(Default)]
pub(in crate::routes::ld) struct Gathered {
    entities: BTreeMap<EntityId, Entity>,
    auxiliary: BTreeMap<EntityId, Entity>,
    /// The registrations of the sources of each.
    registrations: HashMap<EntityId, Vec<Name>>,
    /// What went wrong.
    pub(in crate::routes::ld) warnings: Vec<Warning>,
}

impl Gathered {
    /// Whether some source has something of the entity, which is held under that identifier or without its `urn:`.
    pub(in crate::routes::ld) fn has(&self, broker: &Shared, entity: &Entity) -> bool {
        if (self.entities.is_empty() && self.auxiliary.is_empty()) || !broker.shards.is_first(entity) {
            return false;
        }
        let is_same = |id: &EntityId| broker.shards.stored_id(id.as_str()) == *entity.id.as_str();
        let urn = EntityId::from(&*ngsi::ld::urn(entity.id.as_str()));
        let known = |id: &EntityId| self.entities.contains_key(id) || self.auxiliary.contains_key(id);
        known(&EntityId::from(entity.id.as_str())) || (known(&urn) && is_same(&urn))
    }

    /// Who has the entities of sources: registrations, and `@none` where a broker of this system has something as well.
    pub(in crate::routes::ld) fn sources(
        &mut self,
        broker: &Shared,
        fetched: &[Arc<Entity>],
    ) -> HashMap<EntityId, Vec<Name>> {
        let there: HashSet<&EntityId> = fetched.iter().map(|entity| &entity.id).collect();
        let mut sources = std::mem::take(&mut self.registrations);
        for (id, known) in &mut sources {
            if there.contains(id) || broker.shards.holds(broker.shards.stored_id(id.as_str()).as_str()) {
                known.push(Name::from("@none"));
            }
        }
        sources
    }

    /// Adds to the entities of other brokers what sources have, each put together with what is here of it.
    pub(in crate::routes::ld) fn put_together(mut self, broker: &Shared, fetched: &mut Vec<Arc<Entity>>) {
        let ids: BTreeSet<EntityId> = self.entities.keys().chain(self.auxiliary.keys()).cloned().collect();
        for id in ids {
            let here = broker.shards.get(broker.shards.stored_id(id.as_str()).as_str());
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
    question: &Question<'_>,
) -> Gathered {
    let mut gathered = Gathered::default();
    if call.is_local() || broker.sources.is_empty() {
        return gathered;
    }
    let journey = Journey::new(broker, call, context);
    // A query goes on as it came, in a body or by the parameters of a URL, to sources that take it so, to others the other way.
    let operations = match call.method {
        Method::POST => [Operation::QueryBatch, Operation::QueryEntity],
        _ => QUERIES,
    };
    let requests = requests(&journey, question, &operations, &mut gathered.warnings);
    let asked = requests.into_iter().map(|request| fetch(&journey, request));
    let answers: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    for (source, answer) in answers {
        let auxiliary = source.source().registration.mode == Mode::Auxiliary;
        match answer {
            Err(trouble) => gathered.warnings.push(trouble.warning(&source)),
            Ok(Answered { entities, all }) => {
                for entity in &entities {
                    let known = gathered.registrations.entry(entity.id.clone()).or_default();
                    known.push(Name::from(source.id()));
                }
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

pub(super) fn requests(
    journey: &Journey<'_>,
    question: &Question<'_>,
    operations: &[Operation],
    warnings: &mut Vec<Warning>,
) -> Vec<One> {
    let met = |alias: &str| journey.via.has_met(alias);
    let mut requests = Vec::new();
    let Question { asked, attributes, sources: conditions } = *question;
    for Asked { ids, pattern, types } in asked {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let selection = Selection { ids: &ids, pattern: pattern.clone(), types };
        let mut served = BTreeSet::new();
        for operation in operations {
            let sources = &journey.broker.sources;
            let now = service::now();
            let mut found = sources.with(|sources| asks(sources, &selection, attributes, *operation, &met, now));
            found.retain(|ask| {
                conditions.hold(&ask.source.source().registration) && served.insert(ask.source.id().to_owned())
            });
            match operation {
                Operation::QueryBatch => requests.extend(found.into_iter().flat_map(in_bodies)),
                _ => requests.extend(found.into_iter().flat_map(|ask| in_pieces(ask, *operation))),
            }
        }
    }
    if requests.len() > MAX_SOURCES {
        requests.truncate(MAX_SOURCES);
        warnings.push(Warning::too_many());
    }
    requests
}

/// Requests for one entity to the sources that answer queries alone.
pub(super) fn for_one(
    journey: &Journey<'_>,
    id: &str,
    types: Vec<Name>,
    attributes: &Attributes,
    warnings: &mut Vec<Warning>,
) -> Vec<One> {
    let asked = [Asked { ids: vec![id.to_owned()], pattern: Matcher::Any, types }];
    let question = Question { asked: &asked, attributes, sources: &Conditions::default() };
    let mut requests = requests(journey, &question, &QUERIES, warnings);
    requests.retain(|one| !one.source.source().operations.has(Operation::RetrieveEntity));
    requests
}

/// What a source answered.
pub(super) struct Answered {
    pub(super) entities: Vec<Entity>,
    /// Whether that is all it has.
    all: bool,
}

pub(super) async fn fetch(journey: &Journey<'_>, one: One) -> (Arc<Registered>, Result<Answered, Trouble>) {
    let answer = fetch_pages(journey, &one).await;
    (one.source, answer)
}

async fn fetch_pages(journey: &Journey<'_>, one: &One) -> Result<Answered, Trouble> {
    let language = journey.language(&one.source).await?;
    let body = (one.operation == Operation::QueryBatch).then(|| Payload::Query(query_body(one, &language)));
    let mut entities = Vec::new();
    for page in 0..MAX_PAGES {
        let answer = match journey.send(&one.source, &language, asking(one, &language, body.as_ref(), page)).await {
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
