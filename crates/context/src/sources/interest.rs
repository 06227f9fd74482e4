//! Which registrations a subscription to them means, and how one is told (ETSI GS CIM 009, 5.11).

use std::collections::BTreeMap;
use std::sync::Arc;

use ngsi::filter::ld::{ScopeFilter, TypeFilter, Vocabulary};
use ngsi::filter::{Filter, GeoFilter};
use ngsi::ld::id_pattern;
use ngsi::ld::subscription::{EntitySelector, GeoQuery, Subscription, TemporalQuery};
use ngsi::selector::Matcher;
use ngsi::v2::AlterationType;
use ngsi::{
    Attribute, AttributeKind, Entity, EntityId, JsonText, Name, ParseError, Registration, RegistrationId, Timestamp,
};
use serde_json::value::to_raw_value;

use super::source::Holding;
use super::wish::Parts;
use super::{Attributes, Conditions, HasSource, Selected, Selection, Source, SourceIndex, Temporal};
use crate::query::MAX_PATTERNS;
use crate::{Cause, Origin};

/// The attribute that holds a registration.
const REGISTRATION: &str = "registration";
/// The most pairs of what a subscription selects and what a source has that are combined.
const MAX_COMBINATIONS: usize = 10_000;

/// What must be true of a registration, for a subscriber to be told of it.
#[derive(Debug, Clone)]
pub struct SourceInterest {
    /// Any entities when there is none.
    entities: Vec<Entities>,
    attributes: Attributes,
    conditions: Conditions,
    /// Whether what is so is told from time to time, and changes are not.
    timed: bool,
}

#[derive(Debug, Clone)]
struct Entities {
    ids: Vec<String>,
    pattern: Matcher,
    /// As the subscription gives it.
    text: String,
    types: Vec<Name>,
}

/// What became of a registration for a subscriber, with the part of it that matters to them.
#[derive(Debug, Clone)]
pub struct Told {
    /// The registration as an entity, so that it waits in queues and on disk as entities do.
    pub entity: Arc<Entity>,
    /// Created is newly matching, deleted no longer matching.
    pub cause: Cause,
}

impl SourceInterest {
    pub(crate) fn compile(subscription: &Subscription, expand: &dyn Fn(&str) -> Name) -> Result<Self, ParseError> {
        if subscription.entities.iter().filter(|selector| selector.id_pattern.is_some()).count() > MAX_PATTERNS {
            return Err(ParseError::new("entities", format!("must hold at most {MAX_PATTERNS} patterns")));
        }
        Self::with(subscription, conditions(subscription, expand)?, expand)
    }

    /// Of a subscription to entities: the sources that may have what it means.
    pub(super) fn of_entities(subscription: &Subscription, expand: &dyn Fn(&str) -> Name) -> Result<Self, ParseError> {
        let vocabulary = Vocabulary { expand, expand_values: &[] };
        let members = subscription.csf.as_deref().map(|text| Filter::parse_ld(text, &vocabulary)).transpose()?;
        Self::with(subscription, Conditions { members, ..Conditions::default() }, expand)
    }

    fn with(
        subscription: &Subscription,
        conditions: Conditions,
        expand: &dyn Fn(&str) -> Name,
    ) -> Result<Self, ParseError> {
        let entities = subscription.entities.iter().enumerate().map(|(index, selector)| {
            Entities::compile(selector, expand).map_err(|error| error.within(&format!("entities[{index}]")))
        });
        let watched: Vec<Name> = subscription.watched_attributes.iter().map(|name| expand(name)).collect();
        Ok(Self {
            entities: entities.collect::<Result<_, _>>()?,
            attributes: if watched.is_empty() { Attributes::All } else { Attributes::Only(watched) },
            conditions,
            timed: subscription.time_interval.is_some(),
        })
    }

    /// The registration with the part of it that is meant; `None` if none is.
    #[must_use]
    pub fn relevant(&self, source: &Source, now: Timestamp) -> Option<Registration> {
        if source.registration.is_expired(now) || !self.conditions.hold(&source.registration) {
            return None;
        }
        self.with_selections(|selections| {
            let selections: Vec<_> = selections.iter().map(|(selection, _)| selection.clone()).collect();
            source.relevant(&selections, &self.attributes)
        })
    }

    /// The sources that may have any of these entities, and perhaps others.
    pub(super) fn candidates<T: HasSource>(&self, sources: &SourceIndex<T>) -> BTreeMap<RegistrationId, Arc<T>> {
        self.with_selections(|selections| {
            selections.iter().flat_map(|(selection, _)| sources.selected(selection)).collect()
        })
    }

    /// What the source has of what is meant, if the conditions on its registration hold.
    pub(super) fn parts(&self, source: &Source) -> Option<Parts> {
        if !self.conditions.hold(&source.registration) {
            return None;
        }
        let of_holding = |holding: &Holding| {
            let watched = self.attributes.among(&holding.attributes)?;
            let entities = self.with_selections(|selections| selected(selections, holding));
            let attributes = Attributes::All.among(&holding.attributes)?;
            (!entities.is_empty()).then_some(Parts { entities, watched, attributes })
        };
        source.parts.iter().filter_map(of_holding).reduce(Parts::and)
    }

