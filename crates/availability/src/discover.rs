//! Finding registrations.

use std::ops::ControlFlow;
use std::sync::Arc;

use hashbrown::HashMap;
use ngsi::selector::{EntityRef, Matcher};
use ngsi::{EntitySelector, SubscriptionId};

use crate::area::vector;
use crate::nearest::Nearest;
use crate::registry::{Record, Registry};
use crate::types::EntityType;
use crate::{Query, Registration};

/// The most entities in one answer.
pub const MAX_PAGE: usize = 100_000;

/// Which part of the matches is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// How many matches to leave out.
    pub offset: usize,
    /// How many to give at most; never more than [`MAX_PAGE`].
    pub limit: usize,
}

impl Default for Page {
    fn default() -> Self {
        Self { offset: 0, limit: MAX_PAGE }
    }
}

/// The matches, by provider in the order in which each is first met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovered {
    /// Provider and its entities.
    pub providers: Vec<(Arc<str>, Vec<EntityRef>)>,
    /// Whether there are matches beyond the page.
    pub more: bool,
}

impl Registry {
    /// The entities a query selects, the nearest first if it asks for the nearest.
    #[must_use]
    pub fn discover(&self, query: &Query, page: Page) -> Discovered {
        let mut found = Discovered::default();
        let mut positions: HashMap<*const u8, usize, foldhash::fast::RandomState> = HashMap::default();
        let (mut to_skip, mut wanted) = (page.offset, page.limit.min(MAX_PAGE));
        self.visit(query, &mut |registration| {
            if to_skip > 0 {
                to_skip -= 1;
                return ControlFlow::Continue(());
            }
            if wanted == 0 {
                found.more = true;
                return ControlFlow::Break(());
            }
            wanted -= 1;
            let position = *positions.entry(registration.provider.as_ptr()).or_insert_with(|| {
                found.providers.push((registration.provider.clone(), Vec::new()));
                found.providers.len() - 1
            });
            let (id, entity_type) = (registration.id.clone(), registration.entity_type.clone());
            found.providers[position].1.push(EntityRef { id, entity_type, is_pattern: false });
            ControlFlow::Continue(())
        });
        found
    }

    /// Every registration a subscription selects now; `None` if there is no such subscription.
    #[must_use]
    pub fn selected_by(&self, subscription: &SubscriptionId) -> Option<Vec<Registration>> {
        let query = self.subscription(subscription)?;
        let mut selected = Vec::new();
        self.visit(query, &mut |registration| {
            selected.push(registration.clone());
            ControlFlow::Continue(())
        });
        Some(selected)
    }

    /// Shows `see` each selected registration once, until it breaks off.
    pub fn visit(&self, query: &Query, see: &mut dyn FnMut(&Registration) -> ControlFlow<()>) {
        let (by_id, by_type): (Vec<_>, Vec<_>) =
            query.selectors.iter().partition(|selector| matches!(selector.id, Matcher::Exact(_)));
        let search = Search { registry: self, query, named: self.named(&by_id, &by_type), by_type };
        match query.nearby() {
            Some((center, limit)) => search.nearest(vector(center), limit, see),
            None => search.all(see),
        }
    }

    /// The entities selected by identifier and not by type as well, each once.
    fn named(&self, by_id: &[&EntitySelector], by_type: &[&EntitySelector]) -> Vec<u32> {
        let found = by_id.iter().filter_map(|selector| {
            let Matcher::Exact(id) = &selector.id else { return None };
            let slot = self.find(id.as_str())?;
            let registration = &self.record(slot)?.registration;
            let (id, entity_type) = (registration.id.as_str(), registration.entity_type.as_str());
            let elsewhere = by_type.iter().any(|selector| selector.matches(id, entity_type));
            (selector.entity_type.matches(entity_type) && !elsewhere).then_some(slot)
        });
        let mut found: Vec<u32> = found.collect();
        if found.len() > 1 {
            found.sort_unstable();
            found.dedup();
        }
        found
    }
}

struct Search<'a> {
    registry: &'a Registry,
    query: &'a Query,
    named: Vec<u32>,
    by_type: Vec<&'a EntitySelector>,
}

impl<'a> Search<'a> {
    fn all(&self, see: &mut dyn FnMut(&Registration) -> ControlFlow<()>) {
        let _broken_off = self.candidates(&mut |record| see(&record.registration));
    }

