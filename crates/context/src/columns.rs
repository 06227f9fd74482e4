//! What filters ask for often, of all entities side by side: a search for the few that meet a filter need not look at the others.

use std::sync::atomic::{AtomicBool, Ordering};

use ngsi::Entity;
use ngsi::filter::{Filter, Glance, Glimpse};

/// The most of them: each costs eight bytes an entity, and some time in every update.
const MAX_COLUMNS: usize = 8;

/// The attributes of a filter for which there are to be columns.
pub(crate) fn attributes(filter: &Filter) -> Vec<&str> {
    let mut names = filter.attributes();
    names.sort_unstable();
    names.dedup();
    names.truncate(MAX_COLUMNS);
    names
}

/// Glimpses of attributes, by the slots of entities.
#[derive(Debug, Default)]
pub(crate) struct Columns(Vec<Column>);

#[derive(Debug)]
struct Column {
    attribute: Box<str>,
    glimpses: Vec<Glimpse>,
    /// Since room was last needed.
    used: AtomicBool,
}

impl Columns {
    pub(crate) fn has(&self, attribute: &str) -> bool {
        self.0.iter().any(|column| *column.attribute == *attribute)
    }

    /// Adds an attribute, in the place of one that is not asked for any more when there are as many as may be.
    pub(crate) fn add<'a>(&mut self, attribute: &str, entities: impl Iterator<Item = Option<&'a Entity>>) {
        if self.0.len() >= MAX_COLUMNS {
            let unused = self.0.iter_mut().rposition(|column| !std::mem::take(column.used.get_mut()));
            self.0.remove(unused.unwrap_or(0));
        }
        let glimpse =
            |entity: Option<&Entity>| entity.map_or(Glimpse::UNKNOWN, |entity| Glimpse::of(entity, attribute));
        let glimpses = entities.map(glimpse).collect();
        self.0.push(Column { attribute: attribute.into(), glimpses, used: AtomicBool::new(true) });
    }

    /// Takes note of how an entity stands.
    pub(crate) fn put(&mut self, slot: u32, entity: &Entity) {
        let index = slot as usize;
        for column in &mut self.0 {
            if column.glimpses.len() <= index {
                column.glimpses.resize(index + 1, Glimpse::UNKNOWN);
            }
            column.glimpses[index] = Glimpse::of(entity, &column.attribute);
        }
    }

    /// The filter over what is here.
    pub(crate) fn glance<'a>(&'a self, filter: &'a Filter) -> Glance<'a> {
        filter.glance(&|attribute| {
            let column = self.0.iter().find(|column| *column.attribute == *attribute)?;
            column.used.store(true, Ordering::Relaxed);
            Some(&column.glimpses)
        })
    }
}
