//! Entities in the answers of sources.

use context::sources::{HasSource, set_times};
use ngsi::ld::{Context, parse};
use ngsi::{Entity, ParseError};
use serde_json::value::RawValue;

use super::trouble::Trouble;
use crate::federation;
use crate::sources::Registered;

/// The entity of an answer, reduced to what the source is registered for; nothing when that leaves nothing.
pub(super) fn one(body: &[u8], language: &Context, source: &Registered) -> Result<Option<Entity>, Trouble> {
    let unreadable = |error: String| Trouble::Unreadable(error);
    ngsi::json::check_depth(body).map_err(|error| unreadable(error.to_string()))?;
    let raw: &RawValue = serde_json::from_slice(body).map_err(|error| unreadable(error.to_string()))?;
    let entity = read(raw, language).map_err(|error| unreadable(error.to_string()))?;
    Ok(registered(entity, source))
}

/// The entities of an answer that is a list, or that is the one entity there would be in it.
pub(super) fn many(body: &[u8], language: &Context, source: &Registered) -> Result<(Vec<Entity>, usize), Trouble> {
    if body.trim_ascii() == b"[]" {
        return Ok((Vec::new(), 0));
    }
    if body.trim_ascii_start().starts_with(b"{") {
        return Ok((one(body, language, source)?.into_iter().collect(), 1));
    }
    let all = parse::list(body).map_err(|problem| Trouble::Unreadable(problem.detail))?;
    let count = all.len();
    let read = all.into_iter().map(|raw| read(raw, language));
    let read: Vec<Entity> = read.collect::<Result<_, _>>().map_err(|error| Trouble::Unreadable(error.to_string()))?;
    Ok((read.into_iter().filter_map(|entity| registered(entity, source)).collect(), count))
}

fn read(raw: &RawValue, language: &Context) -> Result<Entity, ParseError> {
    let mut entity = federation::linked_entity(raw, language)?;
    set_times(&mut entity, raw, language);
    Ok(entity)
}

/// Leaves what the source may have.
fn registered(entity: Entity, source: &Registered) -> Option<Entity> {
    source.source().restrict(entity).map(|(entity, _)| entity)
}
