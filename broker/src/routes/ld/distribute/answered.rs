//! Entities in the answers of sources.

use std::collections::HashMap;

use context::sources::{Attributes, HasSource, Subject};
use ngsi::ld::{Context, parse};
use ngsi::{Entity, Name, ParseError, Timestamp, date};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

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

/// The entities of an answer that is a list.
pub(super) fn many(body: &[u8], language: &Context, source: &Registered) -> Result<(Vec<Entity>, usize), Trouble> {
    if body.trim_ascii() == b"[]" {
        return Ok((Vec::new(), 0));
    }
    let all = parse::list(body).map_err(|problem| Trouble::Unreadable(problem.detail))?;
    let count = all.len();
    let read = all.into_iter().map(|raw| read(raw, language));
    let read: Vec<Entity> = read.collect::<Result<_, _>>().map_err(|error| Trouble::Unreadable(error.to_string()))?;
    Ok((read.into_iter().filter_map(|entity| registered(entity, source)).collect(), count))
}

fn read(raw: &RawValue, language: &Context) -> Result<Entity, ParseError> {
    let mut entity = federation::linked_entity(raw, language)?;
    let members: Map<String, Value> = serde_json::from_str(raw.get()).unwrap_or_default();
    entity.created_at = time(&members, "createdAt").unwrap_or_default();
    entity.modified_at = time(&members, "modifiedAt").unwrap_or_default();
    let mut times = HashMap::new();
    for (term, value) in &members {
        let name = language.expand(term);
        let instances = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for instance in instances.iter().filter_map(Value::as_object) {
            let dataset_id = instance.get("datasetId").and_then(Value::as_str).map(Name::from).unwrap_or_default();
            times.insert((name.clone(), dataset_id), (time(instance, "createdAt"), time(instance, "modifiedAt")));
        }
    }
    for attribute in &mut entity.attributes {
        let known = times.get(&(attribute.name.clone(), attribute.dataset_id.clone()));
        let (created_at, modified_at) = known.copied().unwrap_or_default();
        (attribute.created_at, attribute.modified_at) =
            (created_at.unwrap_or_default(), modified_at.unwrap_or_default());
    }
    Ok(entity)
}

fn time(members: &Map<String, Value>, name: &str) -> Option<Timestamp> {
    members.get(name).and_then(Value::as_str).and_then(date::parse)
}

/// Leaves what the source may have.
fn registered(mut entity: Entity, source: &Registered) -> Option<Entity> {
    let types: Vec<Name> = entity.types().cloned().collect();
    let subject = Subject { id: entity.id.as_str(), types: &types };
    let share = source.source().share(subject, &Attributes::All)?;
    let data_sets = &source.source().registration.data_sets;
    let has_data_set = |id: &Name| {
        data_sets.is_empty() || data_sets.iter().any(|known| known == id || (id.is_empty() && *known == *"@none"))
    };
    entity.attributes.retain(|attribute| share.has(&attribute.name) && has_data_set(&attribute.dataset_id));
    Some(entity)
}
