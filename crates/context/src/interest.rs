//! Which changes a subscriber wants to hear of.

use ngsi::filter::{Filter, GeoFilter};
use ngsi::v2::AlterationType;
use ngsi::v2::subscription::Condition;
use ngsi::{Name, ParseError};

use crate::linked::LinkedInterest;
use crate::sources::SourceInterest;
use crate::{Cause, Change, Origin};

/// What must happen to an entity.
#[derive(Debug, Clone)]
pub(crate) enum Interest {
    /// Any of these attributes is named by an update, whatever it sets it to; any at all when empty. Deletions always count.
    Named(Vec<Name>),
    /// What NGSIv2 calls a condition.
    Altered(Altered),
    /// What NGSI-LD watches and filters.
    Linked(Box<LinkedInterest>),
    /// Nothing: registrations are meant.
    Sources(Box<SourceInterest>),
}

#[derive(Debug, Clone)]
pub(crate) struct Altered {
    watched: Vec<Name>,
    alterations: Vec<AlterationType>,
    metadata_count: bool,
    filters: Vec<Filter>,
    place: Option<GeoFilter>,
}

impl Altered {
    /// Understands a condition of NGSIv2.
    pub(crate) fn compile(condition: &Condition) -> Result<Self, ParseError> {
        let mut filters = Vec::new();
        let mut place = None;
        if let Some(expression) = &condition.expression {
            filters = expression.filters()?;
            place = expression.place()?;
        }
        let alterations = match condition.alteration_types.as_slice() {
            [] => vec![AlterationType::EntityCreate, AlterationType::EntityChange],
            given => given.to_vec(),
        };
        let watched = condition.attrs.clone();
        Ok(Self { watched, alterations, metadata_count: condition.notify_on_metadata_change, filters, place })
    }

    /// Whether an entity is to be told that such an update has changed.
    pub(crate) fn holds(&self, change: &Change, cause: &Cause) -> bool {
        self.alterations.iter().any(|wanted| self.is(*wanted, cause))
            && self.filters.iter().all(|filter| filter.matches(&change.entity))
            && self.place.as_ref().is_none_or(|place| place.matches(&change.entity))
    }

    fn is(&self, wanted: AlterationType, cause: &Cause) -> bool {
        let watches = |name: &Name| self.watched.is_empty() || self.watched.contains(name);
        let mut watched = cause.touched.iter().filter(|touched| watches(&touched.name));
        match (wanted, cause.alteration) {
            (AlterationType::EntityDelete, AlterationType::EntityDelete) => true,
            (AlterationType::EntityCreate, AlterationType::EntityCreate)
            | (AlterationType::EntityUpdate, AlterationType::EntityUpdate | AlterationType::EntityChange) => {
                self.watched.is_empty() || watched.next().is_some()
            }
            (AlterationType::EntityChange, AlterationType::EntityChange) => {
                let forced = cause.origin.forced;
                watched.any(|touched| forced || touched.differs(self.metadata_count))
                    || (self.watched.is_empty() && cause.is_retyping())
            }
            _ => false,
        }
    }
}

impl Interest {
    pub(crate) fn holds(&self, change: &Change, origin: &Origin) -> bool {
        match self {
            Self::Named(names) => {
                change.deleted || names.is_empty() || names.iter().any(|name| change.touched.contains(name))
            }
            Self::Altered(altered) => altered.holds(change, change.cause(origin)),
            Self::Linked(linked) => linked.holds(change, change.cause(origin)),
            Self::Sources(_) => false,
        }
    }
}
