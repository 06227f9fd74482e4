//! Registrations of context providers ("Registrations" of NGSIv2).

use serde::{Deserialize, Serialize};

use super::names::{check_attribute_name, check_characters, check_field};
use super::subscription::Expression;
use crate::{EntityId, EntitySelector, Name, ParseError, Timestamp, date, json};

/// The most entities, and the most attributes, that one registration names.
pub const MAX_NAMED: usize = 1_000;
/// The most of these entities that are patterns.
pub const MAX_PATTERNS: usize = 16;
const MAX_DESCRIPTION: usize = 1_024;
const MAX_URL: usize = 2_048;

/// What a context provider offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Registration {
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Which entities and attributes.
    pub data_provided: DataProvided,
    /// Who.
    pub provider: Provider,
    /// Until when, in ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Whether it is used.
    #[serde(default)]
    pub status: Status,
}

/// The entities and attributes of a registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DataProvided {
    /// The entities.
    pub entities: Vec<ProvidedEntity>,
    /// The attributes; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attrs: Vec<Name>,
    /// Where its entities are; it is kept, but does not matter when providers are asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<Expression>,
}

/// Entities by identifier and type, each exact or a regular expression.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProvidedEntity {
    /// The identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<EntityId>,
    /// Instead of the identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_pattern: Option<String>,
    /// The type; any when neither this nor the pattern is given.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub entity_type: Option<Name>,
    /// Instead of the type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_pattern: Option<String>,
}

/// A context provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Provider {
    /// Where it is.
    pub http: Http,
    /// What it can be asked for.
    #[serde(default)]
    pub supported_forwarding_mode: ForwardingMode,
    /// Whether it speaks NGSIv1.
    #[serde(default)]
    pub legacy_forwarding: bool,
}

/// Where a provider is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// The URL in front of `/op/query` and `/op/update`.
    pub url: String,
}

/// What a provider can be asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ForwardingMode {
    /// Nothing.
    None,
    /// Values.
    Query,
    /// Updates.
    Update,
    /// Both.
    #[default]
    All,
}

/// Whether a registration is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is.
    #[default]
    Active,
    /// Its owner wants it not to be.
    Inactive,
}

impl ForwardingMode {
    /// Whether queries are passed on.
    #[must_use]
    pub fn takes_queries(self) -> bool {
        matches!(self, Self::Query | Self::All)
    }

    /// Whether updates are passed on.
    #[must_use]
    pub fn takes_updates(self) -> bool {
        matches!(self, Self::Update | Self::All)
    }
}

impl Registration {
    /// Reads a body.
    ///
    /// # Errors
    /// Names the member that is missing or wrong.
    pub fn parse(body: &[u8]) -> Result<Self, ParseError> {
        json::parse_object::<Self>(body)?.checked()
    }

    /// Reads the members that are to change; `null` takes one away.
    ///
    /// # Errors
    /// As [`Registration::parse`].
    pub fn patched(&self, body: &[u8]) -> Result<Self, ParseError> {
        let changes: serde_json::Map<String, serde_json::Value> = json::parse_object(body)?;
        let unreadable = |error: serde_json::Error| ParseError::new("$", error.to_string());
        let mut members = serde_json::to_value(self).map_err(unreadable)?;
        for (name, value) in changes {
            members[name] = value;
        }
        Self::parse(members.to_string().as_bytes())
    }

    fn checked(mut self) -> Result<Self, ParseError> {
        if let Some(description) = &self.description {
            check_characters("description", description)?;
            if description.len() > MAX_DESCRIPTION {
                return Err(ParseError::new("description", format!("must have at most {MAX_DESCRIPTION} bytes")));
            }
        }
        self.data_provided.check().map_err(|error| error.within("dataProvided"))?;
        check_url(&self.provider.http.url)?;
        self.expires = match self.expires.as_deref() {
            None | Some("") => None,
            Some(text) => {
                let time =
                    date::parse(text).ok_or_else(|| ParseError::new("expires", "is no ISO 8601 date or time"))?;
                Some(time.to_string())
            }
        };
        Ok(self)
    }

    /// When it ends.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires.as_deref().and_then(date::parse)
    }

    /// Whether it has ended.
    #[must_use]
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.expires_at().is_some_and(|end| end <= now)
    }

    /// The entities, compiled.
    ///
    /// # Errors
    /// A pattern that is malformed or too large.
    pub fn selectors(&self) -> Result<Vec<EntitySelector>, ParseError> {
        let entities = self.data_provided.entities.iter().enumerate();
        entities.map(|(index, entity)| entity.selector().map_err(|error| error.within(&at(index)))).collect()
    }
}

fn at(index: usize) -> String {
    format!("dataProvided.entities[{index}]")
}

impl DataProvided {
    fn check(&self) -> Result<(), ParseError> {
        if self.entities.is_empty() || self.entities.len() > MAX_NAMED {
            return Err(ParseError::new("entities", format!("must hold 1 to {MAX_NAMED} entities")));
        }
        if self.entities.iter().filter(|entity| entity.is_pattern()).count() > MAX_PATTERNS {
            return Err(ParseError::new("entities", format!("must hold at most {MAX_PATTERNS} patterns")));
        }
        if self.attrs.len() > MAX_NAMED {
            return Err(ParseError::new("attrs", format!("must hold at most {MAX_NAMED} names")));
        }
        for (index, entity) in self.entities.iter().enumerate() {
            entity.check().map_err(|error| error.within(&format!("entities[{index}]")))?;
        }
        if let Some(expression) = &self.expression {
            expression.place().map_err(|error| error.within("expression"))?;
        }
        self.attrs
            .iter()
            .try_for_each(|name| check_attribute_name(name.as_str()).map_err(|error| error.within("attrs")))
    }
}

impl ProvidedEntity {
    fn is_pattern(&self) -> bool {
        self.id_pattern.is_some() || self.type_pattern.is_some()
    }

    fn check(&self) -> Result<(), ParseError> {
        match (&self.id, &self.id_pattern) {
            (Some(id), None) => check_field("id", id.as_str())?,
            (None, Some(_)) => {}
            _ => return Err(ParseError::new("id", "either id or idPattern must be given")),
        }
        match (&self.entity_type, &self.type_pattern) {
            (Some(_), Some(_)) => return Err(ParseError::new("type", "type and typePattern exclude one another")),
            (Some(given), None) => check_field("type", given.as_str())?,
            (None, _) => {}
        }
        self.selector().map(drop)
    }

    fn selector(&self) -> Result<EntitySelector, ParseError> {
        let exact = |text: Option<&str>| text.unwrap_or_default().to_owned();
        EntitySelector::of(
            (&exact(self.id.as_ref().map(EntityId::as_str)), self.id_pattern.as_deref()),
            (&exact(self.entity_type.as_ref().map(Name::as_str)), self.type_pattern.as_deref()),
        )
    }
}

fn check_url(url: &str) -> Result<(), ParseError> {
    let wrong = |problem: &str| Err(ParseError::new("provider.http.url", problem));
    let Some(rest) = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")) else {
        return wrong("must be an http:// or https:// URL");
    };
    if rest.is_empty() || rest.starts_with('/') {
        return wrong("must name a host");
    }
    if url.len() > MAX_URL {
        return wrong("is too long");
    }
    if url.bytes().any(|byte| byte <= b' ' || byte == 0x7f) || url.contains(['?', '#']) {
        return wrong("must have no query, spaces or control characters");
    }
    Ok(())
}
