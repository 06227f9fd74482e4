//! A request's body, bounded in size; the connection learns from it whether all of it has arrived.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Limited;
use hyper::body::Incoming;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Set once a request's body has been read to its end.
pub(super) type Arrived = Arc<AtomicBool>;

pub(super) struct RequestBody {
    /// Its error is the one that axum's extractors answer with 413.
    incoming: Limited<Incoming>,
    arrived: Arrived,
}

impl RequestBody {
    pub(super) fn new(incoming: Incoming, max_bytes: usize, arrived: Arrived) -> Self {
        if incoming.is_end_stream() {
            arrived.store(true, Ordering::Relaxed);
        }
        Self { incoming: Limited::new(incoming, max_bytes), arrived }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.incoming).poll_frame(cx));
        if frame.is_none() || self.incoming.is_end_stream() {
            self.arrived.store(true, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
