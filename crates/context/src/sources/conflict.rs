//! Which registrations contradict one another (ETSI GS CIM 009, 4.3.6.3 and 5.9.2).

use ngsi::registration::{Information, Mode};
use ngsi::selector::Matcher;
use ngsi::{Name, RegistrationId, Timestamp};

use super::source::{Entities, Holding, share_a_type};
use super::{Attributes, HasSource, Selection, Source, SourceIndex};

/// A registration by which the sources alone have what `new` says that another one alone has. Whether this broker holds some of
/// it, [`Source::covers`] tells.
#[must_use]
pub fn conflicting<T: HasSource>(sources: &SourceIndex<T>, new: &Source, now: Timestamp) -> Option<RegistrationId> {
    if !new.registration.mode.is_proxied() {
        return None;
    }
    let contradicts = |other: &Source| match (new.registration.mode, other.registration.mode) {
        (Mode::Exclusive, Mode::Exclusive | Mode::Redirect) => exclude(new, other),
        (Mode::Redirect, Mode::Exclusive) => exclude(other, new),
        _ => false,
    };
    let infos = new.registration.information.iter().flat_map(selections);
    let mut others = infos.flat_map(|(id, types)| {
        let ids: &[&str] = if id.is_empty() { &[] } else { &[id] };
        sources.selected(&Selection { ids, pattern: Matcher::Any, types }).into_values()
    });
    let found = others.find(|other| {
        let other = other.source();
        other.registration.id != new.registration.id && other.is_current(now) && contradicts(other)
    })?;
    Some(found.source().registration.id.clone())
}

fn selections(information: &Information) -> Vec<(&str, &[Name])> {
    match information.entities.as_slice() {
        [] => vec![("", &[])],
        entities => entities.iter().map(|info| (info.id.as_str(), info.types.as_slice())).collect(),
    }
}

/// Whether the other one has some of what the exclusive one has.
fn exclude(exclusive: &Source, other: &Source) -> bool {
    exclusive.parts.iter().any(|part| other.parts.iter().any(|of_other| part.overlaps(of_other)))
}

impl Holding {
    fn overlaps(&self, other: &Self) -> bool {
        let any = |one: &Entities| other.entities.iter().any(|of_other| one.overlaps(of_other));
        Attributes::Only(self.attributes.clone()).among(&other.attributes).is_some()
            && (self.entities.is_empty() || other.entities.is_empty() || self.entities.iter().any(any))
    }
}

impl Entities {
    /// Whether both mean some entity. Of two patterns nobody knows unless they are the same.
    fn overlaps(&self, other: &Self) -> bool {
        let named = match (&self.id, &other.id) {
            (Matcher::Exact(id), matcher) | (matcher, Matcher::Exact(id)) => matcher.matches(id.as_str()),
            (Matcher::Any, _) | (_, Matcher::Any) => true,
            (Matcher::Pattern(_), Matcher::Pattern(_)) => self.pattern == other.pattern,
        };
        named && share_a_type(&self.types, &other.types)
    }
}
