//! Documents of NGSI-LD: what is read makes an entity that is written, and read again the same.

use context::{EntityMap, LinkedAction, LinkedEdit, MergeDefaults};
use ngsi::ld::context::{ContextError, Document as ContextDocument};
use ngsi::ld::subscription::Subscription;
use ngsi::ld::{
    Context, Document, EntityFragment, Form, Nulls, Reading, Rendering, Representation, parse, registration,
};
use ngsi::{AttributeKind, Entity, EntityId, Name, RegistrationId};
use serde_json::Value;

use crate::parts;
use crate::sample::{self, NOW};

/// The context of a document, if it refers to nothing that would have to be fetched.
fn context_of(document: &Document<'_>) -> Option<Context> {
    match document.context() {
        None => Some(Context::core()),
        Some(value) => Context::parse(&serde_json::from_str(value.get()).ok()?, &|_| None).ok(),
    }
}

pub(crate) fn entity(data: &[u8]) {
    let _ = parse::list(data);
    let Ok(document) = Document::read(data) else { return };
    let Some(context) = context_of(&document) else { return };
    if let Ok(told) = serde_json::from_slice(data) {
        let _ = context::sources::Heard::read(told, &context, NOW).map(|heard| heard.put_together(None));
    }
    for form in [Form::Lossless, Form::Simplified] {
        for nulls in [Nulls::Refused, Nulls::OfMembers, Nulls::InValues] {
            let reading = Reading { context: &context, form, nulls };
            let _ = (reading.evolution(&document), reading.fragment(&document));
            let _ = reading.attribute("a", &document).map(|fragment| fragment.into_attribute(NOW));
            if let Ok(fragment) = reading.entity(&document) {
                made(&mut EntityMap::default(), &context, LinkedAction::Create(fragment));
            }
        }
    }
}

/// Makes an edit of an entity and looks at what becomes of it.
fn made(map: &mut EntityMap, context: &Context, action: LinkedAction) {
    let id = EntityId::from("urn:a:1");
    let Ok(edited) = map.edit_linked(LinkedEdit { id, action }, NOW) else { return };
    let Some(change) = edited.change.filter(|change| !change.deleted) else { return };
    crate::codec::keeps(&change.entity);
    for representation in [Representation::Normalized, Representation::Concise] {
        let written = written(&change.entity, context, representation);
        let again = read_again(&written, context);
        assert_eq!(said(&again), said(&change.entity), "{}", String::from_utf8_lossy(&written));
    }
    sample::json(&written(&change.entity, context, Representation::Simplified));
    let mut out = Vec::new();
    ngsi::v2::write_entity(&mut out, &change.entity, &[]);
    sample::json(&out);
}

/// What is said of an entity, whenever and in whatever order.
fn said(entity: &Entity) -> Entity {
    let mut said = entity.clone();
    (said.created_at, said.modified_at) = (NOW, NOW);
    said.attributes.retain(|attribute| attribute.kind == AttributeKind::Context);
    said.attributes.sort_by_key(|attribute| (attribute.name.clone(), attribute.dataset_id.clone()));
    for attribute in &mut said.attributes {
        (attribute.created_at, attribute.modified_at) = (NOW, NOW);
    }
    said
}

fn written(entity: &Entity, context: &Context, representation: Representation) -> Vec<u8> {
    let mut out = Vec::new();
    Rendering { representation, with_context: true, ..Rendering::new(context) }.write(&mut out, entity);
    sample::json(&out);
    out
}

fn read_again(written: &[u8], context: &Context) -> Entity {
    let read = || {
        let document = Document::read(written).map_err(|problem| format!("{problem:?}"))?;
        let reading = Reading { context, form: Form::Lossless, nulls: Nulls::Refused };
        let fragment = reading.entity(&document).map_err(|error| error.to_string())?;
        let edit = LinkedEdit { id: fragment.id.clone(), action: LinkedAction::Create(fragment) };
        let edited = EntityMap::default().edit_linked(edit, NOW).map_err(|refusal| refusal.to_string())?;
        edited.change.map(|change| (*change.entity).clone()).ok_or_else(|| "nothing was made".to_owned())
    };
    read().unwrap_or_else(|problem| panic!("{problem}: {}", String::from_utf8_lossy(written)))
}

