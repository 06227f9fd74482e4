//! Changes to entities of this broker.

use context::{LinkedAction, LinkedEdit, LinkedEdited};
use ngsi::EntityId;
use ngsi::ld::Problem;

use super::answer::{Failure, refused, unsaved};
use super::call::Call;
use crate::Shared;
use crate::unsaved::Applied;

/// Carries out one edit and waits for the disk.
pub(super) async fn carry_out(
    broker: &Shared,
    call: &Call,
    id: EntityId,
    action: LinkedAction,
) -> Result<LinkedEdited, Failure> {
    let _room = broker.admit(call.body.len()).await;
    let (applied, edited) = apply(broker, call, id, action)?;
    broker.saved(applied).await.map_err(unsaved)?;
    Ok(edited)
}

/// Carries out one edit, which nobody may be told of before it is on disk.
pub(super) fn apply(
    broker: &Shared,
    call: &Call,
    id: EntityId,
    action: LinkedAction,
) -> Result<(Option<Applied>, LinkedEdited), Problem> {
    broker.edit_linked(LinkedEdit { id, action }, &call.origin()).map_err(|refusal| refused(&refusal))
}

/// The identifier under which an entity is held: one that came by NGSI-10 or NGSIv2 without a scheme has `urn:` before it in
/// NGSI-LD.
pub(super) fn stored_id(broker: &Shared, id: &str) -> EntityId {
    let bare = id.strip_prefix("urn:").filter(|bare| !broker.shards.holds(id) && broker.shards.holds(bare));
    EntityId::from(bare.unwrap_or(id))
}

/// Checks that an identifier in a path is a URI.
pub(super) fn check_id(id: &str) -> Result<(), Problem> {
    let scheme = id.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if is_scheme && !id.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c)) {
        return Ok(());
    }
    Err(Problem::bad_request(format!("the identifier `{id}` is not a URI")))
}
