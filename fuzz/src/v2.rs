//! Bodies of NGSIv2: what is read makes an entity that is written, and read again the same.

use context::{Edit, EditAction, EntityMap};
use ngsi::v2::operator::{Operation, is_operation};
use ngsi::v2::path::ServicePath;
use ngsi::v2::registration::Registration;
use ngsi::v2::subscription::Subscription;
use ngsi::v2::template::{Facts, JsonTemplate, Patch, Template};
use ngsi::v2::write::Representation;
use ngsi::v2::{Form, Rendering, parse};
use ngsi::{Entity, JsonText};
use serde_json::value::RawValue;

use crate::parts;
use crate::sample::{self, NOW};

pub(crate) fn entity(data: &[u8]) {
    let _ = parse::json_value(data).map(|value| sample::json(value.as_str().as_bytes()));
    let _ = parse::plain_value(data).map(|value| sample::json(value.as_str().as_bytes()));
    let _ = parse::attribute("a", data);
    for form in [Form::Normalized, Form::KeyValues] {
        let _ = parse::attributes(data, form);
        let Ok(input) = parse::entity(data, form) else { continue };
        let mut map = EntityMap::default();
        let edit = Edit {
            id: input.id.clone(),
            entity_type: input.type_or_default(),
            path: ServicePath::default(),
            action: EditAction::Create,
            creates: true,
            overrides_metadata: true,
            attributes: input.attributes,
        };
        let Ok(edited) = map.edit(edit, NOW) else { continue };
        let entity = &edited.change.entity;
        crate::codec::keeps(entity);
        is_written(entity);
    }
}

fn is_written(entity: &Entity) {
    use Representation::{KeyValues, Normalized, Unique, Values};
    let mut first = Vec::new();
    for representation in [Normalized, KeyValues, Values, Unique] {
        let mut out = Vec::new();
        Rendering { representation, ..Rendering::default() }.write(&mut out, entity);
        sample::json(&out);
        if representation == Normalized {
            first = out;
        }
    }
    for written in [ngsi::ld::write_entity, ngsi::v2::write_entity] {
        let mut out = Vec::new();
        written(&mut out, entity, &[]);
        sample::json(&out);
    }
    let read = parse::entity(&first, Form::Normalized);
    let read = read.unwrap_or_else(|problem| panic!("{problem:?}: {}", String::from_utf8_lossy(&first)));
    assert_eq!(read.id, entity.id);
    // When an entity ends is written only when it is asked for.
    let written = entity.context_attributes().filter(|attribute| attribute.name != *ngsi::v2::DATE_EXPIRES);
    for attribute in written {
        let kept = read.attributes.iter().any(|read| (&read.name, &read.value) == (&attribute.name, &attribute.value));
        assert!(kept, "{} in {}", attribute.name, String::from_utf8_lossy(&first));
    }
}

pub(crate) fn subscription(data: &[u8]) {
    let parts = parts::documents(data);
    let Ok(subscription) = Subscription::parse(parts[0]) else { return };
    prints(&subscription);
    let Some(patch) = parts.get(1) else { return };
    if let Ok(changed) = ngsi::v2::subscription::merged(&subscription, patch) {
        prints(&changed);
    }
}

fn prints(subscription: &Subscription) {
    let written = serde_json::to_vec(subscription).unwrap_or_default();
    let read = Subscription::parse(&written);
    let read = read.unwrap_or_else(|problem| panic!("{problem:?}: {}", String::from_utf8_lossy(&written)));
    assert_eq!(&read, subscription);
    sample::judge(context::Request::NgsiV2(Box::new(read)));
}

pub(crate) fn registration(data: &[u8]) {
    let parts = parts::documents(data);
    let Ok(registration) = Registration::parse(parts[0]) else { return };
    let changed = parts.get(1).and_then(|patch| registration.patched(patch).ok());
    for registration in [Some(registration), changed].into_iter().flatten() {
        let written = serde_json::to_vec(&registration).unwrap_or_default();
        assert_eq!(serde_json::from_slice::<Registration>(&written).ok().as_ref(), Some(&registration));
        let _ = (registration.selectors(), registration.expires_at(), registration.has_ended(NOW));
    }
}

pub(crate) fn operator(data: &[u8]) {
    let values: Vec<_> = parts::documents(data).into_iter().filter_map(value).collect();
    let Some(given) = values.first() else { return };
    assert!(is_operation(given) || Operation::parse(given).is_err());
    let Ok(operation) = Operation::parse(given) else { return };
    if let Ok(made) = operation.apply(values.get(1)) {
        sample::json(made.as_str().as_bytes());
        assert!(made.as_str().len() <= 4 * data.len() + 64, "{made:?}");
    }
}

fn value(text: &[u8]) -> Option<JsonText> {
    ngsi::json::check_depth(text).ok()?;
    serde_json::from_slice::<&RawValue>(text).ok().map(JsonText::from)
}

pub(crate) fn template(data: &[u8]) {
    let entity = sample::entity();
    let facts = Facts { entity: &entity, service: "a", service_path: "/", auth_token: "t", covered: false };
    if let Ok(text) = std::str::from_utf8(data) {
        for template in [Template::new(text), Template::decoded(text), Template::fixed(text)] {
            let _ = (template.render(&facts), template.begins_with_macro());
        }
        assert_eq!(Template::fixed(text).render(&facts), text);
    }
    let Some(document) = value(data) else { return };
    sample::json(&JsonTemplate::new(&document).render(&facts));
    if let Ok(patch) = Patch::new(&document) {
        is_json(&patch.apply(&facts));
    }
}

fn is_json(entity: &Entity) {
    let mut out = Vec::new();
    ngsi::v2::write_entity(&mut out, entity, &[]);
    sample::json(&out);
}
