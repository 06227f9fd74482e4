//! Where lines come from.

use futures_util::stream::BoxStream;

/// What one run of an instance writes.
pub(crate) struct LogSource {
    /// Another one for each run: that of a container, for example.
    pub(crate) id: String,
    /// The last lines, or those after a [`Cursor`], and new ones as they are written; ends with the run or the connection.
    pub(crate) items: BoxStream<'static, LogItem>,
}

/// One thing to be told of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LogItem {
    Line {
        /// When it was written, as [`stamped`] finds it.
        stamp: Option<String>,
        text: String,
    },
    /// So many lines were dropped before they could be read.
    Lost(u64),
    /// Why there are no lines.
    Problem(String),
}

/// How far a log has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The id of the source.
    pub(crate) source: String,
    /// The time of the last line, if the source tells times.
    pub(crate) stamp: Option<String>,
}

impl Cursor {
    /// The time up to which that source has been read.
    pub(crate) fn stamp_in(&self, source: &str) -> Option<&str> {
        self.stamp.as_deref().filter(|_| self.source == source)
    }
}

/// A line as container engines give it with timestamps, `2026-05-04T03:02:01.000000000Z text`; `None` for one that is not after
/// `after`: they can be asked for whole seconds only. The times of one engine have the same length and so compare as text.
pub(crate) fn stamped(line: &str, after: Option<&str>) -> Option<LogItem> {
    let line = line.trim_end();
    let (stamp, text) = line.split_once(' ').unwrap_or((line, ""));
    let is_new = after.is_none_or(|after| stamp > after);
    is_new.then(|| LogItem::Line { stamp: Some(stamp.to_owned()), text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_up_to_the_cursor_are_known_already() {
        let line = |second: u8| format!("2026-05-04T03:02:0{second}.000000000Z hello  there\n");
        let new = LogItem::Line { stamp: Some("2026-05-04T03:02:02.000000000Z".into()), text: "hello  there".into() };
        assert_eq!(stamped(&line(1), Some("2026-05-04T03:02:01.000000000Z")), None);
        assert_eq!(stamped(&line(2), Some("2026-05-04T03:02:01.000000000Z")), Some(new));
        assert!(
            matches!(stamped("2026-05-04T03:02:01.000000000Z", None), Some(LogItem::Line { text, .. }) if text.is_empty())
        );
    }
}
