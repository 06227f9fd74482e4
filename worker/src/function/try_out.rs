//! Runs a function once, on a sample entity, with nothing around it.
//!
//! The function is loaded, told its outputs and called as an instance would be, but no broker hears of it: publications are
//! collected, each query is answered with an empty list, a subscription leads to no notification, and timers fire in virtual
//! time, without waiting, for as long as [`VIRTUAL_TIME`].

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use flow::{OutputStream, TryError, TryOut, TryReport};

use super::outputs::{self, identified};
use super::{Effect, Limits, Script, ScriptError, timers};
use crate::logs::TaskLog;

const TASK: &str = "try-out";
/// For so long timers fire.
const VIRTUAL_TIME: Duration = Duration::from_secs(5);
const FIRINGS: usize = 100;
const QUERIES: usize = 100;
const SUBSCRIPTIONS: usize = 100;
/// How long all calls together may take, whatever the function's own limit.
const PATIENCE: Duration = Duration::from_secs(3);
/// The largest report: it travels over the message bus.
const REPORT_BYTES: usize = 1024 * 1024;

/// Tries the function within its operator's limits; takes its time, so not to be called where others wait.
#[must_use]
pub fn try_out(sample: &TryOut) -> TryReport {
    let begun = Instant::now();
    let log = TaskLog::new(TASK.into());
    let outcome = Trial::new(sample, log.clone(), begun + PATIENCE).and_then(|trial| trial.run(sample));
    let report = outcome.unwrap_or_else(|error| TryReport { error: Some(error), ..TryReport::default() });
    let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    TryReport { log: log.lines(), took_ms, ..report }
}

struct Trial {
    script: Script,
    outputs: Vec<OutputStream>,
    log: TaskLog,
    until: Instant,
    /// The virtual time since the start.
    now: Duration,
    timers: BTreeSet<(Duration, u32)>,
    report: TryReport,
}

impl Trial {
    fn new(sample: &TryOut, log: TaskLog, until: Instant) -> Result<Self, TryError> {
        let limits = Limits::of(&sample.parameters).map_err(problem)?;
        let limits = Limits { time: limits.time.min(PATIENCE), ..limits };
        let output = |output: &flow::TryOutput| OutputStream {
            r#type: output.r#type.clone(),
            stream_id: output.id.clone(),
            annotations: Vec::new(),
        };
        Ok(Self {
            script: Script::load(&sample.code, limits, log.clone())?,
            outputs: sample.outputs.iter().map(output).collect(),
            log,
            until,
            now: Duration::ZERO,
            timers: BTreeSet::new(),
            report: TryReport::default(),
        })
    }

    fn run(mut self, sample: &TryOut) -> Result<TryReport, TryError> {
        let element = serde_json::to_string(&sample.entity).map_err(|error| problem(error.to_string()))?;
        let effects = self.script.start()?;
        self.follow(effects)?;
        self.script.introduce(TASK, &outputs::as_json(&self.outputs))?;
        let effects = self.call(|script| script.notify(&element))?;
        self.follow(effects)?;
        self.fire_timers()?;
        self.report.timers = self.timers.len();
        self.bounded()
    }

    fn call(&self, work: impl FnOnce(&Script) -> Result<Vec<Effect>, ScriptError>) -> Result<Vec<Effect>, TryError> {
        if Instant::now() >= self.until {
            return Err(problem(format!("the calls together took longer than {} s", PATIENCE.as_secs())));
        }
        Ok(work(&self.script)?)
    }

    fn follow(&mut self, effects: Vec<Effect>) -> Result<(), TryError> {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Publish(element) => {
                    self.report.published.extend(identified(element, &self.outputs, &self.log));
                }
                Effect::Query { id, request } if self.report.queries.len() < QUERIES => {
                    self.report.queries.push(request);
                    effects.extend(self.call(|script| script.answer(id, Ok("[]")))?);
                }
                Effect::Query { .. } => self.log.write("error", "too many queries follow one another"),
                Effect::Subscribe(request) if self.report.subscriptions.len() < SUBSCRIPTIONS => {
                    if !self.report.subscriptions.contains(&request) {
                        self.report.subscriptions.push(request);
                    }
                }
                Effect::Subscribe(_) => self.log.write("error", "too many subscriptions"),
                Effect::Timer { id, after_ms } if self.timers.len() < timers::MOST => {
                    self.timers.insert((self.now + timers::delay(after_ms), id));
                }
                Effect::Timer { .. } => self.log.write("error", "too many timers"),
            }
        }
        Ok(())
    }

    fn fire_timers(&mut self) -> Result<(), TryError> {
        for _ in 0..FIRINGS {
            let Some((due, id)) = self.timers.pop_first() else { break };
            if due > VIRTUAL_TIME {
                self.timers.insert((due, id));
                break;
            }
            self.now = due;
            let effects = self.call(|script| script.fire(id))?;
            self.follow(effects)?;
        }
        Ok(())
    }

    fn bounded(self) -> Result<TryReport, TryError> {
        let size = serde_json::to_vec(&self.report).map_err(|error| problem(error.to_string()))?.len();
        if size > REPORT_BYTES {
            let mib = REPORT_BYTES / (1024 * 1024);
            return Err(problem(format!("what the function asks for is larger than {mib} MiB, too much to be shown")));
        }
        Ok(self.report)
    }
}

fn problem(message: String) -> TryError {
    TryError { message, line: None, column: None }
}
