//! What context providers have of what is asked for.

use ngsi::selector::Matcher;
use ngsi::v2::path::ServicePath;
use ngsi::v2::registration::{Registration, Status};
use ngsi::{Attribute, AttributeKind, Entity, EntityId, EntitySelector, Name, ParseError, SubscriptionId, Timestamp};
use serde::{Deserialize, Serialize};

/// A registration as it is written to disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderRecord {
    /// Its identifier.
    pub id: SubscriptionId,
    /// When it was made.
    pub created_at: Timestamp,
    /// What was registered.
    pub registration: Registration,
    /// The service path of the entities, as it was given.
    #[serde(default)]
    pub path: String,
}

/// A registration ready to be matched.
#[derive(Debug, Clone)]
pub struct Provision {
    /// What it was made of.
    pub record: ProviderRecord,
    selectors: Vec<EntitySelector>,
    /// Where the entities stand.
    pub path: ServicePath,
}

/// One entity, or several, that a provider is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// The identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Instead of the identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_pattern: Option<String>,
    /// The type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub entity_type: Option<String>,
    /// Instead of the type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_pattern: Option<String>,
}

impl Provision {
    /// Understands a registration.
    ///
    /// # Errors
    /// A pattern that is malformed or too large, and what is no service path.
    pub fn compile(record: ProviderRecord) -> Result<Self, ParseError> {
        let path = ServicePath::parse(&record.path)?;
        Ok(Self { selectors: record.registration.selectors()?, path, record })
    }

    /// The identifiers, if all are exact.
    #[must_use]
    pub fn exact_ids(&self) -> Option<Vec<EntityId>> {
        let ids = self.selectors.iter().map(|selector| match &selector.id {
            Matcher::Exact(id) => Some(EntityId::from(id.as_str())),
            _ => None,
        });
        ids.collect()
    }

    /// Whether it is used now.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.record.registration.status == Status::Active && !self.record.registration.has_ended(now)
    }

    /// What of a query the provider has; nothing when it has none of it.
    #[must_use]
    pub fn asked(&self, query: &[EntitySelector]) -> Vec<Asked> {
        let mut asked = Vec::new();
        for wanted in query {
            for offered in &self.selectors {
                let ids = meet(&wanted.id, &offered.id);
                let types = meet(&wanted.entity_type, &offered.entity_type);
                if let (Some(id), Some(entity_type)) = (ids, types) {
                    let next = Asked::new(id, entity_type);
                    if !asked.contains(&next) {
                        asked.push(next);
                    }
                }
            }
        }
        asked
    }

    /// Whether the provider has that attribute of the entity; of an entity of unknown type when the type is empty.
    #[must_use]
    pub fn provides(&self, id: &str, entity_type: &str, attribute: &Name) -> bool {
        let attributes = &self.record.registration.data_provided.attrs;
        (attributes.is_empty() || attributes.contains(attribute))
            && self.selectors.iter().any(|offered| {
                offered.id.matches(id) && (entity_type.is_empty() || offered.entity_type.matches(entity_type))
            })
    }
}

impl Asked {
    fn new(id: &Matcher, entity_type: &Matcher) -> Self {
        let (id, id_pattern) = exact_or_pattern(id);
        let (entity_type, type_pattern) = exact_or_pattern(entity_type);
        let id_pattern = id_pattern.or_else(|| id.is_none().then(|| ".*".to_owned()));
        Self { id, id_pattern, entity_type, type_pattern }
    }
}

fn exact_or_pattern(matcher: &Matcher) -> (Option<String>, Option<String>) {
    match matcher {
        Matcher::Any => (None, None),
        Matcher::Exact(text) => (Some(text.as_str().to_owned()), None),
        Matcher::Pattern(pattern) => (None, Some(pattern.as_str().to_owned())),
    }
}

/// What both may mean; of two patterns the first, since what they have in common nobody can say.
fn meet<'a>(one: &'a Matcher, other: &'a Matcher) -> Option<&'a Matcher> {
    match (one, other) {
        (Matcher::Exact(text), other) => other.matches(text.as_str()).then_some(one),
        (one, Matcher::Exact(text)) => one.matches(text.as_str()).then_some(other),
        (Matcher::Any, other) => Some(other),
        (one, _) => Some(one),
    }
}

/// The entity as this broker and a provider know it together: what this broker has counts.
#[must_use]
pub fn complete(here: &Entity, told: Entity) -> Entity {
    let mut whole = here.clone();
    let new = |attribute: &Attribute| here.instances(attribute.name.as_str()).next().is_none();
    whole.attributes.extend(told.attributes.into_iter().filter(|a| a.kind == AttributeKind::Context).filter(new));
    whole
}
