//! Tasks as JavaScript functions inside the worker.
//!
//! Each instance has a runtime of its own and handles one notification after the other; a notification is acknowledged
//! when the broker has acknowledged what the function published, so that a killed worker loses nothing. Calls run on
//! threads for blocking work: the system shares the processor out among them, and an idle function needs no thread.

mod deadline;
mod engine;
mod instance;
mod limits;
mod script;
mod timers;

use deadline::Deadline;
pub(crate) use engine::{FunctionEngine, Notified};
pub use limits::Limits;
pub use script::{Effect, Script, ScriptError};
