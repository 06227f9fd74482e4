//! Tasks as JavaScript functions inside the worker.
//!
//! Each instance has a runtime of its own and handles one notification after the other; a notification is acknowledged
//! when the broker has acknowledged what the function published, so that a killed worker loses nothing. Calls run on
//! threads for blocking work: the system shares the processor out among them, and an idle function needs no thread.

mod deadline;
mod engine;
mod error;
mod instance;
mod limits;
mod outputs;
mod script;
mod timers;
mod try_out;

use deadline::Deadline;
pub(crate) use engine::{FunctionEngine, Notified};
pub use error::{Place, ScriptError, Thrown};
pub use limits::Limits;
pub use script::{Effect, Script};
pub use try_out::try_out;
