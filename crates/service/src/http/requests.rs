//! One request: bounded in size and time, its panic contained, its errors answered as JSON.

use std::convert::Infallible;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
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
use super::body::{Arriving, RequestBody};
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
        // Nothing for one that is too large.
        body: Option<Arriving>,
        response: Option<Response>,
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
        let (route, body) = if announces_more_than(limits.max_body_bytes, request.headers()) {
            (Route::TooLarge, None)
        } else {
            let (head, incoming) = request.into_parts();
            let (body, arriving) = RequestBody::new(incoming, limits.max_body_bytes);
            let mut request = Request::from_parts(head, body);
            DefaultBodyLimit::disable().apply(&mut request);
            (Route::Routed { future: requests.router.clone().call(request) }, Some(arriving))
        };
        Self {
            route,
            deadline: sleep_until(started + limits.body_timeout.min(limits.request_timeout)),
            started,
            body,
            response: None,
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
            if this.body.as_ref().is_some_and(|body| !body.is_whole()) {
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

    /// Takes in what the handler did not want of the body, as long as a body may take: a connection that ends over unread bytes can lose
    /// the answer, and one that is closed without a word the client's next request. Tells whether the connection can go on.
    fn poll_rest(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        let this = self.project();
        let Some(body) = this.body else { return Poll::Ready(true) };
        match body.poll_rest(cx) {
            Poll::Pending => this.deadline.poll(cx).map(|()| false),
            ready => ready,
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
        let mut response = match self.as_mut().project().response.take() {
            Some(response) => response,
            None => match self.as_mut().poll_route(cx) {
                Poll::Ready(response) => response,
                Poll::Pending => ready!(self.as_mut().poll_deadline(cx)),
            },
        };
        match self.as_mut().poll_rest(cx) {
            Poll::Ready(true) => {}
            Poll::Ready(false) => close(&mut response),
            Poll::Pending => {
                *self.project().response = Some(response);
                return Poll::Pending;
            }
        }
        let streams = response.extensions().get::<Streams>().is_some();
        let active = self.project().active.take().map(|active| if streams { active.streams() } else { active });
        Poll::Ready(Ok(response.map(|body| TrackedBody::new(body, active))))
    }
}

/// An error after which the connection is of no further use: the rest of the request may still be on its way.
fn last(status: StatusCode, description: &str) -> Response {
    let mut response = answer::error(status, description);
    close(&mut response);
    response
}

fn close(response: &mut Response) {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
}
