//! The latest numbers of attributes, bounded over the whole broker without a lock that every update takes.
//!
//! Entities are spread over stripes, as they are over shards; an update locks its own stripe, for as long as adding takes. When
//! there are as many series as there may be, each stripe says in an atomic how old its oldest is, and the oldest of all makes room
//! for another once it has rested for a while: where more attributes are updated than may have a history, some have one and the
//! others cost nothing, instead of all taking turns.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use context::{Change, History, history};
use foldhash::fast::FixedState;
use ngsi::{Entity, EntityId, Timestamp};
use parking_lot::Mutex;

const STRIPES: u64 = 64;
/// A series that was updated more recently makes no room, in microseconds.
const REST_US: i64 = 60_000_000;
/// The age of the oldest series where there is none.
const NONE: i64 = i64::MAX;

pub(crate) struct Histories {
    /// The most series; with none, nothing is recorded.
    most: usize,
    /// Changed under the lock of the stripe that changes, so that none goes uncounted.
    count: AtomicUsize,
    /// No series has rested for long enough before that time.
    full_until: AtomicI64,
    stripes: Vec<Stripe>,
}

struct Stripe {
    history: Mutex<History>,
    oldest: AtomicI64,
}

impl Stripe {
    fn change<T>(&self, change: impl FnOnce(&mut History) -> T) -> T {
        let mut history = self.history.lock();
        let outcome = change(&mut history);
        self.oldest.store(history.oldest().map_or(NONE, Timestamp::as_micros), Ordering::Relaxed);
        outcome
    }
}

impl Histories {
    pub(crate) fn new(most: usize) -> Self {
        let stripe = || Stripe { history: Mutex::default(), oldest: AtomicI64::new(NONE) };
        let stripes = if most == 0 { 0 } else { STRIPES };
        Self {
            most,
            count: AtomicUsize::new(0),
            full_until: AtomicI64::new(i64::MIN),
            stripes: (0..stripes).map(|_| stripe()).collect(),
        }
    }

    /// Adds the numbers that an update has set. Call it in the order of the entity's updates.
    pub(crate) fn record(&self, entity: &Entity) {
        let Some(stripe) = self.stripe(entity.id.as_str()) else { return };
        let set = entity.context_attributes().filter(|attribute| attribute.modified_at == entity.modified_at);
        let mut numbers = set.filter_map(|attribute| Some((&attribute.name, history::number(attribute)?))).peekable();
        if numbers.peek().is_none() {
            return;
        }
        let (at, mut begun) = (entity.modified_at, false);
        stripe.change(|history| {
            history.record(&entity.id, at, numbers, || {
                let room = self.has_room(at);
                if room {
                    self.count.fetch_add(1, Ordering::Relaxed);
                    begun = true;
                }
                room
            });
        });
        if begun {
            while self.count.load(Ordering::Relaxed) > self.most && self.drop_oldest() {}
        }
    }

    /// Whether a series may begin: there is room, or the oldest one makes it.
    fn has_room(&self, now: Timestamp) -> bool {
        if self.count.load(Ordering::Relaxed) < self.most {
            return true;
        }
        if now.as_micros() < self.full_until.load(Ordering::Relaxed) {
            return false;
        }
        let oldest = self.stripes.iter().map(|stripe| stripe.oldest.load(Ordering::Relaxed)).min();
        let Some(oldest) = oldest.filter(|oldest| *oldest != NONE) else { return false };
        let until = oldest.saturating_add(REST_US);
        self.full_until.store(until, Ordering::Relaxed);
        now.as_micros() >= until
    }

    /// Forgets what a change has removed: the entity, or attributes of it.
    pub(crate) fn forget(&self, change: &Change) {
        let entity = &change.entity;
        let Some(stripe) = self.stripe(entity.id.as_str()) else { return };
        let kept = |name: &str| entity.context_attributes().any(|attribute| attribute.name == *name);
        stripe.change(|history| {
            let mut forget = |name: &str| history.forget(entity.id.key(), name);
            let gone = if change.deleted {
                entity.context_attributes().filter(|attribute| forget(attribute.name.as_str())).count()
            } else {
                change.touched.iter().filter(|name| !kept(name.as_str()) && forget(name.as_str())).count()
            };
            self.count.fetch_sub(gone, Ordering::Relaxed);
        });
    }

