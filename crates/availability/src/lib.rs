//! Which broker has which entities: discovery's core, without I/O.
//!
//! A [`Registry`] holds one [`Registration`] an entity and finds them by identifier, by type and by place, so that a
//! question costs what it matches and not what is registered. Subscriptions are indexed the same way: a change touches
//! only those that may select the entity, and gives back the [`Notice`]s that are due. [`Brokers`] knows who is alive.
//!
//! Places live in one R-tree a type, over points of the unit sphere: no special case at the poles or at 180°, and a rare
//! type among many entities is found as fast as a common one. The alternatives are weighed in
//! `docs/decisions/0005-availability-index.md`.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod area;
mod attributes;
mod brokers;
mod change;
mod discover;
mod nearest;
mod notice;
mod provider;
mod query;
mod registration;
mod registry;
mod subscriptions;
mod types;

pub use brokers::{Brokers, Heartbeat, SilentBroker};
pub use change::{Change, parse_registrations};
pub use discover::{Discovered, MAX_PAGE, Page};
pub use notice::{Availability, Notice};
pub use provider::origin;
pub use query::Query;
pub use registration::Registration;
pub use registry::{MAX_METADATA, MAX_REGISTRATIONS, Registry};
pub use subscriptions::MAX_SUBSCRIPTIONS;
