//! A subscriber that records what it is sent, and fails on demand.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::wait::wait_until;

const MAX_BODY: usize = 64 * 1024 * 1024;

/// How a receiver answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Behaviour {
    /// With 200 and this body.
    Answer(Value),
    /// With an error of this status, and no body.
    Refuse(StatusCode),
    /// Not at all: the connection stays open.
    Hang,
    /// With 200 after a while.
    Delay(Duration),
}

/// One request.
#[derive(Debug, Clone)]
pub struct Received {
    /// Its method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// When the body had arrived.
    pub at: Instant,
}

impl Received {
    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

#[derive(Debug)]
struct Records {
    received: Vec<Received>,
    behaviour: Behaviour,
}

type Shared = Arc<Mutex<Records>>;

/// An HTTP server that records every request to any path; requests it refuses or hangs on are recorded too.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    records: Shared,
    server: JoinHandle<()>,
}

impl Receiver {
    /// Starts a receiver on 127.0.0.1 that answers `{}`.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Starts a receiver at an address, such as one that was down for a while.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start_at(address: SocketAddr) -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let behaviour = Behaviour::Answer(Value::Object(serde_json::Map::new()));
        let records = Arc::new(Mutex::new(Records { received: Vec::new(), behaviour }));
        let router = Router::new().fallback(record).with_state(records.clone());
        let server = tokio::spawn(async move {
            // axum's serve ends only with the task.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, records, server })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL, without a path.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes how it answers from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        self.records.lock().behaviour = behaviour;
    }

    /// Everything received so far.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.records.lock().received.clone()
    }

    /// Forgets what was received and gives it back.
    #[must_use]
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.records.lock().received)
    }

    /// Waits until at least `count` requests have come, and gives all back.
    ///
    /// # Panics
    /// When they have not come by the deadline.
    pub async fn wait_for(&self, count: usize, deadline: Duration) -> Vec<Received> {
        let enough = || self.records.lock().received.len() >= count;
        wait_until(deadline, &format!("{count} requests at {}", self.address), async || enough().then_some(())).await;
        self.received()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn record(State(records): State<Shared>, request: Request) -> (StatusCode, Body) {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else { return (StatusCode::BAD_REQUEST, Body::empty()) };
    let received = Received { method: head.method, path, headers: head.headers, body, at: Instant::now() };
    let behaviour = {
        let mut records = records.lock();
        records.received.push(received);
        records.behaviour.clone()
    };
    match behaviour {
        Behaviour::Answer(body) => (StatusCode::OK, Body::from(body.to_string())),
        Behaviour::Refuse(status) => (status, Body::empty()),
        Behaviour::Hang => std::future::pending().await,
        Behaviour::Delay(pause) => {
            tokio::time::sleep(pause).await;
            (StatusCode::OK, Body::from("{}"))
        }
    }
}
