//! Follows the log of one instance, over restarts, until it is removed.

use std::sync::Arc;
use std::time::Duration;

use flow::TaskId;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use parking_lot::Mutex;
use tasks::Tasks;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout};

use super::backlog::Backlog;
use super::{Cursor, LogItem};
use crate::engine::Engines;

/// Logs that are followed at once.
const FOLLOWERS: usize = 32;
/// How long the first lines are gathered.
const FIRST: Duration = Duration::from_millis(200);
/// Lines are handed on so far apart.
const PAUSE: Duration = Duration::from_millis(100);
/// How often a source that has ended is looked for again.
const REOPEN: Duration = Duration::from_secs(1);
const OPENING: Duration = Duration::from_secs(10);
/// How often it is checked that the instance is still wanted.
const LOOK: Duration = Duration::from_millis(500);
/// How long the last words of a removed instance are waited for.
const LAST_WORDS: Duration = Duration::from_secs(5);
const RESTARTED: &str = "— started again —";
const REMOVED: &str = "the instance was removed";

/// The logs of a worker's instances.
#[derive(Clone)]
pub(crate) struct Logs {
    tasks: Arc<Mutex<Tasks>>,
    engines: Engines,
    slots: Arc<Semaphore>,
}

/// Why a log is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FollowError {
    #[error("no such task instance")]
    NotFound,
    #[error("the worker already sends {FOLLOWERS} logs, the most it sends at once")]
    TooMany,
}

/// What there is to tell.
pub(crate) enum Followed {
    /// Lines; in place of all before them when `reset`.
    Lines { lines: Vec<String>, reset: bool },
    /// No more lines will follow.
    End(&'static str),
}

pub(crate) struct Follower {
    logs: Logs,
    task: TaskId,
    source: Option<BoxStream<'static, LogItem>>,
    cursor: Option<Cursor>,
    backlog: Backlog,
    /// The last problem told.
    problem: Option<String>,
    begun: bool,
    open_at: Instant,
    send_at: Instant,
    look_at: Instant,
    /// When the instance is no longer wanted: until when lines may still come.
    ends_at: Option<Instant>,
    _slot: OwnedSemaphorePermit,
}

impl Logs {
    pub(crate) fn new(tasks: Arc<Mutex<Tasks>>, engines: Engines) -> Self {
        Self { tasks, engines, slots: Arc::new(Semaphore::new(FOLLOWERS)) }
    }

    pub(crate) fn follow(&self, task: &TaskId) -> Result<Follower, FollowError> {
        if !self.has(task) {
            return Err(FollowError::NotFound);
        }
        let slot = self.slots.clone().try_acquire_owned().map_err(|_| FollowError::TooMany)?;
        let now = Instant::now();
        Ok(Follower {
            logs: self.clone(),
            task: task.clone(),
            source: None,
            cursor: None,
            backlog: Backlog::default(),
            problem: None,
            begun: false,
            open_at: now,
            send_at: now + FIRST,
            look_at: now + LOOK,
            ends_at: None,
            _slot: slot,
        })
    }

    fn has(&self, task: &TaskId) -> bool {
        self.tasks.lock().get(task).is_some()
    }
}

impl Follower {
    /// Waits for lines. May be given up at any time; nothing is lost then.
    pub(crate) async fn next(&mut self) -> Followed {
        loop {
            let has_news = !self.begun || !self.backlog.is_empty();
            if has_news && Instant::now() >= self.send_at {
                return self.hand_on();
            }
            if !has_news && self.is_over() {
                return Followed::End(REMOVED);
            }
            tokio::select! {
                item = next_of(&mut self.source) => self.take(item),
                () = sleep_until(self.open_at), if self.source.is_none() && self.ends_at.is_none() => self.open().await,
                () = sleep_until(self.send_at), if has_news => {}
                () = sleep_until(self.look_at) => self.look(),
            }
        }
    }

    /// Takes note that lines did not reach their reader.
    pub(crate) fn lost(&mut self, count: usize) {
        self.backlog.lose(count as u64);
    }

    fn hand_on(&mut self) -> Followed {
        self.send_at = Instant::now() + PAUSE;
        let reset = !std::mem::replace(&mut self.begun, true);
        Followed::Lines { lines: self.backlog.take(), reset }
    }

    fn is_over(&self) -> bool {
        self.ends_at.is_some_and(|ends_at| self.source.is_none() || Instant::now() >= ends_at)
    }

    fn look(&mut self) {
        self.look_at = Instant::now() + LOOK;
        if self.logs.has(&self.task) {
            self.ends_at = None;
        } else {
            self.ends_at.get_or_insert_with(|| Instant::now() + LAST_WORDS);
        }
    }

    async fn open(&mut self) {
        self.open_at = Instant::now() + REOPEN;
        let opening = self.logs.engines.follow_log(&self.task, self.cursor.as_ref());
        let Ok(Some(source)) = timeout(OPENING, opening).await else { return };
        self.source = Some(source.items);
        match &self.cursor {
            Some(cursor) if cursor.source == source.id => return,
            Some(_) => self.backlog.push(RESTARTED),
            None => {}
        }
        self.cursor = Some(Cursor { source: source.id, stamp: None });
    }

    fn take(&mut self, item: Option<LogItem>) {
        match item {
            None => {
                self.source = None;
                self.look();
            }
            Some(LogItem::Line { stamp, text }) => {
                self.backlog.push(&text);
                self.problem = None;
                if let Some(cursor) = &mut self.cursor {
                    cursor.stamp = stamp;
                }
            }
            Some(LogItem::Lost(count)) => self.backlog.lose(count),
            Some(LogItem::Problem(problem)) if self.problem.as_ref() != Some(&problem) => {
                self.backlog.push(&problem);
                self.problem = Some(problem);
            }
            Some(LogItem::Problem(_)) => {}
        }
    }
}

async fn next_of(source: &mut Option<BoxStream<'static, LogItem>>) -> Option<LogItem> {
    match source {
        Some(items) => items.next().await,
        None => std::future::pending().await,
    }
}
