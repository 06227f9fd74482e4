//! A source together with how speaking to it goes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use context::sources::{HasSource, Source};
use http::{Request, Response};
use ngsi::{Registration, Timestamp};
use parking_lot::Mutex;
use serde_json::{Map, Value};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::broker::Broker;

/// Requests under way to one source.
const AT_ONCE: usize = 16;
/// How long to wait for a source that does not say.
const USUAL_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest that a source may have.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a source that does not say is left alone after it did not answer: the second time in a row, and after many.
const FIRST_REST: Duration = Duration::from_millis(200);
const LAST_REST: Duration = Duration::from_secs(10);
const LONGEST_COOLDOWN: Duration = Duration::from_secs(24 * 3600);

pub(crate) struct Registered {
    source: Source,
    at_once: Semaphore,
    record: Arc<Mutex<Record>>,
}

/// How it went since the broker started; it is not on disk, that would cost a write for every request.
#[derive(Default)]
struct Record {
    times_sent: u64,
    times_failed: u64,
    last_success: Option<Timestamp>,
    last_failure: Option<Timestamp>,
    failed: bool,
    /// How often in a row it did not answer, and until when it is left alone.
    silences: u32,
    rests_until: Option<Instant>,
}

/// Why a source gave no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Unanswered {
    #[error("it did not answer within {0:?}")]
    TooLate(Duration),
    #[error("it is left alone since it did not answer lately")]
    Resting,
    #[error("{0}")]
    Unreachable(String),
}

impl HasSource for Registered {
    fn source(&self) -> &Source {
        &self.source
    }
}

impl Registered {
    pub(crate) fn new(source: Source) -> Self {
        Self { source, at_once: Semaphore::new(AT_ONCE), record: Arc::default() }
    }

    /// The same source after its registration was changed.
    pub(super) fn renewed(&self, source: Source) -> Self {
        Self { source, at_once: Semaphore::new(AT_ONCE), record: self.record.clone() }
    }

    pub(crate) fn id(&self) -> &str {
        self.source.registration.id.as_str()
    }

    /// Where its interface begins, without the path of a dialect.
    pub(crate) fn base(&self) -> &str {
        base_of(&self.source.registration)
    }

    fn patience(&self) -> Duration {
        let given = self.source.registration.management.as_ref().and_then(|management| management.timeout_ms);
        given.map_or(USUAL_TIMEOUT, Duration::from_millis).min(LONGEST_TIMEOUT)
    }

    fn rest(&self, silences: u32) -> Duration {
        let given = self.source.registration.management.as_ref().and_then(|management| management.cooldown_ms);
        match given {
            Some(cooldown_ms) => Duration::from_millis(cooldown_ms).min(LONGEST_COOLDOWN),
            None => match silences.checked_sub(1) {
                None => Duration::ZERO,
                Some(more) => (FIRST_REST * 2_u32.pow(more.min(10))).min(LAST_REST),
            },
        }
    }

    /// Sends a request to the source, unless it is left alone. What counts as success is any answer of status 2xx, and that
    /// there is no such entity.
    pub(crate) async fn send(&self, broker: &Broker, request: Request<Bytes>) -> Result<Response<Bytes>, Unanswered> {
        if self.record.lock().rests_until.is_some_and(|until| until > Instant::now()) {
            return Err(Unanswered::Resting);
        }
        let patience = self.patience();
        let sent = timeout(patience, async {
            let _permit = self.at_once.acquire().await;
            broker.node.outside().send_with_timeout(request, patience).await
        });
        let answered = match sent.await {
            Err(_) => Err(Unanswered::TooLate(patience)),
            Ok(Err(error)) => Err(Unanswered::Unreachable(in_words(&error))),
            Ok(Ok(response)) => Ok(response),
        };
        self.note(&answered);
        answered
    }

    fn note(&self, answered: &Result<Response<Bytes>, Unanswered>) {
        let now = service::now();
        let mut record = self.record.lock();
        record.times_sent += 1;
        let status = answered.as_ref().ok().map(|response| response.status().as_u16());
        record.failed = !status.is_some_and(|status| (200..300).contains(&status) || status == 404);
        if record.failed {
            record.times_failed += 1;
            record.last_failure = Some(now);
        } else {
            record.last_success = Some(now);
        }
        if status.is_some() {
            (record.silences, record.rests_until) = (0, None);
        } else {
            record.rests_until = Some(Instant::now() + self.rest(record.silences));
            record.silences = record.silences.saturating_add(1);
        }
    }

    /// Adds what its use has shown to the members of the registration (table 5.2.9-2).
    pub(crate) fn report(&self, members: &mut Map<String, Value>) {
        let record = self.record.lock();
        if record.times_sent == 0 {
            return;
        }
        members.insert("status".to_owned(), if record.failed { "failed" } else { "ok" }.into());
        members.insert("timesSent".to_owned(), record.times_sent.into());
        members.insert("timesFailed".to_owned(), record.times_failed.into());
        for (name, time) in [("lastSuccess", record.last_success), ("lastFailure", record.last_failure)] {
            time.into_iter().for_each(|time| drop(members.insert(name.to_owned(), time.brief().into())));
        }
    }
}

/// Where the interface of a source begins, without the path of a dialect.
pub(super) fn base_of(registration: &Registration) -> &str {
    let endpoint = registration.endpoint.trim_end_matches('/');
    endpoint.strip_suffix("/ngsi-ld/v1").unwrap_or(endpoint)
}

/// An error with its causes.
fn in_words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
