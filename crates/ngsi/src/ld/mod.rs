//! NGSI-LD (ETSI GS CIM 009 version 1.8): contexts, errors, entities in and out.

mod complete;
pub mod context;
mod fragment;
pub mod merge;
pub mod parse;
mod pattern;
pub mod problem;
pub mod registration;
pub mod subscription;
pub mod temporal;
pub mod translate;
pub mod write;

pub use context::{CORE_CONTEXT, Coercion, Context};
pub use fragment::{AttributeType, EntityFragment, Fragment};
pub use parse::{Document, Form, Nulls, Reading};
pub use pattern::id_pattern;
pub use problem::{Kind, Problem};
pub use write::{Rendering, Representation, urn, write_entity};

/// The attribute that has what NGSI-LD says of an entity as `expiresAt` (4.22): that of NGSIv2.
const EXPIRY: &str = "dateExpires";
