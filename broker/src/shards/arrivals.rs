//! Entities in the order in which they came: what a list answers when nothing else is asked for.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use context::{Cover, Query};
use ngsi::filter::{Filter, GeoFilter};
use ngsi::{Entity, EntityId, Timestamp};

use super::Shards;

/// How many entities are looked at before others may run.
const TURN: usize = 4_096;
/// How many entities of a shard are looked at first, and at most before the other shards have their turn.
const FIRST_STEP: usize = 16;
const LONGEST_STEP: usize = 512;
/// How many entities tell how many more would have to be looked at.
const SAMPLE: usize = 1_024;
/// How many entities are sifted in the time that it takes to look at one.
const SIFTED: usize = 25;

/// The first of those that are meant.
pub(crate) struct Arrivals<'a> {
    pub(crate) query: &'a Query,
    /// Where they are, as far as it helps to find them.
    pub(crate) place: Option<&'a GeoFilter>,
    /// What all that are wanted meet, as far as it helps to find them.
    pub(crate) filters: Vec<&'a Filter>,
    /// How many of them.
    pub(crate) most: usize,
    /// Whether it matters how many there are beyond.
    pub(crate) counts: bool,
}

/// What orders entities: when they were created, then by identifier.
fn arrival(entity: &Entity) -> (Timestamp, &EntityId) {
    (entity.created_at, &entity.id)
}

impl Arrivals<'_> {
    /// Those that are wanted, in order, and how many there are; when that does not matter it may be fewer, but not fewer than
    /// were asked for.
    pub(crate) async fn find(&self, shards: &Shards, wanted: impl Fn(&Entity) -> bool) -> (Vec<Arc<Entity>>, usize) {
        let mut found = Found { entities: Vec::new(), most: self.most, dropped: 0, looked_at: 0 };
        let bounds = self.place.and_then(GeoFilter::bounds).filter(|_| self.query.exact_ids().is_none());
        if let Some(bounds) = bounds {
            self.look_around(shards, &Cover::of(&bounds), &mut found, &wanted).await;
        } else if self.can_walk(shards) {
            self.walk(shards, &mut found, &wanted).await;
        } else {
            self.scan(shards, &mut found, &wanted).await;
        }
        found.settle();
        (found.entities, found.dropped)
    }

    /// Gathers what may be in the area, and only looks closer, in order, as far as it must.
    async fn look_around(&self, shards: &Shards, cover: &Cover, found: &mut Found, wanted: &impl Fn(&Entity) -> bool) {
        let mut candidates = Vec::new();
        for shard in &shards.0 {
            let seen = candidates.len();
            shard.read().select_around(cover, self.query, &mut candidates);
            found.looked_at += candidates.len() - seen;
            found.yield_now().await;
        }
        candidates.sort_unstable_by(|one, other| arrival(one).cmp(&arrival(other)));
        for entity in candidates {
            if !self.counts && found.entities.len() >= self.most {
                return;
            }
            found.looked_at += 1;
            found.take(|entities| entities.extend(Some(entity).filter(|entity| wanted(entity))));
            found.yield_now().await;
        }
    }

    fn can_walk(&self, shards: &Shards) -> bool {
        self.query.exact_ids().is_none() && shards.0.iter().all(|shard| shard.read().can_walk(self.query))
    }

    /// Goes through all shards at the same pace, until as many are found as are asked for, or to the end to count them. When that
    /// would take longer than sifting all, the shards learn what is asked for and are sifted.
    async fn walk(&self, shards: &Shards, found: &mut Found, wanted: &impl Fn(&Entity) -> bool) {
        let (first, total) = (if self.counts { LONGEST_STEP } else { FIRST_STEP }, shards.len());
        let mut seen = 0;
        let mut ahead: BinaryHeap<_> = (0..shards.0.len()).map(|shard| Reverse((None, shard, first))).collect();
        while let Some(Reverse((after, shard, step))) = ahead.pop() {
            // Nothing that is still to come was created before this.
            if !self.counts && after.is_some_and(|after| found.has_enough_until(after)) {
                return;
            }
            let mut until = None;
            let entities_of = &shards.0[shard];
            found.take(|entities| {
                until = entities_of.read().walk(self.query, &self.filters, (after, step), wanted, entities);
            });
            found.looked_at += step;
            seen += step;
            if until.is_some() {
                if self.takes_long(seen, found.entities.len(), total) && self.can_sift(shards) {
                    return self.sift(shards, found, wanted).await;
                }
                ahead.push(Reverse((until, shard, (step * 2).min(LONGEST_STEP))));
            }
            found.yield_now().await;
        }
    }

    /// Whether sifting all would be quicker than going on, as far as can be told from what was seen.
    fn takes_long(&self, seen: usize, hits: usize, total: usize) -> bool {
        let lacking = self.most.saturating_sub(hits);
        seen >= SAMPLE && (self.counts || lacking.saturating_mul(seen) / hits.max(1) > total / SIFTED)
    }

    fn can_sift(&self, shards: &Shards) -> bool {
        !self.filters.is_empty() && shards.0.iter().all(|shard| shard.read().can_sift(self.query))
    }

    /// Begins anew with all entities of which it is not known that they are not wanted.
    async fn sift(&self, shards: &Shards, found: &mut Found, wanted: &impl Fn(&Entity) -> bool) {
        found.forget();
        for shard in &shards.0 {
            for filter in &self.filters {
                if shard.read().can_learn(filter) {
                    shard.write().learn(filter);
                    tokio::task::yield_now().await;
                }
            }
            found.take(|entities| shard.read().sift(self.query, &self.filters, wanted, entities));
            found.looked_at += LONGEST_STEP;
            found.yield_now().await;
        }
    }

    async fn scan(&self, shards: &Shards, found: &mut Found, wanted: &impl Fn(&Entity) -> bool) {
        let may_repeat = self.query.exact_ids().is_some();
        for shard in &shards.0 {
            let mut selected = Vec::new();
            shard.read().select(self.query, &mut selected);
            found.looked_at += selected.len();
            if may_repeat {
                selected.sort_unstable_by_key(Arc::as_ptr);
                selected.dedup_by(|one, other| Arc::ptr_eq(one, other));
            }
            found.take(|entities| entities.extend(selected.into_iter().filter(|entity| wanted(entity))));
            found.yield_now().await;
        }
    }
}

