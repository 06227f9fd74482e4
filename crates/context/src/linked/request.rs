//! Subscriptions of NGSI-LD as a broker keeps them (ETSI GS CIM 009, 5.8).

use std::cell::RefCell;
use std::collections::BTreeMap;

use ngsi::filter::ld::{ScopeFilter, TypeFilter, Vocabulary};
use ngsi::filter::{Filter, GeoFilter};
use ngsi::ld::Context;
use ngsi::ld::subscription::{EntitySelector, GeoQuery, Subscription, Trigger};
use ngsi::v1::EntityRef;
use ngsi::v2::select::{Choice, references};
use ngsi::{Entity, JsonText, Name, ParseError, Restriction};
use serde::{Deserialize, Serialize};

use crate::cause::Action;
use crate::{Cause, Change, Query};

/// A subscription with the context that its names are of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkedRequest {
    /// As the client wrote it.
    pub subscription: Subscription,
    /// The value of a member `@context`.
    pub context: JsonText,
    /// What its names stand for, once that is known: it is served even where the context cannot be read again.
    #[serde(default)]
    pub names: BTreeMap<String, Name>,
}

impl LinkedRequest {
    /// The entities it speaks of, in the references that every broker understands.
    pub(crate) fn references(&self, expand: &dyn Fn(&str) -> Name) -> Result<Vec<EntityRef>, ParseError> {
        let mut all = Vec::new();
        for (index, selector) in self.subscription.entities.iter().enumerate() {
            let selection = Selection::compile(selector, expand);
            all.extend(selection.map_err(|error| error.within(&format!("entities[{index}]")))?.references);
        }
        if self.subscription.entities.is_empty() {
            all = references(Choice::Any, Choice::Any)?;
        }
        Ok(all)
    }

    /// What a name stands for, by what is known and by a context.
    #[must_use]
    pub fn expand(&self, context: &Context, term: &str) -> Name {
        self.names.get(term).cloned().unwrap_or_else(|| context.expand(term))
    }

    /// Whose changes it wants to hear of, and what its names stand for.
    pub(crate) fn compile(
        &self,
        context: &Context,
    ) -> Result<(Query, LinkedInterest, BTreeMap<String, Name>), ParseError> {
        let names = RefCell::new(self.names.clone());
        let expand = |term: &str| {
            let name = self.expand(context, term);
            names.borrow_mut().insert(term.to_owned(), name.clone());
            name
        };
        let query = Query::compile(&self.references(&expand)?, &[], &Restriction::default())?;
        let interest = LinkedInterest::compile(&self.subscription, &expand)?;
        Ok((query, interest, names.into_inner()))
    }
}

/// What one selector selects.
#[derive(Debug, Clone)]
struct Selection {
    references: Vec<EntityRef>,
    /// The types, where references cannot say all.
    types: Option<TypeFilter>,
}

impl Selection {
    fn compile(selector: &EntitySelector, expand: &dyn Fn(&str) -> Name) -> Result<Self, ParseError> {
        let id = match (selector.id.as_slice(), selector.id_pattern.as_deref()) {
            ([], None) => Choice::Any,
            ([], Some(pattern)) => Choice::Pattern(pattern),
            // An identifier counts before a pattern (5.2.8).
            (ids, _) => Choice::OneOf(ids.iter().map(String::as_str).collect()),
        };
        let wanted = Some(selector.types.as_str()).filter(|types| *types != "*");
        let types = wanted.map(|types| TypeFilter::parse(types, expand)).transpose()?;
        let leading = types.as_ref().map(|types| types.leading().map(Name::as_str).collect());
        let references = references(id, leading.map_or(Choice::Any, Choice::OneOf))?;
        Ok(Self { references, types: types.filter(|types| !types.is_list()) })
    }
}

/// What must happen to an entity.
#[derive(Debug, Clone)]
pub(crate) struct LinkedInterest {
    watched: Vec<Name>,
    triggers: Vec<Trigger>,
    /// Empty when the references of the query say all.
    selections: Vec<(Query, Option<TypeFilter>)>,
    filter: Option<Filter>,
    scopes: Option<ScopeFilter>,
    place: Option<GeoFilter>,
}

impl LinkedInterest {
    fn compile(subscription: &Subscription, expand: &dyn Fn(&str) -> Name) -> Result<Self, ParseError> {
        let mut selections = Vec::new();
        for selector in &subscription.entities {
            let Selection { references, types } = Selection::compile(selector, expand)?;
            selections.push((Query::compile(&references, &[], &Restriction::default())?, types));
        }
        if selections.iter().all(|(_, types)| types.is_none()) {
            selections.clear();
        }
        let vocabulary = Vocabulary { expand, expand_values: &[] };
        Ok(Self {
            watched: subscription.watched_attributes.iter().map(|name| expand(name)).collect(),
            triggers: match subscription.notification_trigger.as_slice() {
                // It is told from time to time instead.
                _ if subscription.time_interval.is_some() => Vec::new(),
                [] => vec![Trigger::AttributeCreated, Trigger::AttributeUpdated],
                given => given.to_vec(),
            },
            selections,
            filter: subscription.q.as_deref().map(|q| Filter::parse_ld(q, &vocabulary)).transpose()?,
            scopes: subscription.scope_q.as_deref().map(ScopeFilter::parse).transpose()?,
            place: subscription.geo_q.as_ref().map(|query| place(query, expand)).transpose()?,
        })
    }

    /// Whether an entity as it stands is one that is meant.
    pub(crate) fn selects(&self, entity: &Entity) -> bool {
        let selects = |(query, types): &(Query, Option<TypeFilter>)| {
            query.selects(entity) && types.as_ref().is_none_or(|types| types.matches(entity))
        };
        (self.selections.is_empty() || self.selections.iter().any(selects))
            && self.filter.as_ref().is_none_or(|filter| filter.matches(entity))
            && self.scopes.as_ref().is_none_or(|scopes| scopes.matches(entity))
            && self.place.as_ref().is_none_or(|place| place.matches(entity))
    }

    pub(crate) fn holds(&self, change: &Change, cause: &Cause) -> bool {
        self.triggers.iter().any(|trigger| self.is_pulled(*trigger, cause)) && self.selects(&change.entity)
    }

    fn is_pulled(&self, trigger: Trigger, cause: &Cause) -> bool {
        use ngsi::v2::AlterationType::{EntityCreate, EntityDelete};
        let deleted = cause.alteration == EntityDelete;
        let created = cause.alteration == EntityCreate;
        let watches = |name: &Name| self.watched.is_empty() || self.watched.contains(name);
        let did =
            |action: Action| cause.touched.iter().any(|touched| touched.action == action && watches(&touched.name));
        let any = || self.watched.is_empty() || cause.touched.iter().any(|touched| watches(&touched.name));
        match trigger {
            Trigger::EntityCreated => created && any(),
            Trigger::EntityUpdated => !created && !deleted && any(),
            Trigger::EntityDeleted => deleted,
            Trigger::AttributeCreated => !deleted && did(Action::Append),
            Trigger::AttributeUpdated => !deleted && did(Action::Update),
            Trigger::AttributeDeleted => !deleted && did(Action::Delete),
        }
    }
}

fn place(query: &GeoQuery, expand: &dyn Fn(&str) -> Name) -> Result<GeoFilter, ParseError> {
    let property = expand(query.geoproperty.as_deref().unwrap_or("location"));
    let place = GeoFilter::parse_ld(&query.georel, &query.geometry, &query.coordinates(), property);
    place.map_err(|error| error.within("geoQ"))
}
