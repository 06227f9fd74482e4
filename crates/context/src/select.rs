//! Finding the entities that a query means, by the index that leaves fewest to look at.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use ngsi::selector::Matcher;
use ngsi::{Entity, Name, Timestamp};

use crate::grid::Cover;
use crate::{EntityMap, Query};

/// The most types through which a walk goes at the same time.
const MAX_WALKED_TYPES: usize = 16;

type Created = BTreeSet<(Timestamp, u32)>;

impl EntityMap {
    /// Appends the entities that meet the query. Cost: those named by id, else those of the types asked for.
    pub fn select(&self, query: &Query, found: &mut Vec<Arc<Entity>>) {
        if let Some(ids) = query.exact_ids() {
            found.extend(ids.filter_map(|id| self.get(id)).filter(|entity| query.matches(entity)).cloned());
        } else if query.selectors().iter().any(|selector| matches!(selector.entity_type, Matcher::Any)) {
            found.extend(self.iter().filter(|entity| query.matches(entity)).cloned());
        } else {
            for (name, slots) in self.wanted(query) {
                let candidates = slots.iter().filter_map(|(_, slot)| self.in_slot(*slot));
                // One of several types is found under the first of them that is wanted.
                let here =
                    |entity: &Entity| entity.types().find(|other| query.wants_type(other.as_str())) == Some(name);
                found.extend(candidates.filter(|entity| here(entity) && query.matches(entity)).cloned());
            }
        }
    }

    /// Appends the entities with a place that may meet the box, and that meet the query.
    pub fn select_around(&self, cover: &Cover, query: &Query, found: &mut Vec<Arc<Entity>>) {
        let candidates = self.places.candidates(cover).into_iter().filter_map(|slot| self.in_slot(slot));
        found.extend(candidates.filter(|entity| query.matches(entity)).cloned());
    }

    /// Whether [`Self::walk`] can find what the query means: it does not ask for too many types.
    #[must_use]
    pub fn can_walk(&self, query: &Query) -> bool {
        self.wanted(query).nth(MAX_WALKED_TYPES).is_none()
    }

    /// Looks at the entities of the types asked for that were created after an instant, in that order, and appends those that meet
    /// the query. After `count` of them, and all that were created together with the last, it stops and says when that was; `None` when no more
    /// are left.
    pub fn walk(
        &self,
        query: &Query,
        after: Option<Timestamp>,
        count: usize,
        found: &mut Vec<Arc<Entity>>,
    ) -> Option<Timestamp> {
        let mut next = Vec::new();
        let stops = self.wanted(query).filter_map(|(_, created)| take(created, after, count, &mut next));
        let until = stops.min();
        next.retain(|(created_at, _)| until.is_none_or(|until| *created_at <= until));
        next.sort_unstable();
        next.dedup();
        let candidates = next.into_iter().filter_map(|(_, slot)| self.in_slot(slot));
        found.extend(candidates.filter(|entity| query.matches(entity)).cloned());
        until
    }

    /// The types asked for. Those asked for by name are not sought.
    fn wanted<'a>(&'a self, query: &'a Query) -> impl Iterator<Item = (&'a Name, &'a Created)> {
        let named = query.exact_types().map(|names| {
            let mut names: Vec<_> = names.collect();
            names.sort_unstable();
            names.dedup();
            names.into_iter().filter_map(|name| self.by_type.get_key_value(name))
        });
        let sought = if named.is_some() { None } else { Some(self.by_type.iter()) };
        let sought = sought.into_iter().flatten().filter(|(name, _)| query.wants_type(name.as_str()));
        named.into_iter().flatten().chain(sought)
    }
}

/// Appends so many of one type, and those created together with the last of them, whose time it gives back if others follow.
fn take(
    created: &Created,
    after: Option<Timestamp>,
    count: usize,
    taken: &mut Vec<(Timestamp, u32)>,
) -> Option<Timestamp> {
    let begin = after.map_or(Bound::Unbounded, |after| Bound::Excluded((after, u32::MAX)));
    let mut last = None;
    for (index, entry) in created.range((begin, Bound::Unbounded)).enumerate() {
        if index >= count && last != Some(entry.0) {
            return last;
        }
        last = Some(entry.0);
        taken.push(*entry);
    }
    None
}
