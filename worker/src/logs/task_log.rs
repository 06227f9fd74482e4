//! The log of a function.

use std::collections::VecDeque;
use std::sync::Arc;

use flow::TaskId;
use futures_util::stream::{self, BoxStream, StreamExt};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::{LAST_LINES, LogItem, shortened};

/// The log of one task instance; clones share it.
#[derive(Debug, Clone)]
pub struct TaskLog {
    task: TaskId,
    kept: Arc<Mutex<Kept>>,
    written: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<String>,
    /// How many older lines there were.
    dropped: u64,
}

impl TaskLog {
    /// An empty log.
    #[must_use]
    pub fn new(task: TaskId) -> Self {
        Self { task, kept: Arc::default(), written: watch::Sender::new(()) }
    }

    /// Adds a line, shortened if it is very long; the oldest one goes when there are too many.
    pub fn write(&self, level: &str, text: &str) {
        let text = shortened(text);
        tracing::debug!(task = %self.task, level, "{text}");
        {
            let mut kept = self.kept.lock();
            if kept.lines.len() == LAST_LINES {
                kept.lines.pop_front();
                kept.dropped += 1;
            }
            kept.lines.push_back(format!("{level}: {text}"));
        }
        self.written.send_replace(());
    }

    /// The lines, oldest first.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.kept.lock().lines.iter().cloned().collect()
    }

    /// The lines kept, or else all from the first one on, and then new ones until every clone of the log is gone.
    pub(crate) fn follow(&self, from_the_first: bool) -> BoxStream<'static, LogItem> {
        let next = if from_the_first { 0 } else { self.kept.lock().dropped };
        let reader =
            Reader { kept: self.kept.clone(), written: self.written.subscribe(), next, ready: VecDeque::new() };
        stream::unfold(reader, async |mut reader| Some((reader.next().await?, reader))).boxed()
    }
}

struct Reader {
    kept: Arc<Mutex<Kept>>,
    written: watch::Receiver<()>,
    /// The number of the next line to be read.
    next: u64,
    ready: VecDeque<LogItem>,
}

impl Reader {
    async fn next(&mut self) -> Option<LogItem> {
        let mut is_open = true;
        while self.ready.is_empty() && is_open {
            self.read();
            if self.ready.is_empty() {
                is_open = self.written.changed().await.is_ok();
                self.read();
            }
        }
        self.ready.pop_front()
    }

    fn read(&mut self) {
        let kept = self.kept.lock();
        let lost = kept.dropped.saturating_sub(self.next);
        let seen = usize::try_from(self.next.saturating_sub(kept.dropped)).unwrap_or(usize::MAX);
        self.ready.extend((lost > 0).then_some(LogItem::Lost(lost)));
        self.ready.extend(kept.lines.iter().skip(seen).map(|text| LogItem::Line { stamp: None, text: text.clone() }));
        self.next = kept.dropped + kept.lines.len() as u64;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn line(text: &str) -> Option<LogItem> {
        Some(LogItem::Line { stamp: None, text: format!("info: {text}") })
    }

    #[tokio::test]
    async fn follower_gets_what_is_kept_then_what_is_written_then_the_end() {
        let log = TaskLog::new("t".into());
        log.write("info", "one");
        let mut lines = log.follow(false);
        assert_eq!(lines.next().await, line("one"));
        let (waiting, ()) = tokio::join!(lines.next(), async { log.write("info", "two") });
        assert_eq!(waiting, line("two"));
        log.write("info", "three");
        drop(log);
        assert_eq!(lines.next().await, line("three"));
        assert_eq!(lines.next().await, None);
    }

    #[tokio::test]
    async fn lines_that_were_dropped_before_they_were_read_are_counted() {
        let log = TaskLog::new("t".into());
        let (mut late, mut whole) = (log.follow(false), log.follow(true));
        (0..LAST_LINES + 3).for_each(|number| log.write("info", &number.to_string()));
        for lines in [&mut late, &mut whole] {
            assert_eq!(lines.next().await, Some(LogItem::Lost(3)));
            assert_eq!(lines.next().await, line("3"));
        }
        assert_eq!(log.follow(false).next().await, line("3"), "who comes now has missed nothing");
    }
}
