//! The entities, spread over locks by their identifier.

mod arrivals;

pub(crate) use arrivals::Arrivals;

use std::hash::BuildHasher;
use std::sync::Arc;

use context::{EntityMap, Query};
use foldhash::fast::FixedState;
use ngsi::{Entity, EntityId};
use parking_lot::{RwLock, RwLockWriteGuard};
use smallvec::SmallVec;

const SHARDS: u64 = 64;

/// Several entities are meant where it must be one.
#[derive(Debug)]
pub(crate) struct Several;

pub(crate) struct Shards(Vec<RwLock<EntityMap>>);

/// Shards that are locked for writing, in their order.
pub(crate) struct Locked<'s>(SmallVec<[(usize, RwLockWriteGuard<'s, EntityMap>); 1]>);

impl Locked<'_> {
    /// The shard of one of the identifiers that were locked.
    pub(crate) fn of(&mut self, id: &str) -> &mut EntityMap {
        let place = place(id);
        let at = self.0.partition_point(|(locked, _)| *locked < place);
        &mut self.0[at].1
    }
}

fn place(id: &str) -> usize {
    (FixedState::default().hash_one(id) % SHARDS) as usize
}

impl Shards {
    pub(crate) fn new() -> Self {
        Self((0..SHARDS).map(|_| RwLock::default()).collect())
    }

    /// The shard that holds, or would hold, the entity.
    pub(crate) fn of(&self, id: &str) -> &RwLock<EntityMap> {
        &self.0[place(id)]
    }

    /// The shards of these identifiers, for writing. Several are locked in one order by all, so that nobody waits in a circle.
    pub(crate) fn lock<'i>(&self, ids: impl Iterator<Item = &'i str>) -> Locked<'_> {
        let mut places: SmallVec<[usize; 1]> = ids.map(place).collect();
        places.sort_unstable();
        places.dedup();
        Locked(places.into_iter().map(|place| (place, self.0[place].write())).collect())
    }

    /// The entity with that identifier; the first of several.
    pub(crate) fn get(&self, id: &str) -> Option<Arc<Entity>> {
        self.of(id).read().get(id).cloned()
    }

    /// The entity with that identifier that is meant.
    pub(crate) fn pick(&self, id: &str, meant: impl Fn(&Entity) -> bool) -> Result<Option<Arc<Entity>>, Several> {
        let shard = self.of(id).read();
        let mut meant = shard.all(id).filter(|entity| meant(entity));
        match (meant.next(), meant.next()) {
            (_, Some(_)) => Err(Several),
            (one, None) => Ok(one.cloned()),
        }
    }

    /// All entities with that identifier, in the order in which they came.
    pub(crate) fn all(&self, id: &str) -> Vec<Arc<Entity>> {
        self.of(id).read().all(id).cloned().collect()
    }

    /// Whether the entity is the one that its identifier alone leads to. May be asked while its shard is locked for reading, even
    /// if somebody waits to write.
    pub(crate) fn is_first(&self, entity: &Entity) -> bool {
        let first = |id| self.of(id).read_recursive().get(id).is_none_or(|first| first.id == entity.id);
        !entity.id.is_twin() || first(entity.id.as_str())
    }

    /// Under which identifier an entity of NGSI-LD is held: the other dialects know those that are no URIs without `urn:`.
    pub(crate) fn stored_id(&self, id: &str) -> EntityId {
        let bare = id.strip_prefix("urn:").filter(|bare| !self.holds(id) && self.holds(bare));
        EntityId::from(bare.unwrap_or(id))
    }

    pub(crate) fn holds(&self, id: &str) -> bool {
        self.of(id).read().get(id).is_some()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|shard| shard.read().len()).sum()
    }

    pub(crate) fn count_ids(&self) -> usize {
        self.0.iter().map(|shard| shard.read().count_ids()).sum()
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
            let entities = ids.flat_map(|id| self.all(id));
            found.extend(entities.filter(|entity| query.matches(entity)));
            found.sort_unstable_by(|one, other| one.id.cmp(&other.id));
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
