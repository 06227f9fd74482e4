//! The temporal evolution of entities (ETSI GS CIM 009, 4.5.6): what a change adds to it, which part of it an answer holds, and
//! what is counted in it. Where it is kept belongs to the broker.

mod aggregate;
mod codec;
mod selection;
mod step;

pub use aggregate::aggregate;
pub use codec::{read_instance, read_step, read_subject, write_instance, write_step, write_subject};
pub use selection::{Covered, Selected, Selection, bound};
pub use step::{Step, recorded, removed};
