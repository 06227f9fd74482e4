//! One request: bounded in size and time, its panic contained, its errors answered as JSON.

use std::convert::Infallible;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::Response;
use axum::routing::future::RouteFuture;
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderValue};
use http::{HeaderMap, Request, StatusCode};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};
use tower::Service;

use super::activity::{Active, Activity, TrackedBody};
use super::body::{Arrived, RequestBody};
use super::events::Streams;
use super::{Complaints, Limits, answer};
use crate::metrics::Refusals;

/// What the requests of one server share.
pub(super) struct Requests {
    pub(super) router: Router,
    pub(super) limits: Limits,
    pub(super) refusals: Refusals,
    /// About requests that reach no route.
    pub(super) complaints: Complaints,
}

/// The requests of one connection.
#[derive(Clone)]
pub(super) struct ConnectionService {
    pub(super) requests: Arc<Requests>,
    pub(super) activity: Arc<Activity>,
}

impl hyper::service::Service<Request<Incoming>> for ConnectionService {
    type Response = http::Response<TrackedBody>;
    type Error = Infallible;
    type Future = Answer;

    fn call(&self, request: Request<Incoming>) -> Answer {
        Answer::to(request, &self.requests, self.activity.begin())
    }
}

pin_project! {
    /// The answer to one request.
    pub(super) struct Answer {
        #[pin]
        route: Route,
        #[pin]
        deadline: Sleep,
        started: Instant,
        arrived: Arrived,
        requests: Arc<Requests>,
        active: Option<Active>,
    }
}

pin_project! {
    #[project = RouteProjection]
    enum Route {
        Routed { #[pin] future: RouteFuture<Infallible> },
        TooLarge,
    }
}

impl Answer {
    fn to(request: Request<Incoming>, requests: &Arc<Requests>, active: Active) -> Self {
        let limits = &requests.limits;
        let started = Instant::now();
        let arrived = Arrived::default();
        let route = if announces_more_than(limits.max_body_bytes, request.headers()) {
            Route::TooLarge
        } else {
            let mut request = request.map(|body| RequestBody::new(body, limits.max_body_bytes, arrived.clone()));
            DefaultBodyLimit::disable().apply(&mut request);
            Route::Routed { future: requests.router.clone().call(request) }
        };
        Self {
            route,
            deadline: sleep_until(started + limits.body_timeout.min(limits.request_timeout)),
            started,
            arrived,
            requests: requests.clone(),
            active: Some(active),
        }
    }

    fn poll_route(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let this = self.project();
        let refusals = &this.requests.refusals;
        let RouteProjection::Routed { future } = this.route.project() else {
            refusals.too_large.inc();
            let response = last(StatusCode::PAYLOAD_TOO_LARGE, "the request body is larger than this service accepts");
            this.requests.complaints.note(&response);
            return Poll::Ready(response);
        };
        match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
            Ok(polled) => polled.map(|Ok(response)| answer::as_json(response)),
            Err(_) => {
                refusals.panicked.inc();
                Poll::Ready(last(StatusCode::INTERNAL_SERVER_ERROR, "the service failed on this request"))
            }
        }
    }

    /// One timer for both limits: first for the body, then for the answer.
    fn poll_deadline(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let mut this = self.project();
        let refusals = &this.requests.refusals;
        let answer_by = *this.started + this.requests.limits.request_timeout;
        loop {
            ready!(this.deadline.as_mut().poll(cx));
            if !this.arrived.load(Ordering::Relaxed) {
                refusals.late.inc();
                return Poll::Ready(last(StatusCode::REQUEST_TIMEOUT, "the request body did not arrive in time"));
            }
            if this.deadline.deadline() >= answer_by {
                refusals.unanswered.inc();
                return Poll::Ready(answer::error(StatusCode::SERVICE_UNAVAILABLE, "the request was not done in time"));
            }
            this.deadline.as_mut().reset(answer_by);
        }
    }
}

fn announces_more_than(limit: usize, headers: &HeaderMap) -> bool {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    announced.is_some_and(|length| length > limit as u64)
}

impl Future for Answer {
    type Output = Result<http::Response<TrackedBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let response = match self.as_mut().poll_route(cx) {
            Poll::Ready(response) => response,
            Poll::Pending => ready!(self.as_mut().poll_deadline(cx)),
        };
        let streams = response.extensions().get::<Streams>().is_some();
        let active = self.project().active.take().map(|active| if streams { active.streams() } else { active });
        Poll::Ready(Ok(response.map(|body| TrackedBody::new(body, active))))
    }
}

/// An error after which the connection is of no further use: the rest of the request may still be on its way.
fn last(status: StatusCode, description: &str) -> Response {
    let mut response = answer::error(status, description);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
