//! Lines that wait to be sent, bounded in number and size.

use std::collections::VecDeque;

use super::shortened;

const LINES: usize = 2_000;
const BYTES: usize = 1024 * 1024;
const MESSAGE_LINES: usize = 200;
const MESSAGE_BYTES: usize = 256 * 1024;

#[derive(Debug, Default)]
pub(super) struct Backlog {
    lines: VecDeque<String>,
    bytes: usize,
    /// Lines left out since the last message.
    lost: u64,
}

impl Backlog {
    /// Adds a line; the oldest ones go when there are too many.
    pub(super) fn push(&mut self, line: &str) {
        let line = shortened(line);
        while self.lines.len() >= LINES || self.bytes + line.len() > BYTES {
            self.pop();
            self.lost += 1;
        }
        self.bytes += line.len();
        self.lines.push_back(line.to_owned());
    }

    /// Takes note of lines that were lost elsewhere.
    pub(super) fn lose(&mut self, count: u64) {
        self.lost += count;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.lost == 0
    }

    /// The lines of the next message; the first one says how many are missing before it.
    pub(super) fn take(&mut self) -> Vec<String> {
        let lost = std::mem::take(&mut self.lost);
        let mut message: Vec<String> =
            (lost > 0).then(|| format!("… {lost} lines are left out …")).into_iter().collect();
        let mut bytes = 0;
        while message.len() < MESSAGE_LINES
            && let Some(line) = self.lines.front()
            && bytes + line.len() <= MESSAGE_BYTES
        {
            bytes += line.len();
            message.extend(self.pop());
        }
        message
    }

    fn pop(&mut self) -> Option<String> {
        let line = self.lines.pop_front()?;
        self.bytes -= line.len();
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_bounded_and_nothing_is_left_out_between_messages() {
        let mut backlog = Backlog::default();
        (0..450).for_each(|number| backlog.push(&number.to_string()));
        let messages: Vec<Vec<String>> =
            std::iter::from_fn(|| Some(backlog.take()).filter(|m| !m.is_empty())).collect();
        assert_eq!(messages.iter().map(Vec::len).collect::<Vec<_>>(), [200, 200, 50]);
        assert!(messages.concat().iter().enumerate().all(|(number, line)| *line == number.to_string()));
        (0..200).for_each(|_| backlog.push(&"x".repeat(5_000)));
        let size = |lines: &[String]| lines.iter().map(String::len).sum::<usize>();
        let first = backlog.take();
        assert!(size(&first) <= MESSAGE_BYTES && first.iter().all(|line| line.len() == 2_000));
        assert_eq!(first.len() + backlog.take().len(), 200);
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let mut backlog = Backlog::default();
        backlog.lose(2);
        (0..LINES + 5).for_each(|number| backlog.push(&number.to_string()));
        assert_eq!(backlog.take()[..2], ["… 7 lines are left out …", "5"]);
    }
}
