//! A request's body, bounded in size. The connection knows whether all of it has arrived, and takes in what no handler wants.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Limited;
use hyper::body::Incoming;
use parking_lot::Mutex;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What the handler reads.
pub(super) struct RequestBody(Arc<Mutex<Part>>);

/// What the connection knows of it.
pub(super) struct Arriving(Arc<Mutex<Part>>);

struct Part {
    /// Its error is the one that axum's extractors answer with 413.
    incoming: Limited<Incoming>,
    is_whole: bool,
}

impl Part {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.incoming).poll_frame(cx));
        self.is_whole |= frame.is_none() || self.incoming.is_end_stream();
        Poll::Ready(frame)
    }
}

impl RequestBody {
    pub(super) fn new(incoming: Incoming, max_bytes: usize) -> (Self, Arriving) {
        let is_whole = incoming.is_end_stream();
        let part = Arc::new(Mutex::new(Part { incoming: Limited::new(incoming, max_bytes), is_whole }));
        (Self(part.clone()), Arriving(part))
    }
}

impl Arriving {
    /// Whether the body has been read to its end.
    pub(super) fn is_whole(&self) -> bool {
        self.0.lock().is_whole
    }

    /// Reads on where the handler has left off. Tells whether the body came to its end; one that the handler still has is its own
    /// affair.
    pub(super) fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let Some(part) = Arc::get_mut(&mut self.0).map(Mutex::get_mut) else { return Poll::Ready(true) };
        while !part.is_whole {
            if let Some(Err(_)) = ready!(part.poll_frame(cx)) {
                return Poll::Ready(false);
            }
        }
        Poll::Ready(true)
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.0.lock().poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().incoming.size_hint()
    }
}
