//! Whether a connection is of use: what its watchdog asks instead of a timer per request.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body as AnswerBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

/// How long the reader of an event stream may take nothing, not even its pings.
const STALLED_AFTER: Duration = Duration::from_secs(60);

/// The requests of one connection.
#[derive(Debug, Default)]
pub(super) struct Activity {
    begun: AtomicU64,
    ended: AtomicU64,
    streams_begun: AtomicU64,
    streams_ended: AtomicU64,
    /// Pieces of event streams that were taken.
    taken: AtomicU64,
}

impl Activity {
    /// Counts a request that runs until the guard is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Active {
        self.begun.fetch_add(1, Ordering::Relaxed);
        Active { activity: self.clone(), stream: false }
    }

    /// How many requests have begun, or `None` while one runs.
    fn at_rest(&self) -> Option<u64> {
        let begun = self.begun.load(Ordering::Relaxed);
        (begun == self.ended.load(Ordering::Relaxed)).then_some(begun)
    }

    fn streams(&self) -> u64 {
        self.streams_begun.load(Ordering::Relaxed).saturating_sub(self.streams_ended.load(Ordering::Relaxed))
    }

    /// Whether the connection has served event streams and runs nothing else: a stop need not wait for who reads them.
    pub(super) fn only_streams(&self) -> bool {
        let running = self.begun.load(Ordering::Relaxed).saturating_sub(self.ended.load(Ordering::Relaxed));
        self.streams_begun.load(Ordering::Relaxed) > 0 && running == self.streams()
    }
}

/// One running request.
#[derive(Debug)]
pub(super) struct Active {
    activity: Arc<Activity>,
    stream: bool,
}

impl Active {
    /// Takes note that the answer is an event stream.
    pub(super) fn streams(mut self) -> Self {
        self.stream = true;
        self.activity.streams_begun.fetch_add(1, Ordering::Relaxed);
        self
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        if self.stream {
            self.activity.streams_ended.fetch_add(1, Ordering::Relaxed);
        }
        self.activity.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// Looks at a connection from time to time.
pub(super) struct Watchdog {
    activity: Arc<Activity>,
    seen: Option<u64>,
    taken: u64,
    taken_at: Instant,
}

impl Watchdog {
    pub(super) fn new(activity: Arc<Activity>) -> Self {
        Self { activity, seen: None, taken: 0, taken_at: Instant::now() }
    }

    /// Whether the connection had no request, not even the whole header of one, for the whole time between the last two looks.
    pub(super) fn looks_dead(&mut self) -> bool {
        let now = self.activity.at_rest();
        let dead = now.is_some() && now == self.seen;
        self.seen = now;
        dead || self.stalled(Instant::now())
    }

    /// Whether event streams run and nobody has taken anything of them for long, while each offers a ping at least.
    fn stalled(&mut self, now: Instant) -> bool {
        let taken = self.activity.taken.load(Ordering::Relaxed);
        if self.activity.streams() == 0 || taken != self.taken {
            (self.taken, self.taken_at) = (taken, now);
        }
        now - self.taken_at > STALLED_AFTER
    }
}

/// An answer's body: its request runs until all of it is sent.
pub(super) struct TrackedBody {
    body: AnswerBody,
    active: Option<Active>,
}

impl TrackedBody {
    pub(super) fn new(body: AnswerBody, active: Option<Active>) -> Self {
        Self { body, active }
    }
}

impl Body for TrackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(active) = self.active.as_ref().filter(|active| active.stream) {
            active.activity.taken.fetch_add(1, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_nobody_reads_is_dead_after_a_minute_and_one_that_is_read_is_not() {
        let activity = Arc::new(Activity::default());
        let mut watchdog = Watchdog::new(activity.clone());
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let stream = activity.begin().streams();
        assert!(!watchdog.stalled(at(0)));
        activity.taken.fetch_add(1, Ordering::Relaxed);
        assert!(!watchdog.stalled(at(59)));
        assert!(!watchdog.stalled(at(119)));
        assert!(watchdog.stalled(at(120)));
        drop(stream);
        assert!(!watchdog.stalled(at(300)), "a request that is no stream may take its time");
    }

    #[test]
    fn a_stop_waits_for_requests_but_not_for_streams() {
        let activity = Arc::new(Activity::default());
        assert!(!activity.only_streams());
        let stream = activity.begin().streams();
        assert!(activity.only_streams());
        let request = activity.begin();
        assert!(!activity.only_streams());
        drop(request);
        drop(stream);
        assert!(activity.only_streams(), "what is left to write is the end of the stream");
    }
}
