//! What one subscriber has still to be told.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use hashbrown::HashMap;
use ngsi::{Entity, EntityId, Timestamp};
use smallvec::SmallVec;

use crate::Cause;

/// Notices kept one by one; beyond, only the latest of each entity is.
pub const KEPT: usize = 1_000;
/// Bytes kept one by one, roughly.
pub const KEPT_BYTES: usize = 4 * 1024 * 1024;
/// Notices kept in any case; beyond, the oldest is given up.
pub const BOUND: usize = 10_000;
/// Bytes kept in any case, roughly.
pub const BOUND_BYTES: usize = 32 * 1024 * 1024;

/// One state of an entity that a subscriber is to be told.
#[derive(Debug, Clone)]
pub struct Notice {
    /// Its number in the durable outbox; zero when it is not kept there.
    pub seq: u64,
    /// The state; the last one when [`Notice::deleted`].
    pub entity: Arc<Entity>,
    /// Whether the entity is gone.
    pub deleted: bool,
    /// When it became due.
    pub due_at: Timestamp,
    /// What led to the state, where a subscriber wants to know.
    pub cause: Option<Arc<Cause>>,
}

impl Notice {
    /// About how many bytes it takes in memory and on the wire.
    #[must_use]
    pub fn weight(&self) -> usize {
        let attributes = self.entity.attributes.iter();
        let each = attributes.map(|attribute| {
            let metadata: usize = attribute.metadata.iter().map(|metadatum| 64 + metadatum.value.as_str().len()).sum();
            128 + attribute.value.as_str().len() + metadata
        });
        256 + each.sum::<usize>() + self.cause.as_ref().map_or(0, |cause| cause.weight())
    }

    /// Takes over what led to an earlier state that is not told any more.
    fn absorb(&mut self, earlier: &Self) {
        if let (Some(cause), Some(before)) = (&self.cause, &earlier.cause) {
            self.cause = Some(Arc::new(cause.after(before)));
        }
    }
}

/// What a bound or a later state made superfluous.
#[derive(Debug, Clone)]
pub enum Displaced {
    /// A later state of the same entity waits.
    Merged(Notice),
    /// There was no room: the subscriber will never learn this state.
    Lost(Notice),
}

/// Due notices in order, behind the entities as they stood when the subscription was made.
#[derive(Debug, Default)]
pub struct Backlog {
    initial: VecDeque<Notice>,
    notices: BTreeMap<u64, Notice>,
    /// The place of each entity's latest notice.
    latest: HashMap<EntityId, u64>,
    next: u64,
    bytes: usize,
    held: bool,
}

impl Backlog {
    /// A backlog that gives nothing out until [`Backlog::open`].
    #[must_use]
    pub fn held() -> Self {
        Self { held: true, ..Self::default() }
    }

    /// Begins to give out.
    pub fn open(&mut self) {
        self.held = false;
    }

    /// Adds a notice. With `latest_only` an earlier state of the same entity that still waits is replaced.
    pub fn push(&mut self, mut notice: Notice, latest_only: bool) -> SmallVec<[Displaced; 1]> {
        let mut displaced = SmallVec::new();
        if latest_only || self.notices.len() >= KEPT || self.bytes >= KEPT_BYTES {
            let earlier = self.latest.get(&notice.entity.id).copied();
            if let Some(earlier) = earlier.and_then(|place| self.remove(place)) {
                notice.absorb(&earlier);
                displaced.push(Displaced::Merged(earlier));
            }
        }
        let weight = notice.weight();
        while self.notices.len() >= BOUND || (self.bytes + weight > BOUND_BYTES && !self.notices.is_empty()) {
            displaced.extend(self.pop().map(Displaced::Lost));
        }
        self.bytes += weight;
        self.latest.insert(notice.entity.id.clone(), self.next);
        self.notices.insert(self.next, notice);
        self.next += 1;
        displaced
    }

    /// Sets the entities as they stood, and gives back the waiting notices that they already contain.
    pub fn begin_with(&mut self, initial: Vec<Arc<Entity>>, now: Timestamp) -> Vec<Notice> {
        let superfluous = self.contained_in(&initial).into_iter().filter_map(|place| self.remove(place)).collect();
        let notices =
            initial.into_iter().map(|entity| Notice { seq: 0, entity, deleted: false, due_at: now, cause: None });
        self.initial = notices.collect();
        superfluous
    }

    fn contained_in(&self, entities: &[Arc<Entity>]) -> Vec<u64> {
        if self.notices.is_empty() {
            return Vec::new();
        }
        let seen: HashMap<_, _> = entities.iter().map(|entity| (&entity.id, entity.modified_at)).collect();
        let contained = self.notices.iter().filter(|(_, notice)| {
            let seen = seen.get(&notice.entity.id);
            !notice.deleted && seen.is_some_and(|seen| *seen >= notice.entity.modified_at)
        });
        contained.map(|(place, _)| *place).collect()
    }

    /// Takes up to `limit` notices of about `bytes` together, at least one, oldest first.
    pub fn take(&mut self, limit: usize, bytes: usize) -> Vec<Notice> {
        let mut taken = Vec::new();
        let mut weight = 0;
        let initial = !self.initial.is_empty();
        while !self.held && taken.len() < limit && weight < bytes {
            let next = if initial { self.initial.pop_front() } else { self.pop() };
            let Some(notice) = next else { break };
            weight += notice.weight();
            taken.push(notice);
        }
        taken
    }

    /// Takes every notice that became due before `time`.
    pub fn take_older(&mut self, time: Timestamp) -> Vec<Notice> {
        let mut old = Vec::new();
        while self.initial.front().is_some_and(|notice| notice.due_at < time) {
            old.extend(self.initial.pop_front());
        }
        while self.notices.first_key_value().is_some_and(|(_, notice)| notice.due_at < time) {
            old.extend(self.pop());
        }
        old
    }

    /// Takes everything.
    pub fn clear(&mut self) -> Vec<Notice> {
        self.latest.clear();
        self.bytes = 0;
        self.initial.drain(..).chain(std::mem::take(&mut self.notices).into_values()).collect()
    }

    /// Number of notices that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.initial.len() + self.notices.len()
    }

    /// Whether there is nothing to give out now.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held || self.len() == 0
    }

    /// Whether what stood at the beginning is next.
    #[must_use]
    pub fn begins(&self) -> bool {
        !self.initial.is_empty()
    }

    /// Whether the entities as they stood are all taken.
    #[must_use]
    pub fn is_past_initial(&self) -> bool {
        !self.held && self.initial.is_empty()
    }

    fn pop(&mut self) -> Option<Notice> {
        let place = *self.notices.first_key_value()?.0;
        self.remove(place)
    }

    fn remove(&mut self, place: u64) -> Option<Notice> {
        let notice = self.notices.remove(&place)?;
        self.bytes = self.bytes.saturating_sub(notice.weight());
        if self.latest.get(&notice.entity.id) == Some(&place) {
            self.latest.remove(&notice.entity.id);
        }
        Some(notice)
    }
}
