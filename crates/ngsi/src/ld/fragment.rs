//! What a request of NGSI-LD says of an entity, with names expanded and before it meets the entity: whole entities, or the parts
//! that a partial update, a merge or a replacement speaks of (ETSI GS CIM 009, 5.5.8 and 5.5.12).

use crate::v2::place;
use crate::{Attribute, AttributeKind, EntityId, JsonText, Name};

/// What kind of attribute a fragment speaks of (ETSI GS CIM 009, 4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttributeType {
    /// `value`.
    Property,
    /// `object`.
    Relationship,
    /// `value`, a GeoJSON geometry.
    GeoProperty,
    /// `languageMap`.
    LanguageProperty,
    /// `vocab`.
    VocabProperty,
    /// `json`.
    JsonProperty,
    /// `valueList`.
    ListProperty,
    /// `objectList`.
    ListRelationship,
}

impl AttributeType {
    const NAMED: [(Self, &str); 8] = [
        (Self::Property, "Property"),
        (Self::Relationship, "Relationship"),
        (Self::GeoProperty, "GeoProperty"),
        (Self::LanguageProperty, "LanguageProperty"),
        (Self::VocabProperty, "VocabProperty"),
        (Self::JsonProperty, "JsonProperty"),
        (Self::ListProperty, "ListProperty"),
        (Self::ListRelationship, "ListRelationship"),
    ];

    /// The type whose value, as it was before, has that member in a notification: `previousValue` and so on (5.8.6).
    #[must_use]
    pub fn of_former_member(member: &str) -> Option<Self> {
        let former = member.strip_prefix("previous")?;
        Self::NAMED.into_iter().map(|(it, _)| it).find(|it| it.member().eq_ignore_ascii_case(former))
    }

    /// The type with that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMED.into_iter().find(|(_, known)| *known == name).map(|(it, _)| it)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMED.into_iter().find(|(it, _)| *it == self).map_or("Property", |(_, name)| name)
    }

    /// The member that has its value.
    #[must_use]
    pub fn member(self) -> &'static str {
        match self {
            Self::Property | Self::GeoProperty => "value",
            Self::Relationship => "object",
            Self::LanguageProperty => "languageMap",
            Self::VocabProperty => "vocab",
            Self::JsonProperty => "json",
            Self::ListProperty => "valueList",
            Self::ListRelationship => "objectList",
        }
    }

    /// The type whose value has that member; a Property for `value`.
    #[must_use]
    pub fn of_member(member: &str) -> Option<Self> {
        Self::NAMED.into_iter().map(|(it, _)| it).find(|it| it.member() == member)
    }

    /// What an attribute of that declared type is in NGSI-LD: whatever has no word of its own is a Property.
    #[must_use]
    pub fn of_value_type(value_type: &str) -> Self {
        if place::is_geo(value_type) { Self::GeoProperty } else { Self::named(value_type).unwrap_or(Self::Property) }
    }

    /// What an attribute is in NGSI-LD, a place among domain metadata too.
    #[must_use]
    pub fn of(attribute: &Attribute) -> Self {
        match (attribute.kind, attribute.value_type.as_str()) {
            (AttributeKind::Domain, "point" | "polygon") => Self::GeoProperty,
            (_, value_type) => Self::of_value_type(value_type),
        }
    }

    /// The declared type under which an entity holds it: none for a Property, whose value tells it.
    #[must_use]
    pub fn value_type(self) -> Name {
        match self {
            Self::Property => Name::default(),
            Self::GeoProperty => Name::from("geo:json"),
            other => Name::from(other.name()),
        }
    }
}

/// One instance of an attribute, or a sub-attribute, as far as the request speaks of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment {
    /// Its name, as it is stored.
    pub name: Name,
    /// Of which instance; empty for the default one, and in sub-attributes.
    pub dataset_id: Name,
    /// Whether it is to be deleted: the value, object, … is `urn:ngsi-ld:null`.
    pub is_null: bool,
    /// Its type, where it is said or follows from the members.
    pub attribute_type: Option<AttributeType>,
    /// `value`, `object`, `languageMap`, `vocab`, `json`, `valueList` or `objectList`. In a merge it may hold
    /// `urn:ngsi-ld:null` inside.
    pub value: Option<JsonText>,
    /// Sub-attributes, and `unitCode`, `observedAt` and `objectType` as sub-attributes of those names.
    pub members: Vec<Fragment>,
}

/// An entity, as far as the request speaks of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntityFragment {
    /// Its identifier, when it is given.
    pub id: EntityId,
    /// Its types, as they are stored.
    pub types: Vec<Name>,
    /// Its scopes, when the request speaks of them; empty to delete them.
    pub scopes: Option<Vec<Name>>,
    /// What it says of attributes, in order.
    pub attributes: Vec<Fragment>,
}