/// What has been found so far.
struct Found {
    entities: Vec<Arc<Entity>>,
    most: usize,
    dropped: usize,
    /// Since others could run.
    looked_at: usize,
}

impl Found {
    /// Adds some, and keeps only what may be among the first.
    fn take(&mut self, add: impl FnOnce(&mut Vec<Arc<Entity>>)) {
        let seen = self.entities.len();
        add(&mut self.entities);
        self.looked_at += self.entities.len() - seen;
        if self.entities.len() / 2 > self.most {
            self.drop_last();
        }
    }

    fn forget(&mut self) {
        self.entities.clear();
        self.dropped = 0;
    }

    fn drop_last(&mut self) {
        let dropped = self.entities.len().saturating_sub(self.most);
        if dropped > 0 {
            self.entities.select_nth_unstable_by(self.most, |one, other| arrival(one).cmp(&arrival(other)));
            self.entities.truncate(self.most);
            self.dropped += dropped;
        }
    }

    fn has_enough_until(&self, last: Timestamp) -> bool {
        self.entities.len() >= self.most
            && self.entities.iter().filter(|entity| entity.created_at <= last).count() >= self.most
    }

    /// In order; `dropped` counts all from now on.
    fn settle(&mut self) {
        self.drop_last();
        self.dropped += self.entities.len();
        self.entities.sort_unstable_by(|one, other| arrival(one).cmp(&arrival(other)));
    }

    async fn yield_now(&mut self) {
        if self.looked_at >= TURN {
            self.looked_at = 0;
            tokio::task::yield_now().await;
        }
    }
}
