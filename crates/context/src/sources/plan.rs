//! Who does what: the part of an operation that this broker carries out, and the parts of the sources.

use std::sync::Arc;

use ngsi::Timestamp;
use ngsi::registration::{Mode, Operation};

use super::{Attributes, HasSource, Source, SourceIndex, Subject};

/// What of an entity one source has.
#[derive(Debug)]
pub struct Part<T> {
    /// Whose part.
    pub source: Arc<T>,
    /// Which attributes.
    pub attributes: Attributes,
}

/// Who carries out a change of one entity.
#[derive(Debug)]
pub struct Plan<T> {
    /// What is done here; `None` when sources alone have what is to be changed.
    pub here: Option<Attributes>,
    /// What sources are told.
    pub there: Vec<Part<T>>,
    /// What only sources have that cannot be told, because they are not registered for the operation or because the request has
    /// been there: it is not done.
    pub refused: Vec<Part<T>>,
}

/// Whether a source may be asked or told: it is registered for the operation, and the request has not been there.
pub(super) fn can_serve(source: &Source, operation: Operation, met: &dyn Fn(&str) -> bool) -> bool {
    source.operations.has(operation) && !source.registration.alias.as_deref().is_some_and(met)
}

/// Shares out a change of these attributes of an entity (5.6): first to exclusive sources, then what is left to those that
/// are redirected to, then what is left to inclusive ones and to this broker alike. `met` tells the sources that the request
/// has been to.
#[must_use]
pub fn split<T: HasSource>(
    sources: &SourceIndex<T>,
    subject: Subject<'_>,
    attributes: Attributes,
    operation: Operation,
    met: &dyn Fn(&str) -> bool,
    now: Timestamp,
) -> Plan<T> {
    let candidates = sources.candidates(subject).into_values();
    let candidates: Vec<Arc<T>> = candidates.filter(|entry| entry.source().is_current(now)).collect();
    let mut plan = Plan { here: Some(attributes), there: Vec::new(), refused: Vec::new() };
    for mode in [Mode::Exclusive, Mode::Redirect, Mode::Inclusive] {
        let Some(left) = plan.here.clone() else { break };
        let mut rest = Some(left.clone());
        for source in candidates.iter().filter(|entry| entry.source().registration.mode == mode) {
            let Some(share) = source.source().share(subject, &left) else { continue };
            if mode.is_proxied() {
                rest = rest.and_then(|rest| rest.without(&share));
            }
            let part = Part { source: Arc::clone(source), attributes: share };
            if can_serve(source.source(), operation, met) {
                plan.there.push(part);
            } else if mode.is_proxied() {
                plan.refused.push(part);
            }
        }
        plan.here = rest;
    }
    plan
}

/// Which sources are asked for an entity, and for which of the attributes.
#[must_use]
pub fn readers<T: HasSource>(
    sources: &SourceIndex<T>,
    subject: Subject<'_>,
    attributes: &Attributes,
    operation: Operation,
    met: &dyn Fn(&str) -> bool,
    now: Timestamp,
) -> Vec<Part<T>> {
    let candidates = sources.candidates(subject).into_values().filter(|entry| entry.source().is_current(now));
    let eligible = candidates.filter(|entry| can_serve(entry.source(), operation, met));
    let part = |source: Arc<T>| {
        let attributes = source.source().share(subject, attributes)?;
        Some(Part { source, attributes })
    };
    eligible.filter_map(part).collect()
}
