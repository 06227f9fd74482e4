//! One instance of an attribute, or one sub-attribute.

use super::value::{self, Value, written};
use super::{NULL, Object, Rendering, Representation, is_known};
use crate::json::write_string;
use crate::ld::parse::{Annotation, is_reified, is_taken, looks_like_geometry, members};
use crate::ld::{AttributeType, Coercion};
use crate::{Attribute, AttributeKind, Entity, JsonText, Metadata, Name, Timestamp};

/// What attributes and sub-attributes have in common.
pub(super) struct Instance<'a> {
    pub(super) name: &'a Name,
    pub(super) is_domain: bool,
    pub(super) value_type: &'a str,
    pub(super) value: &'a JsonText,
    data_set: &'a str,
    /// Whether it is one of several, in a list of nothing but objects.
    is_listed: bool,
    is_sub_attribute: bool,
    metadata: &'a [Metadata],
    created_at: Timestamp,
    modified_at: Timestamp,
    /// Whose attribute it is, if it may link to entities that stand inside of it.
    pub(super) entity: Option<&'a Entity>,
}

impl<'a> Instance<'a> {
    pub(super) fn of_attribute(attribute: &'a Attribute) -> Self {
        Self {
            name: &attribute.name,
            is_domain: attribute.kind == AttributeKind::Domain,
            value_type: attribute.value_type.as_str(),
            value: &attribute.value,
            data_set: attribute.dataset_id.as_str(),
            is_listed: false,
            is_sub_attribute: false,
            metadata: &attribute.metadata,
            created_at: attribute.created_at,
            modified_at: attribute.modified_at,
            entity: None,
        }
    }

    pub(super) fn of(self, entity: &'a Entity) -> Self {
        Self { entity: Some(entity), ..self }
    }

    pub(super) fn of_several(attribute: &'a Attribute) -> Self {
        Self { is_listed: true, ..Self::of_attribute(attribute) }
    }

    fn of_metadatum(metadatum: &'a Metadata) -> Self {
        Self {
            name: &metadatum.name,
            is_domain: false,
            value_type: metadatum.value_type.as_str(),
            value: &metadatum.value,
            data_set: "",
            is_listed: false,
            is_sub_attribute: true,
            metadata: &metadatum.metadata,
            created_at: Timestamp::default(),
            modified_at: Timestamp::default(),
            entity: None,
        }
    }

    /// Whether it is the same instance of the same attribute.
    pub(super) fn is_of(&self, attribute: &Attribute) -> bool {
        !self.is_sub_attribute
            && *self.name == attribute.name
            && self.data_set == attribute.dataset_id.as_str()
            && self.is_domain == (attribute.kind == AttributeKind::Domain)
    }

    /// Whether it stands for one that is gone.
    pub(super) fn is_gone(&self) -> bool {
        let text = self.value.as_str().strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        text == Some(NULL)
    }

    /// Whether the value may stand alone.
    fn is_bare(&self, with_times: bool) -> bool {
        let times = with_times && (is_known(self.created_at) || is_known(self.modified_at));
        self.metadata.is_empty() && self.data_set.is_empty() && !times && !self.is_listed
    }
}

impl Rendering<'_> {
    pub(super) fn write_instance(&self, out: &mut Vec<u8>, instance: &Instance<'_>) {
        let value = written(self, instance);
        match self.representation {
            Representation::Normalized => self.write_object(out, instance, &value, true),
            Representation::Simplified => match self.targets(instance, &value) {
                Some(targets) => targets.write_in_place(out),
                None => value.write_simplified(out),
            },
            Representation::Concise => match self.standing(instance, &value) {
                Standing::Bare => value.write(out, false),
                Standing::Untyped => self.write_object(out, instance, &value, false),
                Standing::Typed => self.write_object(out, instance, &value, true),
            },
        }
    }

    /// How much of an instance a reader of the concise representation needs.
    fn standing(&self, instance: &Instance<'_>, value: &Value<'_>) -> Standing {
        let json = &*value.json;
        let geometry = matches!(value.attribute_type, AttributeType::Property | AttributeType::GeoProperty)
            && looks_like_geometry(json);
        match value.attribute_type {
            AttributeType::Property if geometry => Standing::Typed,
            AttributeType::GeoProperty | AttributeType::Property => {
                let name = self.context.compact(instance.name);
                let bare = value.language.is_none()
                    && self.changes.former(instance).is_none()
                    && instance.is_bare(self.sys_attrs)
                    && (geometry || self.is_unmistakable(json) && self.context.coercion(&name) != Coercion::Id);
                if bare { Standing::Bare } else { Standing::Untyped }
            }
            _ => Standing::Untyped,
        }
    }

    /// Whether a value is not taken for an attribute with members, or for several of them.
    fn is_unmistakable(&self, json: &str) -> bool {
        match json.as_bytes().first() {
            Some(b'{') => members(self.context, json).is_some_and(|members| !is_reified(&members)),
            Some(b'[') => !json.contains('{'),
            _ => true,
        }
    }

    fn write_object(&self, out: &mut Vec<u8>, instance: &Instance<'_>, value: &Value<'_>, typed: bool) {
        self.open_object(out, instance, value, typed).close();
    }

    /// Writes all members; there may be more.
    pub(super) fn open_object<'o>(
        &self,
        out: &'o mut Vec<u8>,
        instance: &Instance<'_>,
        value: &Value<'_>,
        typed: bool,
    ) -> Object<'o> {
        let mut members = Object::open(out);
        if typed {
            write_string(members.member("type"), value.attribute_type.name());
        }
        value.write(members.member(value.attribute_type.member()), self.representation == Representation::Normalized);
        if let Some(targets) = self.targets(instance, value) {
            targets.write(members.member(targets.member));
        }
        if let Some(language) = &value.language {
            write_string(members.member("lang"), language);
        }
        if let Some(former) = self.changes.former(instance) {
            self.write_former(&mut members, former);
        }
        if !instance.data_set.is_empty() {
            write_string(members.member("datasetId"), instance.data_set);
        }
        for metadatum in instance.metadata.iter().filter(|metadatum| !is_taken(metadatum.name.as_str())) {
            self.write_member(&mut members, metadatum);
        }
        if self.sys_attrs {
            for (name, time) in [("createdAt", instance.created_at), ("modifiedAt", instance.modified_at)] {
                if is_known(time) {
                    write_string(members.member(name), &time.brief());
                }
            }
            if let Some(at) = self.changes.deleted_at(instance.is_gone()) {
                write_string(members.member("deletedAt"), &at.brief());
            }
        }
        members
    }

    /// The value before, such as `previousValue` (5.2.5 and the like).
    fn write_former(&self, members: &mut Object<'_>, former: &Attribute) {
        let value = written(self, &Instance::of_attribute(former));
        let (first, rest) = value.attribute_type.member().split_at(1);
        let name = format!("previous{}{rest}", first.to_ascii_uppercase());
        value.write(members.member(&name), self.representation == Representation::Normalized);
    }

    fn write_member(&self, members: &mut Object<'_>, metadatum: &Metadata) {
        let name = self.context.compact(&metadatum.name);
        match Annotation::named(metadatum.name.as_str()) {
            None => self.write_instance(members.member(&name), &Instance::of_metadatum(metadatum)),
            Some(annotation) => {
                if let Some(json) = value::annotation(self, annotation, &metadatum.value) {
                    members.member(&name).extend_from_slice(json.as_bytes());
                }
            }
        }
    }
}

/// How an instance stands in the concise representation.
enum Standing {
    /// As its value.
    Bare,
    /// As an object without type.
    Untyped,
    /// As an object with type.
    Typed,
}
