//! What a source is subscribed to on behalf of a subscription: as much of it as the source may have (ETSI GS CIM 009, 5.8.1).
//!
//! Conditions on values, places and scopes are left out: they hold of entities as they are put together, of which a source has
//! only a part.

use std::sync::Arc;

use ngsi::ld::Context;
use ngsi::ld::parse::NULL;
use ngsi::ld::subscription::{self, Trigger};
use ngsi::registration::{Mode, Operation};
use ngsi::{Name, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::plan::can_serve;
use super::{Attributes, HasSource, Selected, Source, SourceIndex, SourceInterest};
use crate::{LinkedRequest, Request, Subscription};

/// The most selectors, and identifiers in one of them. Where it takes more, identifiers are left out.
const MAX_ITEMS: usize = 1_000;

/// Members of a subscription that may be left out.
const OPTIONAL: [&str; 5] = ["entities", "watchedAttributes", "notificationTrigger", "timeInterval", "expiresAt"];
const OPTIONAL_IN_NOTIFICATION: [&str; 2] = ["attributes", "showChanges"];

/// What a source is subscribed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Any when there is none.
    entities: Vec<Selected>,
    /// The attributes of which a change counts; any when there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    watched: Vec<Name>,
    /// The attributes that are told; all when there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<Name>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    triggers: Vec<Trigger>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time_interval: Option<u64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    show_changes: bool,
    is_active: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    /// The URL that notifications go to begins so, and ends with what tells one subscription from the other.
    reference: String,
}

/// The sources that are to be subscribed at, the first ones by their registrations' identifiers, each with what for.
#[must_use]
pub fn wishes<T: HasSource>(
    sources: &SourceIndex<T>,
    subscription: &Subscription,
    reference: &str,
    now: Timestamp,
    most: usize,
) -> Vec<(Arc<T>, Wish)> {
    let Some(wanted) = Wanted::of(subscription, now) else { return Vec::new() };
    let Some(interest) = wanted.interest() else { return Vec::new() };
    let candidates = interest.candidates(sources).into_values().filter(|entry| wanted.may_ask(entry.source()));
    let wishes = candidates.filter_map(|entry| {
        let wish = wanted.wish(&interest, entry.source(), reference)?;
        Some((entry, wish))
    });
    wishes.take(most).collect()
}

/// What one source is subscribed to; `None` if it is not.
#[must_use]
pub fn wish(subscription: &Subscription, source: &Source, reference: &str, now: Timestamp) -> Option<Wish> {
    let wanted = Wanted::of(subscription, now)?;
    // Of many subscriptions most have nothing to do with a source.
    if !wanted.may_ask(source) || !wanted.may_mean(source) {
        return None;
    }
    wanted.wish(&wanted.interest()?, source, reference)
}

/// A subscription to entities that sources may be subscribed at for.
struct Wanted<'a> {
    subscription: &'a Subscription,
    request: &'a LinkedRequest,
    now: Timestamp,
}

impl<'a> Wanted<'a> {
    fn of(subscription: &'a Subscription, now: Timestamp) -> Option<Self> {
        match &subscription.record.request {
            Request::NgsiLd(request) if !request.local && !subscription.is_expired(now) => {
                Some(Self { subscription, request, now })
            }
            _ => None,
        }
    }

    fn interest(&self) -> Option<SourceInterest> {
        let core = Context::core();
        SourceInterest::of_entities(&self.request.subscription, &|term| self.request.expand(&core, term)).ok()
    }

    /// Whether a source may be subscribed at, whatever it has.
    fn may_ask(&self, source: &Source) -> bool {
        let met = |alias: &str| self.request.via.iter().any(|hop| hop.split_whitespace().nth(1) == Some(alias));
        source.is_current(self.now)
            && source.registration.mode != Mode::Auxiliary
            && can_serve(source, Operation::CreateSubscription, &met)
    }

    /// Whether it may mean something of the source, as far as its references say what it means.
    fn may_mean(&self, source: &Source) -> bool {
        let Self { subscription, .. } = self;
        !subscription.is_meant_by_references() || source.may_have(subscription.query().selectors())
    }

    fn wish(&self, interest: &SourceInterest, source: &Source, reference: &str) -> Option<Wish> {
        let Self { subscription, request, .. } = self;
        let parts = interest.parts(source)?;
        let subscription::Subscription { notification, time_interval, notification_trigger, is_active, .. } =
            &request.subscription;
        let (watched, triggers) = match time_interval {
            Some(_) => (Vec::new(), Vec::new()),
            None => (parts.watched.names().to_vec(), notification_trigger.clone()),
        };
        Some(Wish {
            entities: few(parts.entities),
            watched,
            attributes: parts.attributes.names().to_vec(),
            // Conditions on what is gone are conditions on what was there.
            show_changes: notification.show_changes || (is_conditional(&request.subscription) && tells_ends(&triggers)),
            triggers,
            time_interval: *time_interval,
            is_active: *is_active,
            expires_at: [subscription.expires_at, source.registration.expires_at].into_iter().flatten().min(),
            reference: reference.to_owned(),
        })
    }
}

