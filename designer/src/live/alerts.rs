//! Alerts: what is wrong now, and what was lately.
//!
//! They follow conditions: one that begins to hold opens an alert, one that holds no more ends it. So an alert opens once, however
//! often its condition is looked at.

use std::collections::BTreeMap;
use std::time::Duration;

use ngsi::Timestamp;
use serde::Serialize;

use super::tracked::Tracked;

/// Alerts kept.
const MAX_ALERTS: usize = 100;

/// What an alert is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    MessageBus,
    Service(String),
    Worker(String),
    /// Silent workers beyond those that have an alert each.
    FurtherWorkers,
    Broker(String),
    /// Failed task instances of an intent.
    Intent(String),
    /// Notifications to a URL.
    Receiver(String),
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    pub(crate) severity: Severity,
    /// Since when.
    pub(crate) since: Timestamp,
    pub(crate) text: String,
    pub(crate) link: Option<Link>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    Bad,
    Warn,
    Good,
}

/// Where in the dashboard to look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Link {
    pub(crate) page: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
}

/// An alert as pages see it; times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Alert {
    id: u64,
    pub(crate) severity: Severity,
    at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<i64>,
    pub(crate) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<Link>,
    #[serde(skip)]
    since: Timestamp,
}

#[derive(Debug, Default)]
pub(crate) struct Alerts {
    log: Tracked<u64, Alert>,
    open: BTreeMap<Subject, u64>,
    opened: u64,
}

impl Alerts {
    pub(crate) fn log(&self) -> &Tracked<u64, Alert> {
        &self.log
    }

    /// Opens, corrects and ends alerts, so that they say what holds. `over` words the end of one that lasted so long.
    pub(crate) fn follow(
        &mut self,
        mut conditions: BTreeMap<Subject, Condition>,
        over: impl Fn(&Subject, Duration) -> String,
        now: Timestamp,
    ) {
        let Self { log, open, .. } = self;
        open.retain(|subject, id| {
            let holds = conditions.remove(subject);
            log.edit(id, |alert| match &holds {
                Some(condition) => alert.correct(condition),
                None => alert.end(over(subject, now.since(alert.since)), now),
            });
            holds.is_some()
        });
        for (subject, condition) in conditions {
            self.open(subject, condition, now);
        }
    }

    fn open(&mut self, subject: Subject, condition: Condition, now: Timestamp) {
        let Condition { severity, since, text, link } = condition;
        self.opened += 1;
        let id = self.opened;
        self.log.set(id, Alert { id, severity, at: now.as_micros() / 1_000, until: None, text, link, since });
        self.open.insert(subject, id);
        if self.log.len() > MAX_ALERTS {
            let oldest = self.log.iter().min_by_key(|(id, alert)| (alert.until.is_none(), **id)).map(|(id, _)| *id);
            oldest.and_then(|id| self.log.remove(&id));
        }
    }
}

impl Alert {
    /// Whether that changed anything.
    fn correct(&mut self, condition: &Condition) -> bool {
        let another = self.text != condition.text || self.severity != condition.severity;
        (self.severity, self.since) = (condition.severity, condition.since);
        self.text.clone_from(&condition.text);
        another
    }

    fn end(&mut self, text: String, now: Timestamp) -> bool {
        (self.severity, self.text, self.until) = (Severity::Good, text, Some(now.as_micros() / 1_000));
        true
    }
}

/// A time in words that are short.
pub(crate) fn words(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1_000)
    }

    fn wrong(text: &str, since: i64) -> Condition {
        Condition { severity: Severity::Bad, since: at(since), text: text.to_owned(), link: None }
    }

    fn follow(alerts: &mut Alerts, conditions: &[(Subject, Condition)], second: i64) {
        let over = |subject: &Subject, time| format!("{subject:?} over after {}", words(time));
        alerts.follow(conditions.iter().cloned().collect(), over, at(second));
    }

    fn shown(alerts: &Alerts) -> Vec<(u64, &str, Option<i64>)> {
        alerts.log().values().map(|alert| (alert.id, alert.text.as_str(), alert.until)).collect()
    }

    #[test]
    fn an_alert_opens_once_is_corrected_and_ends_when_its_condition_does() {
        let mut alerts = Alerts::default();
        follow(&mut alerts, &[(Subject::MessageBus, wrong("away", 1))], 3);
        let first = alerts.log().latest();
        follow(&mut alerts, &[(Subject::MessageBus, wrong("away", 1))], 4);
        assert_eq!(alerts.log().latest(), first, "nothing new is nothing to tell");
        follow(&mut alerts, &[(Subject::MessageBus, wrong("still away", 1))], 5);
        assert_eq!(shown(&alerts), [(1, "still away", None)]);
        follow(&mut alerts, &[], 41);
        assert_eq!(shown(&alerts), [(1, "MessageBus over after 40 s", Some(41_000))]);
        follow(&mut alerts, &[(Subject::MessageBus, wrong("away", 50))], 50);
        assert_eq!(shown(&alerts)[1], (2, "away", None));
    }

    #[test]
    fn a_hundred_are_kept_those_that_are_over_go_first_and_none_opens_twice() {
        let mut alerts = Alerts::default();
        follow(&mut alerts, &[(Subject::MessageBus, wrong("over soon", 0))], 0);
        let many: Vec<_> = (0..150).map(|n| (Subject::Worker(format!("{n:03}")), wrong("silent", 0))).collect();
        follow(&mut alerts, &many[..100], 1);
        assert!(shown(&alerts).iter().all(|(_, text, _)| *text == "silent"));
        follow(&mut alerts, &many, 2);
        let before = alerts.log().latest();
        follow(&mut alerts, &many, 3);
        assert_eq!((alerts.log().latest(), alerts.log().len()), (before, MAX_ALERTS));
    }

    #[test]
    fn times_are_short() {
        let words = |seconds| words(Duration::from_secs(seconds));
        assert_eq!(
            [words(0), words(119), words(120), words(7_199), words(7_200)],
            ["0 s", "119 s", "2 min", "119 min", "2 h"]
        );
    }
}