    /// What is kept of an attribute, oldest first.
    pub(crate) fn points(&self, entity: &EntityId, attribute: &str) -> Vec<(Timestamp, f64)> {
        let stripe = self.stripe(entity.as_str());
        stripe.map_or_else(Vec::new, |stripe| stripe.history.lock().points(entity.key(), attribute).collect())
    }

    fn stripe(&self, entity: &str) -> Option<&Stripe> {
        let stripe = (FixedState::default().hash_one(entity) % STRIPES) as usize;
        self.stripes.get(stripe)
    }

    /// Whether there was one.
    fn drop_oldest(&self) -> bool {
        let oldest = self.stripes.iter().min_by_key(|stripe| stripe.oldest.load(Ordering::Relaxed));
        oldest.is_some_and(|stripe| {
            stripe.change(|history| {
                let dropped = history.drop_oldest();
                self.count.fetch_sub(usize::from(dropped), Ordering::Relaxed);
                dropped
            })
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use ngsi::{Attribute, AttributeKind, EntityId, JsonText, Name};

    use super::*;

    fn entity(id: usize, at: Timestamp) -> Entity {
        let mut entity = Entity::new(EntityId::from(format!("Room.{id}")), Name::from("Room"), at);
        for name in ["temperature", "humidity"] {
            entity.set(Attribute {
                name: Name::from(name),
                kind: AttributeKind::Context,
                dataset_id: Name::default(),
                value_type: Name::from("float"),
                value: JsonText::from(serde_json::json!(21.5)),
                metadata: Vec::new(),
                created_at: at,
                modified_at: at,
            });
        }
        entity
    }

    fn kept(histories: &Histories, ids: std::ops::Range<usize>) -> Vec<usize> {
        ids.filter(|id| !histories.points(&format!("Room.{id}").into(), "humidity").is_empty()).collect()
    }

    #[test]
    fn who_comes_too_late_waits_until_another_has_rested() {
        let histories = Histories::new(4);
        let at = |second: i64| Timestamp::from_millis(second * 1_000);
        for second in 0..50 {
            (0..5).for_each(|id| histories.record(&entity(id, at(second))));
        }
        assert_eq!((kept(&histories, 0..5), histories.points(&"Room.1".into(), "humidity").len()), (vec![0, 1], 50));
        // Nobody updates the second one any more.
        for second in 50..109 {
            [0, 4].into_iter().for_each(|id| histories.record(&entity(id, at(second))));
        }
        assert_eq!(kept(&histories, 0..5), [0, 1]);
        histories.record(&entity(4, at(109)));
        assert_eq!(kept(&histories, 0..5), [0, 4]);
        assert_eq!(histories.count.load(Ordering::Relaxed), 4);
    }

    #[test]
    fn many_at_once_stay_within_the_bound() {
        const MOST: usize = 10;
        let histories = Histories::new(MOST);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let histories = &histories;
                scope.spawn(move || {
                    for round in 0..5_000 {
                        let entity = entity(thread * 7 + round % 11, service::now());
                        histories.record(&entity);
                        if round % 5 == 0 {
                            histories.forget(&Change::deleted(Arc::new(entity)));
                        }
                    }
                });
            }
        });
        histories.record(&entity(99, service::now()));
        let kept = (0..100).map(|id| histories.points(&format!("Room.{id}").into(), "humidity").len());
        let kept = kept.chain((0..100).map(|id| histories.points(&format!("Room.{id}").into(), "temperature").len()));
        let kept = kept.filter(|points| *points > 0).count();
        assert_eq!(kept, histories.count.load(Ordering::Relaxed));
        assert!((1..=MOST).contains(&kept), "{kept} series");
    }
}