    /// Looks at what is selected, each with its pattern as it was given.
    fn with_selections<R>(&self, look: impl FnOnce(&[(Selection<'_>, &str)]) -> R) -> R {
        let ids: Vec<Vec<&str>> =
            self.entities.iter().map(|entities| entities.ids.iter().map(String::as_str).collect()).collect();
        let selections = self.entities.iter().zip(&ids);
        let mut selections: Vec<_> = selections
            .map(|(Entities { pattern, text, types, .. }, ids)| {
                (Selection { ids, pattern: pattern.clone(), types }, text.as_str())
            })
            .collect();
        if selections.is_empty() {
            selections.push((Selection { ids: &[], pattern: Matcher::Any, types: &[] }, ""));
        }
        look(&selections)
    }

    /// What is told when a registration becomes another one, begins or ends (5.11.7).
    #[must_use]
    pub fn told(&self, former: Option<&Source>, present: Option<&Source>, now: Timestamp) -> Option<Told> {
        if self.timed {
            return None;
        }
        let relevant = |source: Option<&Source>| source.and_then(|source| self.relevant(source, now));
        let (registration, alteration) = match (relevant(former), relevant(present)) {
            (None, None) => return None,
            (None, Some(present)) => (present, AlterationType::EntityCreate),
            (Some(_), Some(present)) => (present, AlterationType::EntityChange),
            // It is told as it is now, as far as it is there.
            (Some(former), None) => {
                (present.map_or(former, |source| source.registration.clone()), AlterationType::EntityDelete)
            }
        };
        let cause = Cause { alteration, touched: Vec::new(), former: Vec::new(), origin: Origin::default() };
        Some(Told { entity: Arc::new(as_told(&registration)), cause })
    }
}

impl Entities {
    fn compile(selector: &EntitySelector, expand: &dyn Fn(&str) -> Name) -> Result<Self, ParseError> {
        // An identifier counts before a pattern (5.2.8).
        let pattern = selector.id_pattern.as_deref().filter(|_| selector.id.is_empty());
        let types = Some(selector.types.as_str()).filter(|types| *types != "*");
        let types = types.map(|types| TypeFilter::parse(types, expand)).transpose()?;
        Ok(Self {
            ids: selector.id.clone(),
            text: pattern.unwrap_or_default().to_owned(),
            pattern: pattern.map(id_pattern).transpose()?.unwrap_or(Matcher::Any),
            types: types.iter().flat_map(TypeFilter::named).cloned().collect(),
        })
    }
}

/// What a source has of what is selected, as far as there are not too many combinations.
fn selected(selections: &[(Selection<'_>, &str)], holding: &Holding) -> Vec<Selected> {
    let many = selections.len() * holding.entities.len() > MAX_COMBINATIONS;
    let all = selections.iter().flat_map(|(selection, pattern)| {
        let mut all = match many {
            true if !holding.entities.iter().any(|entities| selection.matches(entities)) => Vec::new(),
            true => vec![selection.as_selected()],
            false => selection.select_all(holding),
        };
        for selected in all.iter_mut().filter(|selected| selected.ids.is_empty() && selected.pattern.is_empty()) {
            (*pattern).clone_into(&mut selected.pattern);
        }
        all
    });
    all.collect()
}

fn conditions(subscription: &Subscription, expand: &dyn Fn(&str) -> Name) -> Result<Conditions, ParseError> {
    let vocabulary = Vocabulary { expand, expand_values: &[] };
    let filter = |text: Option<&str>, name: &str| {
        let filter = text.map(|text| Filter::parse_ld(text, &vocabulary)).transpose();
        filter.map_err(|error| error.within(name))
    };
    // What it says of entities, sources alone could tell.
    filter(subscription.condition().as_deref(), "q")?;
    Ok(Conditions {
        members: filter(subscription.csf.as_deref(), "csf")?,
        place: subscription.geo_q.as_ref().map(|query| place(query, expand)).transpose()?,
        scopes: subscription.scope_q.as_deref().map(ScopeFilter::parse).transpose()?,
        temporal: subscription.temporal_q.as_ref().map(temporal).transpose()?,
    })
}

pub(crate) fn place(query: &GeoQuery, expand: &dyn Fn(&str) -> Name) -> Result<GeoFilter, ParseError> {
    let property = expand(query.geoproperty.as_deref().unwrap_or("location"));
    let place = GeoFilter::parse_ld(&query.georel, &query.geometry, &query.coordinates(), property);
    place.map_err(|error| error.within("geoQ"))
}

fn temporal(query: &TemporalQuery) -> Result<Temporal, ParseError> {
    let times = [Some(query.time_at.as_str()), query.end_time_at.as_deref()];
    let temporal = Temporal::parse(&query.timerel, times, query.timeproperty.as_deref());
    temporal.map_err(|error| error.within("temporalQ"))
}

/// The registration as an entity whose one attribute holds it.
#[must_use]
pub fn as_told(registration: &Registration) -> Entity {
    let at = registration.modified_at;
    let mut entity = Entity::new(EntityId::from(registration.id.as_str()), Name::from("ContextSourceRegistration"), at);
    entity.attributes.push(Attribute {
        name: Name::from(REGISTRATION),
        kind: AttributeKind::Context,
        dataset_id: Name::default(),
        value_type: Name::default(),
        value: to_raw_value(registration).map_or_else(|_| JsonText::null(), |json| JsonText::from(&*json)),
        metadata: Vec::new(),
        created_at: at,
        modified_at: at,
    });
    entity
}

/// The registration that [`as_told`] made an entity of.
#[must_use]
pub fn of_told(entity: &Entity) -> Option<Registration> {
    entity.attribute(AttributeKind::Context, REGISTRATION)?.value.read()
}