fn is_conditional(subscription: &subscription::Subscription) -> bool {
    subscription.q.is_some() || subscription.geo_q.is_some() || subscription.scope_q.is_some()
}

fn tells_ends(triggers: &[Trigger]) -> bool {
    triggers.iter().any(|trigger| matches!(trigger, Trigger::EntityDeleted | Trigger::AttributeDeleted))
}

/// What a source has of what a subscription means.
pub(super) struct Parts {
    pub(super) entities: Vec<Selected>,
    pub(super) watched: Attributes,
    /// All that the source has of these entities.
    pub(super) attributes: Attributes,
}

impl Parts {
    pub(super) fn and(mut self, other: Self) -> Self {
        self.entities.extend(other.entities);
        Self {
            entities: self.entities,
            watched: self.watched.or(other.watched),
            attributes: self.attributes.or(other.attributes),
        }
    }
}

impl Wish {
    /// The subscription of that identifier, with names of that context; `key` is what its notifications are known by.
    #[must_use]
    pub fn whole(&self, id: &str, key: &str, context: &Context) -> Map<String, Value> {
        let mut members = self.members(key, context);
        members.insert("id".to_owned(), id.into());
        members
    }

    /// What makes a subscription to `former` one to this; without it nothing is known of what there is.
    #[must_use]
    pub fn fragment(&self, former: Option<&Self>, key: &str, context: &Context) -> Map<String, Value> {
        let mut members = self.members(key, context);
        let former = former.map(|former| former.members(key, context));
        take_back(&mut members, former.as_ref(), &OPTIONAL);
        if let Some(Value::Object(notification)) = members.get_mut("notification") {
            let former = former.as_ref().and_then(|former| former.get("notification")?.as_object());
            take_back(notification, former, &OPTIONAL_IN_NOTIFICATION);
        }
        members
    }

    fn members(&self, key: &str, context: &Context) -> Map<String, Value> {
        let names = |names: &[Name]| {
            let names: Vec<_> = names.iter().map(|name| context.compact(name)).collect();
            (!names.is_empty()).then(|| json!(names))
        };
        let notification = [
            ("attributes", names(&self.attributes)),
            ("format", Some("normalized".into())),
            ("sysAttrs", Some(true.into())),
            ("showChanges", self.show_changes.then_some(true.into())),
            ("endpoint", Some(json!({ "uri": format!("{}{key}", self.reference), "accept": "application/json" }))),
        ];
        let entities = self.selectors(context);
        given([
            ("type", Some("Subscription".into())),
            ("entities", (!entities.is_empty()).then(|| entities.into())),
            ("watchedAttributes", names(&self.watched)),
            ("notificationTrigger", (!self.triggers.is_empty()).then(|| json!(self.triggers))),
            ("timeInterval", self.time_interval.map(Value::from)),
            ("isActive", Some(self.is_active.into())),
            ("expiresAt", self.expires_at.map(|at| at.brief().into())),
            ("notification", Some(given(notification).into())),
        ])
    }

    /// One selector for each type; none stands for any entity, if there are watched attributes.
    fn selectors(&self, context: &Context) -> Vec<Value> {
        match self.entities.as_slice() {
            [] if self.watched.is_empty() => vec![json!({ "type": "*" })],
            entities => entities.iter().flat_map(|selected| selectors(selected, context)).collect(),
        }
    }
}

/// Not too many, nor too many identifiers in them.
fn few(mut entities: Vec<Selected>) -> Vec<Selected> {
    let count = |entities: &[Selected]| -> usize {
        entities.iter().map(|selected| selected.types.len().max(1) * selected.ids.len().max(1)).sum()
    };
    if count(&entities) > MAX_ITEMS {
        let types = entities.into_iter().map(|Selected { types, .. }| Selected { types, ..Selected::default() });
        entities = types.collect();
        entities.sort_unstable_by(|one, other| one.types.cmp(&other.types));
        entities.dedup();
    }
    if count(&entities) > MAX_ITEMS || entities.contains(&Selected::default()) {
        entities.clear();
    }
    entities
}

/// Sets those of these members that are no more to what deletes them.
fn take_back(members: &mut Map<String, Value>, former: Option<&Map<String, Value>>, optional: &[&str]) {
    for name in optional.iter().filter(|name| former.is_none_or(|former| former.contains_key(**name))) {
        members.entry(*name).or_insert_with(|| NULL.into());
    }
}

fn given<const N: usize>(members: [(&str, Option<Value>); N]) -> Map<String, Value> {
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn selectors(selected: &Selected, context: &Context) -> Vec<Value> {
    let Selected { ids, pattern, types } = selected;
    let id = match ids.as_slice() {
        [] if pattern.is_empty() => None,
        [] => Some(("idPattern", Value::from(pattern.as_str()))),
        [id] => Some(("id", id.as_str().into())),
        ids => Some(("id", json!(ids))),
    };
    let selector = |entity_type: &str| {
        let mut selector = json!({ "type": entity_type });
        if let Some((member, value)) = &id {
            selector[*member] = value.clone();
        }
        selector
    };
    match types.as_slice() {
        [] => vec![selector("*")],
        types => types.iter().map(|name| selector(&context.compact(name))).collect(),
    }
}