    /// The nearest of the entities selected by type come from the trees; if there is an area, or entities are named, all
    /// selected are few enough to be sorted.
    fn nearest(&self, origin: [f64; 3], limit: usize, see: &mut dyn FnMut(&Registration) -> ControlFlow<()>) {
        let sort = self.query.area().is_some() || !self.named.is_empty() || self.by_type.is_empty();
        let records = if sort { self.sorted(origin, limit) } else { self.walked(origin, limit) };
        for record in records {
            if see(&record.registration).is_break() {
                return;
            }
        }
    }

    fn walked(&self, origin: [f64; 3], limit: usize) -> Vec<&'a Record> {
        let records = Nearest::new(origin, self.types().collect()).filter_map(|slot| self.registry.record(slot));
        records.filter(|record| self.selected_by_type(record) && self.admits(record)).take(limit).collect()
    }

    fn sorted(&self, origin: [f64; 3], limit: usize) -> Vec<&'a Record> {
        let mut found: Vec<(f64, &'a Record)> = Vec::new();
        let _all_seen = self.candidates(&mut |record| {
            if let Some(center) = record.location.as_ref().and_then(ngsi::Location::center) {
                let distance_2 = vector(center).iter().zip(origin).map(|(a, b)| (a - b) * (a - b)).sum();
                found.push((distance_2, record));
            }
            ControlFlow::Continue(())
        });
        found.sort_by(|one, other| one.0.total_cmp(&other.0));
        found.into_iter().take(limit).map(|(_, record)| record).collect()
    }

    /// Everything selected, in no particular order.
    fn candidates(&self, see: &mut dyn FnMut(&'a Record) -> ControlFlow<()>) -> ControlFlow<()> {
        let named = self.named.iter().filter_map(|slot| self.registry.record(*slot));
        named.filter(|record| self.admits(record)).try_for_each(&mut *see)?;
        if let Some(others) = self.others() {
            let records = others.filter_map(|slot| self.registry.record(slot));
            return records.filter(|r| self.selected_by_type(r) && self.admits(r)).try_for_each(&mut *see);
        }
        let area = self.query.area();
        for entry in self.types() {
            let slots: Box<dyn Iterator<Item = u32> + 'a> = match &area {
                Some(area) => {
                    let inside = entry.places.locate_in_envelope_intersecting(area).map(|located| located.slot);
                    Box::new(inside.chain(entry.everywhere.iter().copied()))
                }
                None => Box::new(entry.members.iter().copied()),
            };
            let records = slots.filter_map(|slot| self.registry.record(slot));
            records.filter(|r| self.selected_by_type(r) && self.admits(r)).try_for_each(&mut *see)?;
        }
        ControlFlow::Continue(())
    }

    /// What all providers but the excepted one have, if that is less than what there is of the types.
    fn others(&self) -> Option<impl Iterator<Item = u32> + 'a> {
        let (providers, except) = (&self.registry.providers, self.query.excepted()?);
        let theirs: usize = providers.but(except).map(|provider| provider.members.len()).sum();
        let of_types: usize = self.types().map(|entry| entry.members.len()).sum();
        (theirs < of_types).then(|| providers.but(except).flat_map(|provider| provider.members.iter().copied()))
    }

    /// The types that some selector without an identifier may select.
    fn types(&self) -> Box<dyn Iterator<Item = &'a EntityType> + '_> {
        let types = &self.registry.types;
        if let [EntitySelector { entity_type: Matcher::Exact(name), .. }] = self.by_type[..] {
            return Box::new(types.find(name.as_str()).and_then(|index| types.get(index)).into_iter());
        }
        let wanted = |entry: &&EntityType| self.by_type.iter().any(|s| s.entity_type.matches(entry.name.as_str()));
        Box::new(types.iter().filter(wanted))
    }

    fn selected_by_type(&self, record: &Record) -> bool {
        let registration = &record.registration;
        let (id, entity_type) = (registration.id.as_str(), registration.entity_type.as_str());
        self.by_type.iter().any(|selector| selector.matches(id, entity_type))
    }

    fn admits(&self, record: &Record) -> bool {
        self.query.admits(&record.registration, record.location.as_ref())
    }
}
