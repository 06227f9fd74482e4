//! Conditions on registrations themselves, when clients look for sources (ETSI GS CIM 009, 5.10.2).

use ngsi::filter::ld::ScopeFilter;
use ngsi::filter::{Filter, GeoFilter};
use ngsi::registration::Interval;
use ngsi::{Attribute, AttributeKind, Entity, EntityId, JsonText, Name, ParseError, Registration, Timestamp, date};

/// What the time of a history has to do with the time that is asked for (4.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// It has some before this time.
    Before(Timestamp),
    /// It has some after this time.
    After(Timestamp),
    /// It has some between these times.
    Between(Timestamp, Timestamp),
}

/// A condition on the histories that a source has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Temporal {
    /// Which times are asked for.
    pub times: Times,
    /// Whether the times of creation, change and deletion are meant, not those of observation.
    pub managed: bool,
}

/// Conditions, all of which must hold; those not given do.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    /// On the members of the registration: the context source filter `csf`.
    pub members: Option<Filter>,
    /// On its places.
    pub place: Option<GeoFilter>,
    /// On its scopes.
    pub scopes: Option<ScopeFilter>,
    /// On its histories; without it only sources of what is so now are meant.
    pub temporal: Option<Temporal>,
}

impl Conditions {
    /// Whether they hold.
    #[must_use]
    pub fn hold(&self, registration: &Registration) -> bool {
        let in_time = match self.temporal {
            None => !registration.is_temporal(),
            Some(temporal) => temporal.holds(registration),
        };
        if !in_time {
            return false;
        }
        if self.members.is_none() && self.place.is_none() && self.scopes.is_none() {
            return true;
        }
        let entity = as_entity(registration);
        self.members.as_ref().is_none_or(|filter| filter.matches(&entity))
            && self.place.as_ref().is_none_or(|place| place.matches(&entity))
            && self.scopes.as_ref().is_none_or(|scopes| scopes.matches(&entity))
    }
}

impl Temporal {
    /// Understands a temporal query (4.11); `times` are `timeAt` and `endTimeAt`.
    ///
    /// # Errors
    /// Names the member that is wrong.
    pub fn parse(relation: &str, times: [Option<&str>; 2], property: Option<&str>) -> Result<Self, ParseError> {
        let time = |name: &str, text: Option<&str>| {
            let time = text.filter(|text| text.contains('T')).and_then(date::parse);
            time.ok_or_else(|| ParseError::new(name, "must be a time such as 2026-02-28T12:00:00Z"))
        };
        let at = time("timeAt", times[0])?;
        let times = match relation {
            "before" => Times::Before(at),
            "after" => Times::After(at),
            "between" => Times::Between(at, time("endTimeAt", times[1])?),
            _ => return Err(ParseError::new("timerel", "must be before, after or between")),
        };
        let managed = match property {
            None | Some("observedAt") => false,
            Some("createdAt" | "modifiedAt" | "deletedAt") => true,
            Some(_) => {
                let problem = "must be observedAt, createdAt, modifiedAt or deletedAt";
                return Err(ParseError::new("timeproperty", problem));
            }
        };
        Ok(Self { times, managed })
    }

    fn holds(self, registration: &Registration) -> bool {
        let interval = match self.managed {
            true => registration.management_interval,
            false => registration.observation_interval,
        };
        let Some(Interval { start_at, end_at }) = interval else { return false };
        match self.times {
            Times::Before(at) => start_at <= at,
            Times::After(at) => end_at.is_none_or(|end| end >= at),
            Times::Between(from, to) => start_at <= to && end_at.is_none_or(|end| end >= from),
        }
    }
}

/// The registration as an entity, whose attributes are its members, so that the filters of entities can be used.
fn as_entity(registration: &Registration) -> Entity {
    let mut entity = Entity::new(
        EntityId::from(registration.id.as_str()),
        Name::from("ContextSourceRegistration"),
        registration.created_at,
    );
    entity.modified_at = registration.modified_at;
    entity.scopes.clone_from(&registration.scopes);
    let mut add = |name: &str, value_type: &str, value: JsonText| {
        entity.attributes.push(Attribute {
            name: Name::from(name),
            kind: AttributeKind::Context,
            dataset_id: Name::default(),
            value_type: Name::from(value_type),
            value,
            metadata: Vec::new(),
            created_at: registration.created_at,
            modified_at: registration.modified_at,
        });
    };
    let texts = [
        ("endpoint", Some(&registration.endpoint)),
        ("registrationName", registration.name.as_ref()),
        ("description", registration.description.as_ref()),
        ("contextSourceAlias", registration.alias.as_ref()),
        ("tenant", registration.tenant.as_ref()),
        ("refreshRate", registration.refresh_rate.as_ref()),
    ];
    for (name, text) in texts {
        text.into_iter().for_each(|text| add(name, "", JsonText::string(text)));
    }
    add("mode", "", JsonText::string(registration.mode.name()));
    registration.expires_at.into_iter().for_each(|at| add("expiresAt", "", JsonText::string(&at.to_string())));
    for (name, place) in &registration.places {
        add(name.as_str(), "geo:json", place.clone());
    }
    for (name, value) in &registration.properties {
        add(name.as_str(), "", value_of(value));
    }
    entity
}

/// The value of a property that is written as one, or what stands there for it.
fn value_of(value: &JsonText) -> JsonText {
    value.member("value").map_or_else(|| value.clone(), JsonText::from)
}
