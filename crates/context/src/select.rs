//! Finding the entities that a query means, by the index that leaves fewest to look at.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use ngsi::filter::Filter;
use ngsi::selector::Matcher;
use ngsi::{Entity, Name, Timestamp};

use crate::grid::Cover;
use crate::{EntityMap, Query};

/// The most types through which a walk goes at the same time.
const MAX_WALKED_TYPES: usize = 16;

/// How many entities there may be for each of the types asked for that they are sifted.
const MOST_IN_VAIN: usize = 4;

/// How many entities are brought near at the same time.
const AT_ONCE: usize = 16;

type Created = BTreeSet<(Timestamp, u32)>;

impl EntityMap {
    /// Appends the entities that meet the query. Cost: those named by id, else those of the types asked for.
    pub fn select(&self, query: &Query, found: &mut Vec<Arc<Entity>>) {
        if let Some(ids) = query.exact_ids() {
            found.extend(ids.flat_map(|id| self.all(id)).filter(|entity| query.matches(entity)).cloned());
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
        self.filter(self.places.candidates(cover).into_iter(), |entity| query.matches(entity), found);
    }

    /// Whether [`Self::walk`] can find what the query means: it does not ask for too many types.
    #[must_use]
    pub fn can_walk(&self, query: &Query) -> bool {
        self.wanted(query).nth(MAX_WALKED_TYPES).is_none()
    }

    /// Looks at the entities of the types asked for that were created after an instant, in that order, and appends those that meet
    /// the query and are wanted. Those of which it is known that they do not meet the filters are passed over. After `count` of them, and all that were created together with the last, it stops and says when
    /// that was; `None` when no more are left.
    pub fn walk(
        &self,
        query: &Query,
        filters: &[&Filter],
        (after, count): (Option<Timestamp>, usize),
        wanted: impl Fn(&Entity) -> bool,
        found: &mut Vec<Arc<Entity>>,
    ) -> Option<Timestamp> {
        let glances: Vec<_> = filters.iter().map(|filter| self.columns.glance(filter)).collect();
        let may_match = |slot: u32| glances.iter().all(|glance| glance.may_match(slot as usize));
        let mut next = Vec::new();
        let stops = self.wanted(query).filter_map(|(_, created)| take(created, (after, count), may_match, &mut next));
        let until = stops.min();
        next.retain(|(created_at, _)| until.is_none_or(|until| *created_at <= until));
        next.sort_unstable();
        next.dedup();
        self.filter(next.into_iter().map(|(_, slot)| slot), |entity| query.matches(entity) && wanted(entity), found);
        until
    }

    /// Whether [`Self::sift`] has not many more entities to pass over than those of the types asked for.
    #[must_use]
    pub fn can_sift(&self, query: &Query) -> bool {
        let of_types: usize = self.wanted(query).map(|(_, created)| created.len()).sum();
        of_types * MOST_IN_VAIN >= self.slots.len()
    }

    /// Appends the entities that meet the query and are wanted, in any order. Looks only at those of which it is not known that
    /// they do not meet the filters: when these are few it costs much less than a walk.
    pub fn sift(
        &self,
        query: &Query,
        filters: &[&Filter],
        wanted: impl Fn(&Entity) -> bool,
        found: &mut Vec<Arc<Entity>>,
    ) {
        let glances: Vec<_> = filters.iter().map(|filter| self.columns.glance(filter)).collect();
        let may_match = |slot: &u32| glances.iter().all(|glance| glance.may_match(*slot as usize));
        let slots = (0..).take(self.slots.len()).filter(may_match);
        self.filter(slots, |entity| query.matches(entity) && wanted(entity), found);
    }

    fn filter(&self, slots: impl Iterator<Item = u32>, wanted: impl Fn(&Entity) -> bool, found: &mut Vec<Arc<Entity>>) {
        let candidates: Vec<_> = slots.filter_map(|slot| self.in_slot(slot)).collect();
        for some in candidates.chunks(AT_ONCE) {
            bring_near(some);
            found.extend(some.iter().filter(|entity| wanted(entity)).copied().cloned());
        }
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

/// Reads a little of each entity, for the processor to fetch all of them from memory at once. One after the other, the way from
/// an entity to a value would be most of the cost of a search through many.
fn bring_near(entities: &[&Arc<Entity>]) {
    let in_entities = entities.iter().map(|entity| entity.id.as_str().len() + entity.attributes.len());
    std::hint::black_box(in_entities.sum::<usize>());
    let attributes = entities.iter().flat_map(|entity| entity.attributes.iter().take(AT_ONCE));
    std::hint::black_box(attributes.map(|attribute| attribute.name.as_str().len()).sum::<usize>());
}

/// Looks at so many of one type, and those created together with the last of them, whose time it gives back if others follow;
/// appends those that may match.
fn take(
    created: &Created,
    (after, count): (Option<Timestamp>, usize),
    may_match: impl Fn(u32) -> bool,
    taken: &mut Vec<(Timestamp, u32)>,
) -> Option<Timestamp> {
    let begin = after.map_or(Bound::Unbounded, |after| Bound::Excluded((after, u32::MAX)));
    let mut last = None;
    for (index, entry) in created.range((begin, Bound::Unbounded)).enumerate() {
        if index >= count && last != Some(entry.0) {
            return last;
        }
        last = Some(entry.0);
        if may_match(entry.1) {
            taken.push(*entry);
        }
    }
    None
}
