//! The broker's core: entities, subscriptions and what an update means for them, without any I/O.
//!
//! A broker keeps several [`EntityMap`]s (shards) and one [`SubscriptionIndex`]. [`EntityMap::apply`] performs an update,
//! [`EntityMap::edit`] one of NGSIv2, [`EntityMap::edit_linked`] one of NGSI-LD, and says what changed ([`Change`]); [`SubscriptionIndex::matching`] names the subscriptions that are to hear of it; a
//! [`Backlog`] decides what a subscriber that is behind still gets; a [`History`] remembers the latest numbers. Locks, disk and
//! network belong to the broker.

pub mod backlog;
pub mod cause;
pub mod codec;
mod columns;
pub mod edit;
pub mod entities;
pub mod expiry;
pub mod grid;
pub mod history;
pub mod index;
mod interest;
pub mod linked;
mod mappings;
pub mod outgoing;
mod places;
pub mod provision;
pub mod query;
mod select;
pub mod sources;
pub mod subscription;
pub mod temporal;
mod update;

pub use backlog::{Backlog, Notice};
pub use cause::{Cause, Origin};
pub use edit::{Edit, EditAction, EditRefusal, Edited};
pub use entities::EntityMap;
pub use grid::Cover;
pub use history::History;
pub use index::{Subscribed, SubscriptionIndex};
pub use linked::{LinkedAction, LinkedEdit, LinkedEdited, LinkedRefusal, LinkedRequest, MergeDefaults};
pub use mappings::{MAX_MAPPED, Mapped, Mapping, Mappings};
pub use outgoing::Outgoing;
pub use query::Query;
pub use subscription::{Delivery, Dialect, Record, Request, Subscription};
pub use update::{Change, MAX_ATTRIBUTES, Refusal};
