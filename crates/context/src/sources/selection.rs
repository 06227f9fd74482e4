//! Which entities a query asks for, and what part of that a source is asked.

use std::sync::Arc;

use ngsi::registration::Operation;
use ngsi::selector::Matcher;
use ngsi::{Name, Timestamp};
use serde::{Deserialize, Serialize};

use super::plan::can_serve;
use super::source::{Entities, Holding, share_a_type};
use super::{Attributes, HasSource, SourceIndex};

/// Which entities are asked for; what is empty asks for any.
#[derive(Debug, Clone)]
pub struct Selection<'a> {
    /// Identifiers.
    pub ids: &'a [&'a str],
    /// Condition on the identifiers.
    pub pattern: Matcher,
    /// Types, of which an entity has one at least.
    pub types: &'a [Name],
}

/// Which entities a source is asked for; what is empty asks for any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selected {
    /// Identifiers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<Name>,
    /// A regular expression, where the registration has one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pattern: String,
    /// Types, of which an entity has one at least.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<Name>,
}

/// What one source is asked, in as many requests as there are `entities`.
#[derive(Debug)]
pub struct Ask<T> {
    /// Whom.
    pub source: Arc<T>,
    /// For which entities, each with the attributes.
    pub entities: Vec<(Selected, Attributes)>,
}

impl Selection<'_> {
    /// Whether some entity may be both asked for and one of these (5.12).
    pub(super) fn matches(&self, entities: &Entities) -> bool {
        share_a_type(&entities.types, self.types) && self.common_ids(&entities.id).is_some()
    }

    /// The identifiers that both have; `Some` of none where there may be such but nobody knows which.
    fn common_ids(&self, registered: &Matcher) -> Option<Vec<Name>> {
        let asked = |id: &str| (self.ids.is_empty() || self.ids.contains(&id)) && self.pattern.matches(id);
        if let Matcher::Exact(id) = registered {
            return asked(id.as_str()).then(|| vec![id.clone()]);
        }
        if self.ids.is_empty() {
            return Some(Vec::new());
        }
        let both = self.ids.iter().filter(|id| registered.matches(id) && self.pattern.matches(id));
        let both: Vec<Name> = both.map(|id| Name::from(*id)).collect();
        (!both.is_empty()).then_some(both)
    }

    /// Without its pattern, which sources are not asked with.
    pub(super) fn as_selected(&self) -> Selected {
        let ids = self.ids.iter().map(|id| Name::from(*id)).collect();
        Selected { ids, pattern: String::new(), types: self.types.to_vec() }
    }

    fn select(&self, entities: &Entities) -> Option<Selected> {
        if !share_a_type(&entities.types, self.types) {
            return None;
        }
        let ids = self.common_ids(&entities.id)?;
        let pattern = if ids.is_empty() { entities.pattern.clone() } else { String::new() };
        let types = match (entities.types.as_slice(), self.types) {
            ([], types) | (types, []) => types.to_vec(),
            (types, asked) => types.iter().filter(|name| asked.contains(name)).cloned().collect(),
        };
        Some(Selected { ids, pattern, types })
    }

    pub(super) fn select_all(&self, part: &Holding) -> Vec<Selected> {
        if part.entities.is_empty() {
            return vec![self.as_selected()];
        }
        let mut all: Vec<Selected> = Vec::new();
        for selected in part.entities.iter().filter_map(|entities| self.select(entities)) {
            let alike = |other: &&mut Selected| {
                !other.ids.is_empty() && !selected.ids.is_empty() && other.types == selected.types
            };
            match all.iter_mut().find(alike) {
                Some(other) => {
                    let Selected { ids, .. } = other;
                    let more: Vec<Name> = selected.ids.into_iter().filter(|id| !ids.contains(id)).collect();
                    ids.extend(more);
                }
                None => all.push(selected),
            }
        }
        all
    }
}

/// Which sources are asked in a query, and for what. `met` tells the sources that the request has been to.
#[must_use]
pub fn asks<T: HasSource>(
    sources: &SourceIndex<T>,
    selection: &Selection<'_>,
    attributes: &Attributes,
    operation: Operation,
    met: &dyn Fn(&str) -> bool,
    now: Timestamp,
) -> Vec<Ask<T>> {
    let candidates = sources.selected(selection).into_values().filter(|entry| entry.source().is_current(now));
    let candidates = candidates.filter(|entry| can_serve(entry.source(), operation, met));
    candidates.filter_map(|source| ask(source, selection, attributes)).collect()
}

fn ask<T: HasSource>(source: Arc<T>, selection: &Selection<'_>, attributes: &Attributes) -> Option<Ask<T>> {
    let mut entities: Vec<(Selected, Attributes)> = Vec::new();
    for part in &source.source().parts {
        let Some(share) = attributes.among(&part.attributes) else { continue };
        entities.extend(selection.select_all(part).into_iter().map(|selected| (selected, share.clone())));
    }
    (!entities.is_empty()).then_some(Ask { source, entities })
}
