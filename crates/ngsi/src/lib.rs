//! The NGSI information model and its wire formats, without any I/O.
//!
//! One [`Entity`] stands behind every dialect. [`v1`] holds the JSON of NGSI-9 and NGSI-10 (OMA
//! "NGSI Context Management" 1.0, in FogFlow's JSON binding); [`v2`] and [`ld`] render entities for
//! subscribers that asked for those dialects.
//!
//! Values are kept as the JSON text they arrived in ([`JsonText`]): a broker forwards far more values
//! than it inspects, so parsing every value into a tree would be the largest cost of an update.

pub mod date;
pub mod entity;
mod entity_id;
pub mod error;
pub mod filter;
pub mod geo;
pub mod json;
pub mod ld;
pub mod members;
pub mod name;
pub mod registration;
pub mod scope;
pub mod selector;
pub mod timestamp;
pub mod v1;
pub mod v2;

pub use entity::{Attribute, AttributeKind, Entity, Metadata};
pub use entity_id::EntityId;
pub use error::ParseError;
pub use geo::{Location, Point};
pub use json::JsonText;
pub use name::{Name, RegistrationId, SubscriptionId};
pub use registration::Registration;
pub use scope::{Restriction, Scope};
pub use selector::EntitySelector;
pub use timestamp::Timestamp;
