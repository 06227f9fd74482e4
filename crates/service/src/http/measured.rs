//! Counts and times requests by route.
//!
//! The layer is applied once per route, so a route finds its metrics once and keeps them: no look-up per request.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use http::Method;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::metrics::{Metrics, RouteMetrics};

#[derive(Clone)]
pub(super) struct Measure {
    pub(super) metrics: Metrics,
    pub(super) service: &'static str,
}

impl<S> Layer<S> for Measure {
    type Service = Measured<S>;

    fn layer(&self, inner: S) -> Measured<S> {
        Measured { inner, route: Arc::new(RouteHandles { measure: self.clone(), by_method: Default::default() }) }
    }
}

const METHODS: [Method; 7] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD, Method::OPTIONS];

/// The metrics of one route, found at its first request; the last place is for all other methods.
struct RouteHandles {
    measure: Measure,
    by_method: [OnceLock<RouteMetrics>; METHODS.len() + 1],
}

impl RouteHandles {
    fn of(&self, request: &Request) -> &RouteMetrics {
        let place = METHODS.iter().position(|method| method == request.method()).unwrap_or(METHODS.len());
        self.by_method[place].get_or_init(|| {
            let route = request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str);
            let method = METHODS.get(place).map_or("other", Method::as_str);
            self.measure.metrics.route(self.measure.service, route, method)
        })
    }
}

#[derive(Clone)]
pub(super) struct Measured<S> {
    inner: S,
    route: Arc<RouteHandles>,
}

impl<S> Service<Request> for Measured<S>
where
    S: Service<Request, Error = Infallible>,
    S::Response: IntoResponse,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Measuring<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let metrics = self.route.of(&request).clone();
        Measuring { started: Instant::now(), metrics, inner: self.inner.call(request) }
    }
}

pin_project! {
    pub(super) struct Measuring<F> {
        started: Instant,
        metrics: RouteMetrics,
        #[pin]
        inner: F,
    }
}

impl<F, R> Future for Measuring<F>
where
    F: Future<Output = Result<R, Infallible>>,
    R: IntoResponse,
{
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = match ready!(this.inner.poll(cx)) {
            Ok(response) => response.into_response(),
            Err(never) => match never {},
        };
        this.metrics.observe(&response, this.started.elapsed());
        Poll::Ready(Ok(response))
    }
}
