//! Registrations of context sources in the words of NGSI-LD (ETSI GS CIM 009, 5.2.8 to 5.2.11, 5.2.22 and 5.2.34).

mod read;
mod rules;
mod value;
mod write;

pub use read::{change, read};
pub use rules::check_id;
pub use write::write;

/// The members of a registration that are no names of the user's (tables 5.2.9-1 and 5.2.9-2).
pub(super) const TYPE: &str = "ContextSourceRegistration";
/// What only the broker says; it is not read.
const READ_ONLY: [&str; 7] =
    ["status", "timesSent", "timesFailed", "lastSuccess", "lastFailure", "createdAt", "modifiedAt"];
/// The places that a registration may have.
const PLACES: [&str; 3] = ["location", "observationSpace", "operationSpace"];
