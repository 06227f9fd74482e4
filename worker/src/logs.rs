//! The last lines that tasks wrote, for `GET /tasks/{id}/logs`.

use std::collections::VecDeque;
use std::sync::Arc;

use flow::TaskId;
use parking_lot::Mutex;

const LINES: usize = 200;
const LINE_BYTES: usize = 2_000;

/// The log of one task instance; clones share it.
#[derive(Debug, Clone)]
pub struct TaskLog {
    task: TaskId,
    lines: Arc<Mutex<VecDeque<String>>>,
}

impl TaskLog {
    /// An empty log.
    #[must_use]
    pub fn new(task: TaskId) -> Self {
        Self { task, lines: Arc::default() }
    }

    /// Adds a line, shortened if it is very long; the oldest one goes when there are too many.
    pub fn write(&self, level: &str, text: &str) {
        let text = shortened(text);
        tracing::debug!(task = %self.task, level, "{text}");
        let mut lines = self.lines.lock();
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(format!("{level}: {text}"));
    }

    /// The lines, oldest first.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().iter().cloned().collect()
    }
}

fn shortened(text: &str) -> &str {
    let mut end = text.len().min(LINE_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
