//! The entities of types that pages watch.
//!
//! One subscription serves all pages that watch a type. Entities are kept as the text that pages get, so it is written once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ngsi::v1::ContextElement;
use ngsi::{EntityId, Timestamp};
use serde_json::value::RawValue;

use super::tracked::Tracked;

/// Types that one page may watch.
pub(crate) const MAX_WATCHED_TYPES: usize = 64;
/// A type with more entities than this is not watched.
pub(crate) const MAX_OF_TYPE: u64 = 20_000;
/// Entities kept of all types together.
const MAX_ENTITIES: usize = 50_000;
/// Their text, in bytes.
const MAX_BYTES: usize = 128 * 1024 * 1024;
/// Until a failed attempt to subscribe is repeated.
const RETRY: Duration = Duration::from_secs(5);
/// Until the broker is asked whether it still has a subscription.
const CHECK: Duration = Duration::from_secs(30);
/// How long a type is followed after the last page has gone: pages open a new stream to watch something else.
const LINGER: Duration = Duration::from_secs(10);

/// An entity as it stands.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) text: Arc<RawValue>,
    /// How often it was updated since it is watched.
    pub(crate) updates: u64,
    /// The number of the latest change when it appeared.
    pub(crate) born: u64,
}

/// Whether a type can be watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WatchState {
    /// It is being subscribed to.
    Asked,
    Live,
    Refused(String),
    /// It will be tried again.
    Failed(String),
}

/// A type that is watched.
#[derive(Debug)]
pub(crate) struct WatchedType {
    pub(crate) state: WatchState,
    /// Names the subscription in the URL that its notifications go to.
    pub(crate) token: String,
    /// The subscription at the broker, once it is made.
    pub(crate) subscription: Option<String>,
    pub(crate) entities: Tracked<EntityId, Watched>,
    watchers: usize,
    left: Option<Timestamp>,
    /// When to look at it again.
    due: Timestamp,
}

/// What the driver is to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Subscribe {
        entity_type: String,
        token: String,
    },
    /// Whether the broker still has it.
    Check {
        token: String,
        subscription: String,
    },
    Cancel {
        subscription: String,
    },
}

/// All watched types.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    types: BTreeMap<String, WatchedType>,
    entities: usize,
    bytes: usize,
}

impl Watches {
    /// One more page watches the type; `token` is used when it is the first.
    pub(crate) fn enter(&mut self, entity_type: &str, token: impl FnOnce() -> String) {
        let fresh = || WatchedType {
            state: WatchState::Asked,
            token: token(),
            subscription: None,
            entities: Tracked::default(),
            watchers: 0,
            left: None,
            due: Timestamp::default(),
        };
        let watched = self.types.entry(entity_type.to_owned()).or_insert_with(fresh);
        watched.watchers += 1;
        watched.left = None;
    }

    /// One page less watches the type.
    pub(crate) fn leave(&mut self, entity_type: &str, now: Timestamp) {
        let Some(watched) = self.types.get_mut(entity_type) else { return };
        watched.watchers = watched.watchers.saturating_sub(1);
        if watched.watchers == 0 {
            watched.left = Some(now);
        }
    }

    pub(crate) fn get(&self, entity_type: &str) -> Option<&WatchedType> {
        self.types.get(entity_type)
    }

    /// How often an entity was updated, if its type is watched.
    pub(crate) fn updates(&self, entity_type: &str, id: &str) -> Option<u64> {
        let watched = self.types.get(entity_type).filter(|watched| watched.state == WatchState::Live)?;
        Some(watched.entities.get(&EntityId::from(id)).map_or(0, |entity| entity.updates))
    }

    /// What there is to do for types: those that nobody watches any more are forgotten.
    pub(crate) fn tasks(&mut self, now: Timestamp) -> Vec<Task> {
        let gone = |watched: &WatchedType| watched.left.is_some_and(|left| now.since(left) >= LINGER);
        let (mut tasks, mut freed) = (Vec::new(), Vec::new());
        self.types.retain(|_, watched| {
            if gone(watched) {
                tasks.extend(watched.subscription.take().map(|subscription| Task::Cancel { subscription }));
                freed.push(watched.clear());
                return false;
            }
            true
        });
        freed.into_iter().for_each(|freed| self.free(freed));
        tasks.extend(self.types.iter_mut().filter_map(|(entity_type, watched)| watched.task(entity_type, now)));
        tasks
    }

