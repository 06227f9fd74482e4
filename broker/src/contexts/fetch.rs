//! Contexts from other servers: bounded in time and size, joined when several requests want the same, and not tried again at
//! once when it failed.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use http::header::{ACCEPT, CACHE_CONTROL, LOCATION};
use http::{Request, Response};
use ngsi::ld::context::{self, Document, MAX_DOCUMENT};
use parking_lot::Mutex;
use service::Node;
use service::http::{Client, ClientError, MaxResponse};
use tokio::time::{Instant, timeout};

/// The longest that one context may take, redirects included.
const TIMEOUT: Duration = Duration::from_secs(3);
const MAX_REDIRECTS: usize = 3;
/// How long a failure counts.
const FAILURE_COUNTS: Duration = Duration::from_secs(10);
/// The most failures that are remembered.
const MAX_FAILURES: usize = 1_000;
/// The most contexts fetched at once.
const MAX_FETCHES: usize = 64;
/// For how long a context is not fetched again, when its server does not say.
const USUAL_AGE: Duration = Duration::from_secs(24 * 3600);
const LEAST_AGE: Duration = Duration::from_secs(60);
const MOST_AGE: Duration = Duration::from_secs(30 * 24 * 3600);

/// A context, or in words why there is none.
type Outcome = Result<Document, Arc<str>>;
type Fetch = Shared<BoxFuture<'static, Outcome>>;

#[derive(Default)]
pub(super) struct Fetches {
    running: Mutex<HashMap<Arc<str>, Fetch>>,
    failures: Mutex<HashMap<Arc<str>, Failure>>,
}

struct Failure {
    at: Instant,
    reason: Arc<str>,
}

impl Failure {
    fn counts(&self) -> bool {
        self.at.elapsed() < FAILURE_COUNTS
    }
}

impl Fetches {
    /// Why there is nothing at a URL, when that was tried just now.
    pub(super) fn failure(&self, url: &str) -> Option<Arc<str>> {
        self.failures.lock().get(url).filter(|failure| failure.counts()).map(|failure| failure.reason.clone())
    }

    /// Forgets that it failed.
    pub(super) fn forget(&self, url: &str) {
        self.failures.lock().remove(url);
    }

    /// Whether a URL is being fetched.
    pub(super) fn is_running(&self, url: &str) -> bool {
        self.running.lock().contains_key(url)
    }

    /// Joins the fetch of a URL, or begins it with `work`.
    pub(super) fn join<W>(self: &Arc<Self>, node: &Node, url: &str, work: impl FnOnce(Arc<str>) -> W) -> Fetch
    where
        W: Future<Output = Result<Document, String>> + Send + 'static,
    {
        let mut running = self.running.lock();
        if let Some(fetch) = running.get(url) {
            return fetch.clone();
        }
        if running.len() >= MAX_FETCHES {
            return std::future::ready(Err("too many contexts are being fetched".into())).boxed().shared();
        }
        let (fetches, url) = (self.clone(), Arc::<str>::from(url));
        let (work, wanted) = (work(url.clone()), url.clone());
        // Requests end when their clients hang up; others may wait for the same context.
        let task = node.tasks.spawn(async move {
            let outcome = work.await.map_err(Arc::<str>::from);
            fetches.finish(&wanted, &outcome);
            outcome
        });
        let fetch = async move { task.await.unwrap_or_else(|error| Err(error.to_string().into())) }.boxed().shared();
        running.insert(url, fetch.clone());
        fetch
    }

    fn finish(&self, url: &Arc<str>, outcome: &Outcome) {
        let mut failures = self.failures.lock();
        failures.remove(url);
        if let Err(reason) = outcome {
            if failures.len() >= MAX_FAILURES {
                failures.retain(|_, failure| failure.counts());
            }
            if failures.len() < MAX_FAILURES {
                failures.insert(url.clone(), Failure { at: Instant::now(), reason: reason.clone() });
            }
        }
        drop(failures);
        self.running.lock().remove(url);
    }
}

/// What a server has at a URL.
pub(super) struct Fetched {
    pub(super) body: Bytes,
    /// For how long it may be used.
    pub(super) max_age: Duration,
}

/// Gets what is at a URL.
pub(super) async fn get(client: &Client, url: &str) -> Result<Fetched, String> {
    match timeout(TIMEOUT, follow(client, url)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(format!("no answer within {} s", TIMEOUT.as_secs())),
    }
}

async fn follow(client: &Client, url: &str) -> Result<Fetched, String> {
    let mut url = url.to_owned();
    for _ in 0..=MAX_REDIRECTS {
        let mut request = Request::get(&url)
            .header(ACCEPT, "application/ld+json, application/json;q=0.9")
            .body(Bytes::new())
            .map_err(|error| error.to_string())?;
        request.extensions_mut().insert(MaxResponse(MAX_DOCUMENT));
        let response = client.send(request).await.map_err(|error| in_one_line(&error))?;
        match response.status().as_u16() {
            200 => return Ok(Fetched { max_age: max_age(&response), body: response.into_body() }),
            301 | 302 | 303 | 307 | 308 => {
                let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
                let target = location.and_then(|location| context::join(&url, location));
                url = target.ok_or("redirected to what is no URL of http or https")?;
            }
            status => return Err(format!("answered with status {status}")),
        }
    }
    Err(format!("redirected more than {MAX_REDIRECTS} times"))
}

fn max_age(response: &Response<Bytes>) -> Duration {
    let given = response.headers().get(CACHE_CONTROL).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut directives = given.split(',').map(str::trim);
    let age = directives.find_map(|directive| match directive {
        "no-store" | "no-cache" => Some(0),
        directive => directive.strip_prefix("max-age=")?.parse().ok(),
    });
    age.map_or(USUAL_AGE, Duration::from_secs).clamp(LEAST_AGE, MOST_AGE)
}

/// An error with its causes.
fn in_one_line(error: &ClientError) -> String {
    let mut line = error.kind.to_string();
    let mut source = error.kind.source();
    while let Some(cause) = source {
        line = format!("{line}: {cause}");
        source = cause.source();
    }
    line
}
