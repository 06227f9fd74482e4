//! To the JSON of a registration.

use serde_json::{Map, Value, json};

use super::TYPE;
use crate::ld::Context;
use crate::registration::{EntityInfo, Information, Interval, Management};
use crate::{JsonText, Name, Registration};

/// The members of a registration in the names of a context, without what its use has shown; with `createdAt` and `modifiedAt`
/// where `sys_attrs`.
#[must_use]
pub fn write(registration: &Registration, context: &Context, sys_attrs: bool) -> Map<String, Value> {
    let mut out = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            out.insert(name.to_owned(), value);
        }
    };
    let text = |text: &Option<String>| text.clone().map(Value::from);
    put("id", Some(registration.id.as_str().into()));
    put("type", Some(TYPE.into()));
    put("endpoint", Some(registration.endpoint.clone().into()));
    put("mode", Some(registration.mode.name().into()));
    put("information", Some(registration.information.iter().map(|info| information(info, context)).collect()));
    put("operations", some_list(registration.operations.iter().cloned()));
    let pairs = registration.source_info.iter().map(|(key, value)| json!({ "key": key, "value": value }));
    put("contextSourceInfo", some_list(pairs));
    put("contextSourceAlias", text(&registration.alias));
    put("tenant", text(&registration.tenant));
    put("expiresAt", registration.expires_at.map(|at| at.brief().into()));
    put("management", registration.management.as_ref().map(management));
    put("registrationName", text(&registration.name));
    put("description", text(&registration.description));
    put("datasetId", some_list(registration.data_sets.iter().map(Name::as_str)));
    put("scope", some_list(registration.scopes.iter().map(Name::as_str)));
    put("observationInterval", registration.observation_interval.map(interval));
    put("managementInterval", registration.management_interval.map(interval));
    put("refreshRate", text(&registration.refresh_rate));
    for (name, place) in &registration.places {
        put(name.as_str(), Some(place.to_value()));
    }
    for (name, value) in &registration.properties {
        put(&context.compact(name), Some(JsonText::to_value(value)));
    }
    if sys_attrs {
        put("createdAt", Some(registration.created_at.brief().into()));
        put("modifiedAt", Some(registration.modified_at.brief().into()));
    }
    out
}

/// A list, unless it is empty.
fn some_list<T: Into<Value>>(items: impl Iterator<Item = T>) -> Option<Value> {
    let items: Vec<Value> = items.map(Into::into).collect();
    (!items.is_empty()).then_some(Value::Array(items))
}

fn information(information: &Information, context: &Context) -> Value {
    let names = |names: &[Name]| some_list(names.iter().map(|name| context.compact(name).into_owned()));
    let members = [
        ("entities", some_list(information.entities.iter().map(|info| entity_info(info, context)))),
        ("propertyNames", names(&information.properties)),
        ("relationshipNames", names(&information.relationships)),
    ];
    object(members)
}

fn entity_info(info: &EntityInfo, context: &Context) -> Value {
    let text = |text: &str| (!text.is_empty()).then(|| Value::from(text));
    let types = match info.types.as_slice() {
        [] => None,
        [one] => Some(Value::from(context.compact(one).into_owned())),
        many => some_list(many.iter().map(|name| context.compact(name).into_owned())),
    };
    object([("id", text(&info.id)), ("idPattern", text(&info.id_pattern)), ("type", types)])
}

fn interval(interval: Interval) -> Value {
    let end_at = interval.end_at.map(|at| at.brief().into());
    object([("startAt", Some(interval.start_at.brief().into())), ("endAt", end_at)])
}

fn management(management: &Management) -> Value {
    object([
        ("localOnly", management.local_only.then_some(true.into())),
        ("timeout", management.timeout_ms.map(Value::from)),
        ("cooldown", management.cooldown_ms.map(Value::from)),
        ("cacheDuration", management.cache_duration.clone().map(Value::from)),
    ])
}

fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
