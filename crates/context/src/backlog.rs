//! What one subscriber has still to be told.

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashMap;
use ngsi::{Entity, EntityId, Timestamp};

/// Notices kept one by one; beyond, only the latest of each entity is.
pub const KEPT: usize = 1_000;
/// Notices kept in any case; beyond, the oldest is given up.
pub const BOUND: usize = 10_000;

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
    notices: VecDeque<Notice>,
    held: bool,
}

impl Backlog {
    /// A backlog that gives nothing out until [`Backlog::open`].
    #[must_use]
    pub fn held() -> Self {
        Self { held: true, ..Self::default() }
    }

    /// Adds a notice. With `latest_only` an earlier state of the same entity that still waits is replaced.
    pub fn push(&mut self, notice: Notice, latest_only: bool) -> Option<Displaced> {
        let mut displaced = None;
        if latest_only || self.notices.len() >= KEPT {
            let same = self.notices.iter().position(|earlier| earlier.entity.id == notice.entity.id);
            displaced = same.and_then(|at| self.notices.remove(at)).map(Displaced::Merged);
        }
        if displaced.is_none() && self.notices.len() >= BOUND {
            displaced = self.notices.pop_front().map(Displaced::Lost);
        }
        self.notices.push_back(notice);
        displaced
    }

    /// Begins to give out.
    pub fn open(&mut self) {
        self.held = false;
    }

    /// Sets the entities as they stood, and gives back the waiting notices that they already contain.
    pub fn begin_with(&mut self, initial: Vec<Arc<Entity>>, now: Timestamp) -> Vec<Notice> {
        let known: HashMap<EntityId, Timestamp> =
            initial.iter().map(|entity| (entity.id.clone(), entity.modified_at)).collect();
        let contained = |notice: &Notice| {
            !notice.deleted && known.get(&notice.entity.id).is_some_and(|seen| *seen >= notice.entity.modified_at)
        };
        let (superfluous, waiting) = self.notices.drain(..).partition(contained);
        self.notices = waiting;
        let notices = initial.into_iter().map(|entity| Notice { seq: 0, entity, deleted: false, due_at: now });
        self.initial.extend(notices);
        superfluous.into()
    }

    /// Takes up to `limit` notices, oldest first.
    pub fn take(&mut self, limit: usize) -> Vec<Notice> {
        if self.held {
            return Vec::new();
        }
        let queue = if self.initial.is_empty() { &mut self.notices } else { &mut self.initial };
        queue.drain(..limit.min(queue.len())).collect()
    }

    /// Takes every notice that became due before `time`.
    pub fn take_older(&mut self, time: Timestamp) -> Vec<Notice> {
        let mut old = Vec::new();
        for queue in [&mut self.initial, &mut self.notices] {
            while queue.front().is_some_and(|notice| notice.due_at < time) {
                old.extend(queue.pop_front());
            }
        }
        old
    }

    /// Takes everything.
    pub fn clear(&mut self) -> Vec<Notice> {
        self.initial.drain(..).chain(self.notices.drain(..)).collect()
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

    /// Whether the entities as they stood are all taken.
    #[must_use]
    pub fn is_past_initial(&self) -> bool {
        !self.held && self.initial.is_empty()
    }
}
