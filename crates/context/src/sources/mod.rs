//! Sources outside of this broker that are registered with it: which of them has what, and who is asked or told in an
//! operation (ETSI GS CIM 009, 4.3.6, 5.8 and 5.12). The broker sends the requests.

mod attributes;
mod conditions;
mod conflict;
mod heard;
mod holds;
mod index;
mod interest;
mod merge;
mod plan;
mod selection;
mod source;
mod wish;

pub use attributes::Attributes;
pub use conditions::{Conditions, Temporal, Times};
pub use conflict::conflicting;
pub use heard::{Heard, set_times};
pub use holds::{Errand, Hold, Holds, Pair, Step, step};
pub use index::{HasSource, SourceIndex};
pub(crate) use interest::place;
pub use interest::{SourceInterest, Told, as_told, of_told};
pub use merge::{merge, supplement};
pub use plan::{Part, Plan, readers, split};
pub use selection::{Ask, Selected, Selection, asks};
pub use source::{Source, Subject};
pub use wish::{Wish, wish, wishes};