pub(crate) fn merge(data: &[u8]) {
    let parts = parts::documents(data);
    let Ok(first) = Document::read(parts[0]) else { return };
    let Some(context) = context_of(&first) else { return };
    let refused = Reading { context: &context, form: Form::Lossless, nulls: Nulls::Refused };
    let Ok(fragment) = refused.entity(&first) else { return };
    for part in &parts[1..] {
        let Ok(document) = Document::read(part) else { continue };
        for (nulls, action) in [(Nulls::OfMembers, append as fn(_) -> _), (Nulls::InValues, merged as fn(_) -> _)] {
            let Ok(change) = (Reading { nulls, ..refused }).fragment(&document) else { continue };
            let mut map = EntityMap::default();
            made(&mut map, &context, LinkedAction::Create(fragment.clone()));
            made(&mut map, &context, action(change));
        }
    }
}

fn append(fragment: EntityFragment) -> LinkedAction {
    LinkedAction::Append { fragment, no_overwrite: false }
}

fn merged(fragment: EntityFragment) -> LinkedAction {
    LinkedAction::Merge { fragment, defaults: MergeDefaults::default() }
}

pub(crate) fn subscription(data: &[u8]) {
    let parts = parts::documents(data);
    let Ok(subscription) = Subscription::parse(parts[0]) else { return };
    prints(&subscription);
    if let Some(changed) = parts.get(1).and_then(|patch| subscription.patched(patch).ok()) {
        prints(&changed);
    }
}

fn prints(subscription: &Subscription) {
    let written = serde_json::to_vec(subscription).unwrap_or_default();
    let read = Subscription::parse(&written);
    let read = read.unwrap_or_else(|problem| panic!("{problem}: {}", String::from_utf8_lossy(&written)));
    assert_eq!(&read, subscription);
    let request = context::LinkedRequest {
        subscription: read,
        context: Value::from(ngsi::ld::CORE_CONTEXT).into(),
        names: std::collections::BTreeMap::new(),
        modified_at: None,
        local: false,
        via: Vec::new(),
    };
    sample::judge(context::Request::NgsiLd(Box::new(request)));
}

pub(crate) fn registration(data: &[u8]) {
    let parts = parts::documents(data);
    let context = Context::core();
    let Ok(mut first) = registration::read(parts[0], &context, NOW) else { return };
    first.id = RegistrationId::from("urn:r");
    let changed = parts.get(1).and_then(|patch| registration::change(&first, patch, &context, NOW).ok());
    for registration in [Some(first), changed].into_iter().flatten() {
        let written = Value::from(registration::write(&registration, &context, false)).to_string();
        let read = registration::read(written.as_bytes(), &context, NOW);
        assert_eq!(read.as_ref(), Ok(&registration), "{written}");
        drop(context::sources::Source::compile(registration).map(|source| source.covers(&sample::entity())));
    }
}

pub(crate) fn context(data: &[u8]) {
    let _ = ContextDocument::parse(data);
    let Ok(value) = ngsi::json::parse::<Value>(data) else { return };
    let documents =
        |url: &str| ContextDocument::parse(if url.len().is_multiple_of(2) { data } else { b"{\"@context\":{}}" }).ok();
    let context = match Context::parse(&value, &documents) {
        Ok(context) => context,
        Err(ContextError::Missing(urls)) => return assert!(!urls.is_empty()),
        Err(ContextError::Invalid(_)) => return,
    };
    let again = serde_json::from_str(context.to_json()).ok().and_then(|json| Context::parse(&json, &documents).ok());
    let Some(again) = again else { panic!("cannot be read: {}", context.to_json()) };
    let text = String::from_utf8_lossy(data);
    let terms = text.split('"').take(64);
    for term in terms.chain(["name", "location", "a:b", "https://uri.etsi.org/ngsi-ld/default-context/x"]) {
        let name: Name = context.expand(term);
        assert_eq!(again.expand(term), name, "{term}");
        let _ = (context.coercion(term), context.iri(&name));
        let shown = context.compact(&name).into_owned();
        assert_eq!(context.expand(&shown), name, "{term} is shown as {shown}");
    }
}
