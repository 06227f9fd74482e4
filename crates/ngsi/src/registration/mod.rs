//! Registrations of context sources: who else has which entities and attributes (ETSI GS CIM 009, 4.3.6 and 5.2.9; NGSIv2
//! knows the simpler half of it). One type for the dialects that have them, with names as entities hold them.

mod operation;

pub use operation::{Operation, Operations};
use serde::{Deserialize, Serialize};

use crate::{JsonText, Name, RegistrationId, Timestamp};

/// How a source and the broker that knows of it share data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Both may have it, and are asked and told alike.
    #[default]
    Inclusive,
    /// Attributes of one entity that the source alone has.
    Exclusive,
    /// Only sources have it, possibly several.
    Redirect,
    /// The source is asked for what nobody else has, and never told.
    Auxiliary,
}

impl Mode {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Inclusive, Self::Exclusive, Self::Redirect, Self::Auxiliary];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Inclusive => "inclusive",
            Self::Exclusive => "exclusive",
            Self::Redirect => "redirect",
            Self::Auxiliary => "auxiliary",
        }
    }

    /// Whether the broker itself holds nothing of it (4.3.6.3).
    #[must_use]
    pub fn is_proxied(self) -> bool {
        matches!(self, Self::Exclusive | Self::Redirect)
    }
}

/// Which entities a source may have; what is empty says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityInfo {
    /// The one entity.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// A regular expression over identifiers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id_pattern: String,
    /// Types, of which the entity has one at least.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<Name>,
}

/// Entities with the attributes that a source may have of them (5.2.10); what is empty stands for all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Information {
    /// Which entities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<EntityInfo>,
    /// Names of properties; names of attributes where the dialect does not tell them apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<Name>,
    /// Names of relationships.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relationships: Vec<Name>,
}

/// From when to when a source has a history (5.2.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// Its beginning.
    pub start_at: Timestamp,
    /// Its end; none while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_at: Option<Timestamp>,
}

/// What a source wishes of those who forward to it (5.2.34).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Management {
    /// Whether it is to answer from what it holds itself.
    #[serde(default)]
    pub local_only: bool,
    /// How long to wait for it.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
    /// How long to leave it alone after a failure.
    #[serde(default)]
    pub cooldown_ms: Option<u64>,
    /// How long answers may be kept, as an ISO 8601 duration. Nothing is kept.
    #[serde(default)]
    pub cache_duration: Option<String>,
}

/// A registration of a context source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Its identifier.
    pub id: RegistrationId,
    /// The URL of the source, before the paths of its interface.
    pub endpoint: String,
    /// How data is shared.
    #[serde(default)]
    pub mode: Mode,
    /// What the source may have.
    pub information: Vec<Information>,
    /// Names of operations and groups of them; the usual ones when there are none.
    #[serde(default)]
    pub operations: Vec<String>,
    /// Headers for the source and how to speak to it (4.3.6.5 and 4.3.6.6).
    #[serde(default)]
    pub source_info: Vec<(String, String)>,
    /// What the source calls itself in `Via`.
    #[serde(default)]
    pub alias: Option<String>,
    /// The tenant at the source; the default one if it is not given.
    #[serde(default)]
    pub tenant: Option<String>,
    /// When it ends.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// What the source wishes.
    #[serde(default)]
    pub management: Option<Management>,
    /// A name for people.
    #[serde(default)]
    pub name: Option<String>,
    /// A description for people.
    #[serde(default)]
    pub description: Option<String>,
    /// Data sets that the source may have, `@none` among them for default instances; all when it is empty.
    #[serde(default)]
    pub data_sets: Vec<Name>,
    /// Scopes in which its entities are.
    #[serde(default)]
    pub scopes: Vec<Name>,
    /// GeoJSON geometries: `location`, `observationSpace` and `operationSpace`, as far as they are given.
    #[serde(default)]
    pub places: Vec<(Name, JsonText)>,
    /// Which time of observation it has a history of.
    #[serde(default)]
    pub observation_interval: Option<Interval>,
    /// Which time of creation, change and deletion it has a history of.
    #[serde(default)]
    pub management_interval: Option<Interval>,
    /// How often data there changes, as an ISO 8601 duration.
    #[serde(default)]
    pub refresh_rate: Option<String>,
    /// Further members, by which sources are told apart in queries.
    #[serde(default)]
    pub properties: Vec<(Name, JsonText)>,
    /// When it was made.
    #[serde(default)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[serde(default)]
    pub modified_at: Timestamp,
}

impl Registration {
    /// What it is registered for.
    #[must_use]
    pub fn allowed(&self) -> Operations {
        match self.operations.is_empty() {
            true => Operations::usual(),
            false => self
                .operations
                .iter()
                .filter_map(|name| Operations::named(name))
                .fold(Operations::default(), Operations::and),
        }
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Whether it is about histories, not about what is so now (5.2.9).
    #[must_use]
    pub fn is_temporal(&self) -> bool {
        self.observation_interval.is_some() || self.management_interval.is_some()
    }
}
