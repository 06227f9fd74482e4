//! Entities that the answered ones link to (ETSI GS CIM 009, 4.5.23): found wherever they live, level by level, each once.

use std::sync::Arc;

use axum::response::Response;
use context::outgoing::Joins;
use context::sources::{Attributes, Conditions};
use ngsi::ld::write::{Join, Joined, MAX_JOIN_LEVEL, Place, Selection};
use ngsi::ld::{Context, Problem};
use ngsi::selector::Matcher;
use ngsi::v1::EntityRef;
use ngsi::v1::ngsi10::QueryContextRequest;
use ngsi::{Entity, Name};

use super::call::Call;
use super::change;
use super::distribute::{self, Asked, Question, Warning};
use super::params::Params;
use super::rendering::Answering;
use super::search::warn;
use crate::Shared;
use crate::federation::{self, BROKER_TYPE, Located};

/// What was found, and what went wrong.
struct Found {
    joined: Joined,
    problems: Vec<String>,
    warnings: Vec<Warning>,
}

/// What the parameters say, where `selection` reaches no deeper (5.7.1.4).
pub(super) fn read(params: &Params, selection: &Selection) -> Result<Option<Join>, Problem> {
    let place = match params.get("join") {
        None | Some("@none") => None,
        Some("inline") => Some(Place::Inside),
        Some("flat") => Some(Place::Behind),
        Some(other) => {
            return Err(Problem::bad_request(format!("join: must be inline, flat or @none, is `{other}`")));
        }
    };
    let level = match params.get("joinLevel").map(str::parse) {
        None => 1,
        Some(Ok(level @ 1..=MAX_JOIN_LEVEL)) => level,
        Some(_) => return Err(Problem::bad_request(format!("joinLevel: must be from 1 to {MAX_JOIN_LEVEL}"))),
    };
    let met = params.list("containedBy")?;
    met.iter().try_for_each(|id| change::check_id(id))?;
    let reach = if place.is_some() { level } else { 0 };
    if selection.depth() > reach {
        let problem = "pick, omit: name members of linked entities, which join and joinLevel do not ask for";
        return Err(Problem::bad_request(problem));
    }
    let met = met.into_iter().map(Name::from).collect();
    Ok(place.map(|place| Join { place, level, met }))
}

/// The answer to a query.
pub(super) async fn many(
    join: &Join,
    broker: &Shared,
    call: &Call,
    context: &Context,
    answering: &mut Answering<'_>,
    entities: &[Arc<Entity>],
) -> Response {
    let found = follow(join, broker, call, context, &answering.rendering.selection, entities).await;
    answering.rendering.inline = found.joined.inline().cloned();
    let mut response = match join.place {
        Place::Behind => answering.flat(entities, found.joined.behind()),
        Place::Inside => answering.many(entities),
    };
    found.tell(broker, &mut response);
    response
}

/// The answer about one entity; none when it has nothing of what is asked for. Without linked entities it stands alone.
pub(super) async fn one(
    join: &Join,
    broker: &Shared,
    call: &Call,
    context: &Context,
    answering: &mut Answering<'_>,
    entity: &Arc<Entity>,
) -> Option<Response> {
    let only = std::slice::from_ref(entity);
    let found = follow(join, broker, call, context, &answering.rendering.selection, only).await;
    answering.rendering.inline = found.joined.inline().cloned();
    let alone = answering.one(entity)?;
    let behind = found.joined.behind();
    let mut response = if behind.is_empty() { alone } else { answering.flat(only, behind) };
    found.tell(broker, &mut response);
    Some(response)
}

/// Finds what entities link to, and what that links to in turn.
async fn follow(
    join: &Join,
    broker: &Shared,
    call: &Call,
    context: &Context,
    selection: &Selection,
    entities: &[Arc<Entity>],
) -> Found {
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    let mut following = join.follow(selection, entities);
    while let Some(uris) = following.wanted() {
        let fetched = fetch(broker, call, context, &uris).await;
        following.found(fetched.entities);
        problems.extend(fetched.problems);
        warnings.extend(fetched.warnings);
    }
    Found { joined: following.end(), problems, warnings }
}

/// What entities link to, for a notification; what is not to be had is left out.
pub(crate) async fn joined(broker: &Shared, joins: &Joins<'_>) -> Joined {
    let call = Call::of_broker();
    let found = follow(joins.join, broker, &call, joins.context, joins.selection, &joins.entities).await;
    for problem in &found.problems {
        tracing::debug!(problem, "not all linked entities are told");
    }
    found.joined
}

impl Found {
    /// Says what is missing from an answer.
    fn tell(mut self, broker: &Shared, response: &mut Response) {
        if !self.joined.is_complete() {
            self.problems.push("not all linked entities: there are too many".to_owned());
        }
        warn(response, &self.problems);
        distribute::warn(broker, response, &self.warnings);
    }
}

/// Entities of many places.
#[derive(Default)]
pub(super) struct Fetched {
    pub(super) entities: Vec<Arc<Entity>>,
    pub(super) problems: Vec<String>,
    pub(super) warnings: Vec<Warning>,
}

/// The entities of these URIs, wherever they are; in any order.
pub(super) async fn fetch(broker: &Shared, call: &Call, context: &Context, uris: &[Name]) -> Fetched {
    if uris.is_empty() {
        return Fetched::default();
    }
    let asked = [Asked { ids: uris.iter().map(Name::to_string).collect(), pattern: Matcher::Any, types: Vec::new() }];
    let question = Question { asked: &asked, attributes: &Attributes::All, sources: &Conditions::default() };
    let mut gathered = distribute::query(broker, call, context, &question).await;
    let warnings = std::mem::take(&mut gathered.warnings);
    let (mut entities, mut elsewhere) = (Vec::new(), Vec::new());
    for uri in uris {
        match broker.shards.get(broker.shards.stored_id(uri.as_str()).as_str()) {
            None => elsewhere.extend([Some(uri.as_str()), uri.as_str().strip_prefix("urn:")].into_iter().flatten()),
            Some(entity) if gathered.has(broker, &entity) => {}
            Some(entity) => entities.push(entity),
        }
    }
    let mut located = match elsewhere.is_empty() || call.is_local() {
        true => Located::default(),
        false => {
            let wanted = elsewhere.into_iter().map(|id| EntityRef::id(id.into())).collect();
            federation::locate(broker, &QueryContextRequest { entities: wanted, ..Default::default() }).await
        }
    };
    located.retain(|entity| !broker.shards.holds(entity.id.as_str()));
    let mut fetched = located.fetch_linked(broker).await;
    gathered.put_together(broker, &mut fetched);
    entities.extend(fetched);
    entities.retain(|entity| entity.entity_type != BROKER_TYPE);
    Fetched { entities, problems: located.problems, warnings }
}
