//! The entities, spread over locks by their identifier.

mod arrivals;

pub(crate) use arrivals::Arrivals;

use std::hash::BuildHasher;
use std::sync::Arc;

use context::{EntityMap, Query};
use foldhash::fast::FixedState;
use ngsi::{Entity, EntityId};
use parking_lot::RwLock;

const SHARDS: u64 = 64;

pub(crate) struct Shards(Vec<RwLock<EntityMap>>);

impl Shards {
    pub(crate) fn new() -> Self {
        Self((0..SHARDS).map(|_| RwLock::default()).collect())
    }

    /// The shard that holds, or would hold, the entity.
    pub(crate) fn of(&self, id: &str) -> &RwLock<EntityMap> {
        let shard = (FixedState::default().hash_one(id) % SHARDS) as usize;
        &self.0[shard]
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<Entity>> {
        self.of(id).read().get(id).cloned()
    }

    pub(crate) fn holds(&self, id: &str) -> bool {
        self.of(id).read().get(id).is_some()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|shard| shard.read().len()).sum()
    }

    /// Every entity of one shard; `None` behind the last shard.
    pub(crate) fn page(&self, shard: usize) -> Option<Vec<Arc<Entity>>> {
        self.0.get(shard).map(|shard| shard.read().iter().cloned().collect())
    }

    /// The entities that meet the query, the nearest if it asks for those. Lets others run between shards.
    pub(crate) async fn select(&self, query: &Query) -> Vec<Arc<Entity>> {
        let (mut found, _) = self.select_first(query, usize::MAX).await;
        query.limit(&mut found);
        found
    }

    /// The first by identifier of the entities that meet the query, in any order, and how many meet it.
    pub(crate) async fn select_first(&self, query: &Query, most: usize) -> (Vec<Arc<Entity>>, usize) {
        let mut found = Vec::new();
        let mut dropped = 0;
        if let Some(ids) = query.exact_ids() {
            let entities = ids.filter_map(|id| self.get(id));
            found.extend(entities.filter(|entity| query.matches(entity)));
            found.sort_unstable_by_key(Arc::as_ptr);
            found.dedup_by(|one, other| Arc::ptr_eq(one, other));
        } else {
            for shard in &self.0 {
                shard.read().select(query, &mut found);
                if found.len() / 2 > most {
                    dropped += keep_first(&mut found, most, |entity| &entity.id);
                }
                tokio::task::yield_now().await;
            }
        }
        dropped += keep_first(&mut found, most, |entity| &entity.id);
        let count = found.len() + dropped;
        (found, count)
    }
}

/// Keeps the first by identifier, in any order; how many had to go.
pub(crate) fn keep_first<T>(found: &mut Vec<T>, most: usize, id: impl Fn(&T) -> &EntityId) -> usize {
    let dropped = found.len().saturating_sub(most);
    if dropped > 0 {
        found.select_nth_unstable_by(most, |one, other| id(one).cmp(id(other)));
        found.truncate(most);
    }
    dropped
}
