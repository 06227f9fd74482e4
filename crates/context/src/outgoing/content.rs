//! Which attributes and metadata of an entity a notification holds.

use std::borrow::Cow;

use ngsi::v2::subscription::Notification;
use ngsi::v2::template::Patch;
use ngsi::v2::write::{attribute, builtin, shown, typed_value};
use ngsi::{Attribute, AttributeKind, Entity, JsonText, Metadata, Name};

use crate::{Cause, Notice};

/// Built-in attributes that are told even when only changed ones are.
const ALWAYS: [&str; 3] = ["alterationType", "dateCreated", "dateModified"];

#[derive(Debug, Clone)]
pub(super) struct Content {
    attributes: Vec<Name>,
    except: Vec<Name>,
    only_changed: bool,
    pub(super) covered: bool,
    metadata: Vec<Name>,
}

impl Content {
    pub(super) fn compile(notification: &Notification) -> Self {
        Self {
            attributes: notification.attrs.clone(),
            except: notification.except_attrs.clone().unwrap_or_default(),
            only_changed: notification.only_changed_attrs,
            covered: notification.covered,
            metadata: notification.metadata.clone(),
        }
    }

    /// The attributes to send, in order, each with the metadata to send. Parts that were patched in count as changed.
    pub(super) fn select(&self, entity: &Entity, notice: &Notice, patch: Option<&Patch>) -> Vec<Attribute> {
        let cause = notice.cause.as_deref();
        let changed = |attribute: &Attribute| {
            let name = attribute.name.as_str();
            !self.only_changed
                || (ALWAYS.contains(&name) && self::attribute(entity, name).is_none())
                || patch.is_some_and(|patch| patch.sets(name))
                || cause.is_none_or(|cause| cause.origin.forced && cause.of(name).is_some())
                || cause.and_then(|cause| cause.of(name)).is_some_and(|touched| touched.differs(true))
        };
        let named = self.named(entity, cause).into_iter();
        named.filter(|found| changed(found)).map(|found| self.with_metadata(found.into_owned(), cause)).collect()
    }

    fn named<'a>(&'a self, entity: &'a Entity, cause: Option<&Cause>) -> Vec<Cow<'a, Attribute>> {
        let every = || shown(entity);
        if self.attributes.is_empty() {
            return every().filter(|found| !self.except.contains(&found.name)).map(Cow::Borrowed).collect();
        }
        let mut named = Vec::with_capacity(self.attributes.len());
        for name in &self.attributes {
            match name.as_str() {
                "*" => named.extend(every().filter(|found| !self.attributes.contains(&found.name)).map(Cow::Borrowed)),
                text => {
                    let found = attribute(entity, text).map(Cow::Borrowed);
                    let found = found.or_else(|| alteration(entity, text, cause)).or_else(|| builtin(entity, text));
                    named.extend(found.or_else(|| self.covered.then(|| Cow::Owned(absent(entity, name)))));
                }
            }
        }
        named
    }

    fn with_metadata(&self, mut attribute: Attribute, cause: Option<&Cause>) -> Attribute {
        if self.metadata.is_empty() {
            return attribute;
        }
        let present = std::mem::take(&mut attribute.metadata);
        for name in &self.metadata {
            match name.as_str() {
                "*" => attribute.metadata.extend(present.iter().filter(|m| !self.metadata.contains(&m.name)).cloned()),
                text => {
                    let found = present.iter().find(|metadatum| metadatum.name == *name).cloned();
                    let found = found.or_else(|| built_in_metadatum(text, &attribute, cause));
                    attribute.metadata.extend(found);
                }
            }
        }
        attribute
    }
}

fn built_in_metadatum(name: &str, attribute: &Attribute, cause: Option<&Cause>) -> Option<Metadata> {
    let text = |value: &str| (Name::from("Text"), JsonText::string(value));
    let time = |time: ngsi::Timestamp| (Name::from("DateTime"), JsonText::string(&time.to_string()));
    let (value_type, value) = match name {
        "dateCreated" => time(attribute.created_at),
        "dateModified" => time(attribute.modified_at),
        "actionType" => text(cause?.of(attribute.name.as_str())?.action.as_str()),
        "previousValue" => {
            let (value_type, value) = typed_value(cause?.former(attribute.name.as_str())?);
            (Name::from(value_type), value.into_owned())
        }
        _ => return None,
    };
    Some(Metadata::new(Name::from(name), value_type, value))
}

fn alteration<'a>(entity: &Entity, name: &str, cause: Option<&Cause>) -> Option<Cow<'a, Attribute>> {
    let cause = cause.filter(|_| name == "alterationType")?;
    Some(Cow::Owned(fixed(entity, name, "Text", JsonText::string(cause.alteration.as_str()))))
}

fn absent(entity: &Entity, name: &Name) -> Attribute {
    fixed(entity, name.as_str(), "None", JsonText::null())
}

fn fixed(entity: &Entity, name: &str, value_type: &str, value: JsonText) -> Attribute {
    Attribute {
        name: Name::from(name),
        kind: AttributeKind::Context,
        dataset_id: Name::default(),
        value_type: Name::from(value_type),
        value,
        metadata: Vec::new(),
        created_at: entity.created_at,
        modified_at: entity.modified_at,
    }
}
