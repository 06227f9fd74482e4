//! The accept loop: from a bound port and a router to a running service.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Complaints;
use super::connection::{self, Connections};
use super::measured::Measure;
use super::requests::Requests;
use super::{Limits, Listener, operations};
use crate::{Node, Running};

/// How long to wait when the system can open no more sockets.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves the router, with `/metrics`, `/healthz` and `/readyz` added, until the node's shutdown.
///
/// Then it stops accepting, closes idle connections, and gives running requests `limits.drain_timeout`. With `https.enabled`
/// it speaks mutual TLS. Must be called inside a tokio runtime.
pub fn serve(node: &Node, listener: Listener, router: Router, limits: Limits) -> Running {
    let router = router
        .merge(operations::routes(node.metrics.clone(), node.ready().clone()))
        .layer(Measure { metrics: node.metrics.clone(), service: node.service() })
        // Makes every route once, instead of at every request.
        .with_state(());
    let complaints = Complaints::about(node.service().to_owned());
    let requests = Requests { router, limits, refusals: node.metrics.refusals(node.service()), complaints };
    let connections = Connections {
        protocol: connection::protocol(&limits),
        requests: Arc::new(requests),
        tls: node.tls().map(|tls| tls.acceptor.clone()),
        shutdown: node.shutdown.clone(),
    };
    let https = connections.tls.is_some();
    let server = Server { name: node.service(), connections: Arc::new(connections), open: TaskTracker::new(), limits };
    let address = listener.address;
    let part = node.tasks.spawn(server.run(listener.tcp));
    Running::new(node.service(), address, https, part)
}

struct Server {
    name: &'static str,
    connections: Arc<Connections>,
    open: TaskTracker,
    limits: Limits,
}

impl Server {
    async fn run(self, listener: TcpListener) {
        let cut = CancellationToken::new();
        self.accept_all(listener, &cut).await;
        self.open.close();
        if timeout(self.limits.drain_timeout, self.open.wait()).await.is_err() {
            tracing::warn!(
                service = self.name,
                connections = self.open.len(),
                "cutting connections that did not drain in time"
            );
            cut.cancel();
            self.open.wait().await;
        }
    }

    /// Accepts until the shutdown; the port is closed on return.
    async fn accept_all(&self, listener: TcpListener, cut: &CancellationToken) {
        let places = Arc::new(Semaphore::new(self.limits.max_connections));
        let shutdown = &self.connections.shutdown;
        while let Some(Ok(place)) = shutdown.run_until_cancelled(places.clone().acquire_owned()).await {
            let Some(stream) = shutdown.run_until_cancelled(self.accept(&listener)).await else { return };
            let (connections, cut) = (self.connections.clone(), cut.clone());
            self.open.spawn(async move {
                cut.run_until_cancelled(connections.serve(stream)).await;
                drop(place);
            });
        }
    }

    async fn accept(&self, listener: &TcpListener) -> TcpStream {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    // Without it only latency suffers.
                    let _ = stream.set_nodelay(true);
                    return stream;
                }
                Err(error) => {
                    tracing::warn!(service = self.name, %error, "cannot accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}