    /// The subscriptions that are held.
    pub(crate) fn subscriptions(&self) -> Vec<String> {
        self.types.values().filter_map(|watched| watched.subscription.clone()).collect()
    }

    /// Whether a type is watched under this token.
    pub(crate) fn has_token(&self, token: &str) -> bool {
        self.types.values().any(|watched| watched.token == token)
    }

    /// How an attempt to subscribe ended; whether anybody still wants it.
    pub(crate) fn subscribed(&mut self, token: &str, outcome: Result<String, WatchState>) -> bool {
        let Some(watched) = self.of_token(token) else { return false };
        match outcome {
            Ok(subscription) => (watched.subscription, watched.state) = (Some(subscription), WatchState::Live),
            Err(state) => watched.state = state,
        }
        true
    }

    /// The broker has lost the subscription: it is to be made again, and brings all entities again.
    pub(crate) fn lost(&mut self, token: &str) {
        let Some(watched) = self.of_token(token) else { return };
        (watched.subscription, watched.due) = (None, Timestamp::default());
        let freed = watched.clear();
        self.free(freed);
    }

    /// Takes what a notification brought; whether the type is watched.
    pub(crate) fn notified(&mut self, token: &str, elements: &[ContextElement]) -> bool {
        let Some((entity_type, _)) = self.types.iter().find(|(_, watched)| watched.token == token) else {
            return false;
        };
        let entity_type = entity_type.clone();
        elements.iter().for_each(|element| self.take(&entity_type, element));
        true
    }

    fn take(&mut self, entity_type: &str, element: &ContextElement) {
        let Self { types, entities: count, bytes } = self;
        // What still comes for one that is refused is not wanted, until its subscription is cancelled.
        let watched = types.get_mut(entity_type).filter(|watched| !matches!(watched.state, WatchState::Refused(_)));
        let Some(watched) = watched else { return };
        let id = &element.entity.id;
        if element.attributes.is_empty() && element.domain_metadata.is_empty() {
            if let Some(gone) = watched.entities.remove(id) {
                *count -= 1;
                *bytes -= gone.text.get().len();
            }
            return;
        }
        let Some(text) = serde_json::to_string(element).ok().and_then(|text| RawValue::from_string(text).ok()) else {
            return;
        };
        let known = watched.entities.get(id);
        if known.is_none()
            && (*count >= MAX_ENTITIES || *bytes >= MAX_BYTES || watched.entities.len() as u64 >= MAX_OF_TYPE)
        {
            watched.state = WatchState::Refused(format!(
                "there are too many entities: at most {MAX_OF_TYPE} of a type and {MAX_ENTITIES} of all types are followed"
            ));
            let freed = watched.clear();
            self.free(freed);
            return;
        }
        let updates = known.map_or(0, |known| known.updates + 1);
        let born = known.map_or_else(|| watched.entities.latest(), |known| known.born);
        *count += usize::from(known.is_none());
        *bytes = *bytes + text.get().len() - known.map_or(0, |known| known.text.get().len());
        watched.entities.set(id.clone(), Watched { text: text.into(), updates, born });
    }

    fn of_token(&mut self, token: &str) -> Option<&mut WatchedType> {
        self.types.values_mut().find(|watched| watched.token == token)
    }

    fn free(&mut self, (entities, bytes): (usize, usize)) {
        self.entities -= entities;
        self.bytes -= bytes;
    }
}

impl WatchedType {
    fn task(&mut self, entity_type: &str, now: Timestamp) -> Option<Task> {
        if matches!(self.state, WatchState::Refused(_)) {
            return self.subscription.take().map(|subscription| Task::Cancel { subscription });
        }
        if now < self.due {
            return None;
        }
        let token = self.token.clone();
        Some(match self.subscription.clone() {
            Some(subscription) => {
                self.due = now.after(CHECK);
                Task::Check { token, subscription }
            }
            None => {
                self.due = now.after(RETRY);
                Task::Subscribe { entity_type: entity_type.to_owned(), token }
            }
        })
    }

    /// Removes all entities: how many, and how many bytes they had.
    fn clear(&mut self) -> (usize, usize) {
        let entities = self.entities.len();
        let bytes = self.entities.values().map(|entity| entity.text.get().len()).sum();
        self.entities.retain(|_, _| false);
        (entities, bytes)
    }
}

#[cfg(test)]
#[path = "entities_tests.rs"]
mod tests;
