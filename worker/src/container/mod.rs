//! What task instances in containers have in common, whichever engine runs them.

mod admin;
mod parameters;
mod service_entity;

pub(crate) use admin::{Command, commands};
pub(crate) use parameters::{Resources, service_ports};
pub(crate) use service_entity::{ServiceEntity, service_entity_id};
