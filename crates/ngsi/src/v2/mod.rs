//! NGSIv2: entities in and out, the names and values it allows, its error bodies.
//!
//! Domain metadata of NGSI-10 are attributes here, unless an attribute of the same name hides them; a place among them is a
//! `geo:point` or `geo:polygon`. `docs/ngsi-dialects.md` has the rules as a table.

pub mod names;
pub mod operator;
pub mod parse;
pub mod path;
pub mod place;
mod problem;
pub mod registration;
pub mod select;
pub mod subscription;
pub mod template;
pub mod write;

pub use parse::{AttributeInput, EntityInput, Form};
pub use problem::{Kind, Problem};
pub use subscription::{AlterationType, Subscription};
pub use write::{Rendering, write_entity};

/// The type of an entity whose writer gave none.
pub const DEFAULT_ENTITY_TYPE: &str = "Thing";
/// The attribute of type `DateTime` that says when an entity ends, and the metadatum that says it of an attribute.
pub const DATE_EXPIRES: &str = "dateExpires";

/// The type that a value has when its writer gave none.
#[must_use]
pub fn default_type(value: &str) -> &'static str {
    match value.as_bytes().first() {
        Some(b'"') => "Text",
        Some(b't' | b'f') => "Boolean",
        Some(b'{' | b'[') => "StructuredValue",
        Some(b'n') | None => "None",
        Some(_) => "Number",
    }
}
