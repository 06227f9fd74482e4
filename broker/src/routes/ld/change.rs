//! Changes to entities of this broker.

use bytes::Bytes;
use context::sources::Attributes;
use context::{LinkedAction, LinkedEdit, LinkedEdited, LinkedRefusal};
use ngsi::filter::ld::TypeFilter;
use ngsi::ld::parse::is_uri;
use ngsi::ld::{Context, EntityFragment, Kind, Problem};
use ngsi::registration::Operation;
use ngsi::{EntityId, Name};

use super::answer::{Failure, refused, unsaved};
use super::call::Call;
use super::distribute::{Change, Payload, Share, distribute};
use crate::Shared;
use crate::federation::Owners;
use crate::sources::Via;
use crate::unsaved::Applied;

/// Carries out one edit and waits for the disk.
pub(super) async fn carry_out(
    broker: &Shared,
    call: &Call,
    id: EntityId,
    action: LinkedAction,
) -> Result<LinkedEdited, Failure> {
    let _room = broker.admit(call.body.len()).await;
    let (applied, edited) = apply(broker, call, id, action);
    broker.saved(applied).await.map_err(unsaved)?;
    edited.map_err(Failure)
}

/// Carries out one edit, which nobody may be told of before it is on disk.
pub(super) fn apply(
    broker: &Shared,
    call: &Call,
    id: EntityId,
    action: LinkedAction,
) -> (Vec<Applied>, Result<LinkedEdited, Problem>) {
    let (applied, edited) = broker.edit_linked(vec![LinkedEdit { id, action }], &call.origin());
    let edited = edited.into_iter().next().unwrap_or(Err(LinkedRefusal::UnknownEntity));
    (applied, edited.map_err(|refusal| refused(&refusal)))
}

/// A request that changes one entity, of which sources outside may have a part.
pub(super) struct Task<'a> {
    pub(super) operation: Operation,
    /// The entity.
    pub(super) id: &'a str,
    /// Behind `/ngsi-ld/v1`, as in [`Change`].
    pub(super) path: String,
    pub(super) attribute: Option<&'a Name>,
    /// Parameters that go on to sources.
    pub(super) params: &'a [&'a str],
    /// Types that the request names.
    pub(super) types: &'a [Name],
    /// What the request speaks of.
    pub(super) attributes: Attributes,
}

/// Has sources do their parts of a change and does the rest. Nothing when no source has to do with it.
pub(super) async fn share_out(
    broker: &Shared,
    call: &Call,
    context: &Context,
    task: Task<'_>,
    payload: &(dyn Fn(&Attributes) -> Option<Payload> + Sync),
    action: impl FnOnce(&Attributes) -> LinkedAction,
) -> Result<Option<(Share, Option<Result<LinkedEdited, Problem>>)>, Problem> {
    refuse_loop(broker, call)?;
    let stored = broker.shards.stored_id(task.id);
    let mut types = task.types.to_vec();
    if let Some(entity) = broker.shards.get(stored.as_str()) {
        types.extend(entity.types().cloned());
    }
    let change = Change {
        operation: task.operation,
        method: call.method.clone(),
        path: task.path,
        attribute: task.attribute,
        params: task.params,
        id: task.id,
        types: &types,
        attributes: task.attributes,
        payload,
    };
    let Some(share) = distribute(broker, call, context, &change).await else { return Ok(None) };
    let here = match &share.here {
        None => None,
        Some(attributes) => {
            let body = payload(attributes).map(|payload| payload.as_it_came(call, context)).unwrap_or_default();
            Some(do_rest(broker, call, stored, body, action(attributes)).await)
        }
    };
    Ok(Some((share, here)))
}

/// Refuses a change that comes back to where it has been: it has been carried out here, or is about to be.
pub(super) fn refuse_loop(broker: &Shared, call: &Call) -> Result<(), Problem> {
    match Via::of(broker, &call.headers).is_loop() {
        true => Err(Problem::new(Kind::LoopDetected, "Via: the request has been here before")),
        false => Ok(()),
    }
}

/// Does what is left for this broker, or for the one of its system that owns the entity.
async fn do_rest(
    broker: &Shared,
    call: &Call,
    id: EntityId,
    body: Bytes,
    action: LinkedAction,
) -> Result<LinkedEdited, Problem> {
    let owner = match broker.shards.holds(id.as_str()) {
        true => None,
        false => Owners::look_up(broker, vec![id.clone()]).await.get(&id).cloned(),
    };
    let Some(owner) = owner else { return carry_out(broker, call, id, action).await.map_err(|failure| failure.0) };
    let answer = call.pass_on(broker, &owner, call.path_and_query(), body).await.map_err(|failure| failure.0)?;
    match answer.status().as_u16() {
        200..=206 => Ok(LinkedEdited { change: None, created: false, updated: Vec::new(), left_out: Vec::new() }),
        404 => Err(Problem::new(Kind::ResourceNotFound, "the broker that owns the entity does not know it")),
        status => Err(Problem::new(Kind::BadGateway, format!("the broker that owns the entity answered {status}"))),
    }
}

/// Leaves of a fragment what it says of these attributes.
pub(super) fn restricted(mut fragment: EntityFragment, attributes: &Attributes) -> EntityFragment {
    fragment.attributes.retain(|attribute| attributes.has(&attribute.name));
    fragment
}

/// The attributes that a fragment speaks of.
pub(super) fn names(fragment: &EntityFragment) -> Vec<Name> {
    let mut names: Vec<Name> = Vec::new();
    for attribute in &fragment.attributes {
        if !names.contains(&attribute.name) {
            names.push(attribute.name.clone());
        }
    }
    names
}

/// Refuses what is for an entity of types that the one there is does not have (4.17).
pub(super) fn check_type(broker: &Shared, call: &Call, context: &Context, id: &EntityId) -> Result<(), Failure> {
    let Some(wanted) = call.params.get("type") else { return Ok(()) };
    let types = TypeFilter::parse(wanted, &|term| context.expand(term))?;
    match broker.shards.get(id.as_str()) {
        Some(entity) if !types.matches(&entity) => Err(Failure::no_entity(id.as_str())),
        _ => Ok(()),
    }
}

/// Checks that an identifier in a path is a URI.
pub(super) fn check_id(id: &str) -> Result<(), Problem> {
    match is_uri(id) {
        true => Ok(()),
        false => Err(Problem::bad_request(format!("the identifier `{id}` is not a URI"))),
    }
}
