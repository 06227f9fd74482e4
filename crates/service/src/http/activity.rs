//! Whether a connection is of use: what its watchdog asks instead of a timer per request.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::body::Body as AnswerBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// The requests of one connection.
#[derive(Debug, Default)]
pub(super) struct Activity {
    begun: AtomicU64,
    ended: AtomicU64,
}

impl Activity {
    /// Counts a request that runs until the guard is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Active {
        self.begun.fetch_add(1, Ordering::Relaxed);
        Active(self.clone())
    }

    /// How many requests have begun, or `None` while one runs.
    fn at_rest(&self) -> Option<u64> {
        let begun = self.begun.load(Ordering::Relaxed);
        (begun == self.ended.load(Ordering::Relaxed)).then_some(begun)
    }
}

/// One running request.
#[derive(Debug)]
pub(super) struct Active(Arc<Activity>);

impl Drop for Active {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// Looks at a connection from time to time.
pub(super) struct Watchdog {
    activity: Arc<Activity>,
    seen: Option<u64>,
}

impl Watchdog {
    pub(super) fn new(activity: Arc<Activity>) -> Self {
        Self { activity, seen: None }
    }

    /// Whether the connection had no request, not even the whole header of one, for the whole time between the last two looks.
    pub(super) fn looks_dead(&mut self) -> bool {
        let now = self.activity.at_rest();
        let dead = now.is_some() && now == self.seen;
        self.seen = now;
        dead
    }
}

/// An answer's body: its request runs until all of it is sent.
pub(super) struct TrackedBody {
    body: AnswerBody,
    _active: Option<Active>,
}

impl TrackedBody {
    pub(super) fn new(body: AnswerBody, active: Option<Active>) -> Self {
        Self { body, _active: active }
    }
}

impl Body for TrackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
