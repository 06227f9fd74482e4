//! Server-sent events: answers that last.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt};
use http::header::{CACHE_CONTROL, HeaderName, HeaderValue};

pub use axum::response::sse::Event;

use crate::Node;

/// A proxy gives up on a quiet answer after a minute or so.
const PING_INTERVAL: Duration = Duration::from_secs(15);
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// An answer's extension: its body lasts until its reader or the node goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Streams;

/// Events as a `text/event-stream`, with a comment when nothing happens for 15 s, until they or the node end.
///
/// Each event is asked for when its reader has taken the one before: a source that makes them on demand needs no queue.
/// `http.request_timeout_ms` bounds the time until the answer begins, not the answer. A reader that takes nothing for a minute
/// is cut off; the drain after the stop signal does not wait for readers.
pub fn event_stream(node: &Node, events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let events = events.map(Ok::<_, Infallible>).take_until(node.shutdown.clone().cancelled_owned());
    let pings = KeepAlive::new().interval(PING_INTERVAL).text("ping");
    let mut response = Sse::new(events).keep_alive(pings).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(BUFFERING, HeaderValue::from_static("no"));
    response.extensions_mut().insert(Streams);
    response
}
