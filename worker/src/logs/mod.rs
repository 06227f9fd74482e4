//! What tasks write: the last lines, and new ones as they come.
//!
//! A `Follower` gives the lines of an instance over restarts, whatever runs it. It reads a `LogSource`, which is what one run
//! of a function, one container or one pod writes, and looks for the next one when that ends.

mod backlog;
mod follower;
mod source;
mod task_log;

pub(crate) use follower::{FollowError, Followed, Follower, Logs};
pub(crate) use source::{Cursor, LogItem, LogSource, stamped};
pub use task_log::TaskLog;

/// How many lines are kept of a function, and asked of a container to begin with.
pub(crate) const LAST_LINES: usize = 200;
const LINE_BYTES: usize = 2_000;

fn shortened(text: &str) -> &str {
    let mut end = text.len().min(LINE_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
