//! The entities, spread over locks by their identifier.

use std::hash::BuildHasher;
use std::sync::Arc;

use context::{EntityMap, Query};
use foldhash::fast::FixedState;
use ngsi::Entity;
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
        let mut found = Vec::new();
        if let Some(ids) = query.exact_ids() {
            let entities = ids.filter_map(|id| self.get(id));
            found.extend(entities.filter(|entity| query.matches(entity)));
            found.sort_unstable_by_key(Arc::as_ptr);
            found.dedup_by(|one, other| Arc::ptr_eq(one, other));
        } else {
            for shard in &self.0 {
                shard.read().select(query, &mut found);
                tokio::task::yield_now().await;
            }
        }
        query.limit(&mut found);
        found
    }
}
