//! The context entity, once for every dialect.

use crate::{EntityId, JsonText, Location, Name, Timestamp};

/// A context entity as a broker holds it: an immutable snapshot, replaced as a whole by an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// Its identifier.
    pub id: EntityId,
    /// Its type; empty when the writer gave none.
    pub entity_type: Name,
    /// Its other types, which only NGSI-LD has words for (ETSI GS CIM 009, 5.2.4).
    pub more_types: Vec<Name>,
    /// Where it stands in hierarchies of its owner: the scope of NGSI-LD, the service path of NGSIv2.
    pub scopes: Vec<Name>,
    /// Attributes and domain metadata, in the order in which they first came.
    pub attributes: Vec<Attribute>,
    /// When a broker first took it.
    pub created_at: Timestamp,
    /// When an update last touched it.
    pub modified_at: Timestamp,
}

/// Whether an attribute describes a moment or the entity itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AttributeKind {
    /// An ordinary context attribute.
    Context,
    /// NGSI-10 domain metadata: it describes the entity (its place, its owner) and is registered at discovery.
    Domain,
}

/// One attribute of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name, unique among the attributes of the same kind and data set.
    pub name: Name,
    /// Context attribute or domain metadata.
    pub kind: AttributeKind,
    /// Which of several instances of the attribute it is (ETSI GS CIM 009, 4.5.5); empty for the default one, which is all that
    /// NGSI-10 and NGSIv2 see.
    pub dataset_id: Name,
    /// The declared type of the value, as given (`integer`, `string`, `point`, …).
    pub value_type: Name,
    /// The value.
    pub value: JsonText,
    /// What is said about this value.
    pub metadata: Vec<Metadata>,
    /// When it came to the entity.
    pub created_at: Timestamp,
    /// When an update last set it.
    pub modified_at: Timestamp,
}

/// A metadatum of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Its name.
    pub name: Name,
    /// The declared type of the value.
    pub value_type: Name,
    /// The value.
    pub value: JsonText,
    /// What is said about it in turn, which only NGSI-LD has words for.
    pub metadata: Vec<Metadata>,
}

impl Attribute {
    /// Whether both are the same instance of the same attribute, whatever their values.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.kind == other.kind && self.name == other.name && self.dataset_id == other.dataset_id
    }
}

impl Metadata {
    /// A metadatum about which nothing is said in turn.
    #[must_use]
    pub fn new(name: Name, value_type: Name, value: JsonText) -> Self {
        Self { name, value_type, value, metadata: Vec::new() }
    }
}

impl Entity {
    /// An entity with nothing but its identity.
    #[must_use]
    pub fn new(id: EntityId, entity_type: Name, now: Timestamp) -> Self {
        Self {
            id,
            entity_type,
            more_types: Vec::new(),
            scopes: Vec::new(),
            attributes: Vec::new(),
            created_at: now,
            modified_at: now,
        }
    }

    /// The default instance of the attribute of that kind and name.
    #[must_use]
    pub fn attribute(&self, kind: AttributeKind, name: &str) -> Option<&Attribute> {
        self.default_instances().find(|attribute| attribute.kind == kind && attribute.name == *name)
    }

    /// Every instance of the attribute that dialects without domain metadata see under a name.
    pub fn instances<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Attribute> {
        let hidden = self.attributes.iter().any(|a| a.kind == AttributeKind::Context && a.name == *name);
        self.attributes.iter().filter(move |a| a.name == *name && !(hidden && a.kind == AttributeKind::Domain))
    }

    /// Every instance of every attribute, as dialects without domain metadata see them: an attribute hides the domain
    /// metadatum of its name.
    pub fn visible_attributes(&self) -> impl Iterator<Item = &Attribute> {
        let hides = |name: &Name| self.attributes.iter().any(|a| a.kind == AttributeKind::Context && a.name == *name);
        self.attributes.iter().filter(move |a| a.kind == AttributeKind::Context || !hides(&a.name))
    }

    /// All its types, the first one first.
    pub fn types(&self) -> impl Iterator<Item = &Name> + Clone {
        std::iter::once(&self.entity_type).chain(&self.more_types)
    }

    fn default_instances(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter().filter(|attribute| attribute.dataset_id.is_empty())
    }

    /// The ordinary attributes, by their default instances.
    pub fn context_attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.default_instances().filter(|attribute| attribute.kind == AttributeKind::Context)
    }

    /// The domain metadata.
    pub fn domain_metadata(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter().filter(|attribute| attribute.kind == AttributeKind::Domain)
    }

    /// The attributes as dialects without domain metadata see them: the named ones, or all when `names` is empty, and the
    /// domain metadata that no attribute of the same name hides.
    pub fn merged_attributes(&self, names: &[Name]) -> impl Iterator<Item = &Attribute> {
        self.default_instances().filter(|attribute| match attribute.kind {
            AttributeKind::Context => names.is_empty() || names.contains(&attribute.name),
            AttributeKind::Domain => self.attribute(AttributeKind::Context, attribute.name.as_str()).is_none(),
        })
    }

    /// Sets an attribute, replacing the one of the same kind, name and data set, which is given back. The time of creation
    /// stays.
    pub fn set(&mut self, mut attribute: Attribute) -> Option<Attribute> {
        match self.attributes.iter_mut().find(|a| a.is_same(&attribute)) {
            Some(slot) => {
                attribute.created_at = slot.created_at;
                Some(std::mem::replace(slot, attribute))
            }
            None => {
                self.attributes.push(attribute);
                None
            }
        }
    }

    /// Where the entity is, as its domain metadata say.
    ///
    /// The metadatum named `location` counts; failing that the first of a geographic type.
    #[must_use]
    pub fn location(&self) -> Option<Location> {
        Location::of_metadata(self.domain_metadata().map(|m| (m.name.as_str(), m.value_type.as_str(), &m.value)))
    }
}
