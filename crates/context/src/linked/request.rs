//! Subscriptions of NGSI-LD as a broker keeps them (ETSI GS CIM 009, 5.8).

use std::cell::RefCell;
use std::collections::BTreeMap;

use ngsi::filter::ld::{ScopeFilter, TypeFilter, Vocabulary};
use ngsi::filter::{Filter, GeoFilter};
use ngsi::ld::Context;
use ngsi::ld::subscription::{EntitySelector, Subscription, Trigger};
use ngsi::v1::EntityRef;
use ngsi::v2::select::{Choice, references};
use ngsi::{Entity, JsonText, Name, ParseError, Restriction, Timestamp};
use serde::{Deserialize, Serialize};

use crate::cause::Action;
use crate::outgoing::departed;
use crate::sources::{SourceInterest, place};
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
    /// When it was last changed; never if it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified_at: Option<Timestamp>,
    /// Whether sources outside are none of its business.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub local: bool,
    /// The brokers and sources that it has been to, as `Via` names them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<String>,
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

    /// The value of a member `@context` that notifications are written in: `jsonldContext`, or else that of the subscription.
    #[must_use]
    pub fn notifying_context(&self) -> serde_json::Value {
        let given = self.subscription.jsonld_context.as_ref();
        given.map_or_else(|| self.context.to_value(), |url| serde_json::Value::from(url.as_str()))
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
        if self.subscription.temporal_q.is_some() {
            return Err(ParseError::new("temporalQ", "is for subscriptions to registrations of context sources"));
        }
        let ((query, interest), names) = self.noting_names(context, |expand| {
            let query = Query::compile(&self.references(expand)?, &[], &Restriction::default())?;
            Ok((query, LinkedInterest::compile(&self.subscription, expand)?))
        })?;
        Ok((query, interest, names))
    }

    /// Of which registrations it wants to hear, and what its names stand for.
    pub(crate) fn compile_for_sources(
        &self,
        context: &Context,
    ) -> Result<(SourceInterest, BTreeMap<String, Name>), ParseError> {
        self.noting_names(context, |expand| SourceInterest::compile(&self.subscription, expand))
    }

    fn noting_names<T>(
        &self,
        context: &Context,
        compile: impl FnOnce(&dyn Fn(&str) -> Name) -> Result<T, ParseError>,
    ) -> Result<(T, BTreeMap<String, Name>), ParseError> {
        let names = RefCell::new(self.names.clone());
        let compiled = compile(&|term: &str| {
            let name = self.expand(context, term);
            names.borrow_mut().insert(term.to_owned(), name.clone());
            name
        })?;
        Ok((compiled, names.into_inner()))
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
        let filter = |text: Option<&str>, name: &str| {
            let filter = text.map(|text| Filter::parse_ld(text, &vocabulary)).transpose();
            filter.map_err(|error| error.within(name))
        };
        // It is on registrations, which are looked at when a source is subscribed at.
        filter(subscription.csf.as_deref(), "csf")?;
        Ok(Self {
            watched: subscription.watched_attributes.iter().map(|name| expand(name)).collect(),
            triggers: match subscription.notification_trigger.as_slice() {
                // It is told from time to time instead.
                _ if subscription.time_interval.is_some() => Vec::new(),
                [] => vec![Trigger::AttributeCreated, Trigger::AttributeUpdated],
                given => given.to_vec(),
            },
            selections,
            filter: filter(subscription.condition().as_deref(), "q")?,
            scopes: subscription.scope_q.as_deref().map(ScopeFilter::parse).transpose()?,
            place: subscription.geo_q.as_ref().map(|query| place(query, expand)).transpose()?,
        })
    }

    /// Whether the references of the query say all of which entities are meant.
    pub(crate) fn is_by_references(&self) -> bool {
        self.selections.is_empty()
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
        self.triggers.iter().any(|trigger| self.is_pulled(*trigger, cause, &change.entity))
            && self.selects(&change.entity)
    }

    fn is_pulled(&self, trigger: Trigger, cause: &Cause, entity: &Entity) -> bool {
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
            Trigger::AttributeDeleted if deleted => entity.attributes.iter().any(|gone| watches(&gone.name)),
            Trigger::AttributeDeleted => departed(cause, entity).any(|gone| watches(&gone.name)),
        }
    }
}
