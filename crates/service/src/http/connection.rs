//! One connection, from its TLS handshake to its end.

use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, interval_at, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::Limits;
use super::activity::{Activity, Watchdog};
use super::requests::{ConnectionService, Requests};
use super::target::Escaping;

/// Bounds what one connection may hold in memory, and with it a request's header.
const BUFFER_BYTES: usize = 64 * 1024;
const H2_STREAMS: u32 = 256;
const H2_PING_INTERVAL: Duration = Duration::from_secs(20);
/// How long the end of an event stream may take to reach its reader after the stop signal.
const STREAM_GRACE: Duration = Duration::from_secs(1);

/// What the connections of one server share.
pub(super) struct Connections {
    pub(super) protocol: Builder<TokioExecutor>,
    pub(super) requests: Arc<Requests>,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) shutdown: CancellationToken,
}

/// HTTP/1.1, or HTTP/2 when the client begins with its preface.
///
/// An answer is copied and sent in one piece, which costs less than `writev` of its parts.
///
/// hyper's own header timeout is off: it costs a boxed timer per request, and begins only when the protocol is known.
pub(super) fn protocol(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(BUFFER_BYTES).writev(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(H2_STREAMS)
        .keep_alive_interval(H2_PING_INTERVAL)
        .keep_alive_timeout(limits.header_timeout);
    builder
}

impl Connections {
    /// Serves the connection until it ends, or, after the stop signal, until its running requests are answered.
    pub(super) async fn serve(&self, tcp: TcpStream) {
        let Some(tls) = &self.tls else { return self.speak(tcp).await };
        match timeout(self.requests.limits.header_timeout, tls.accept(tcp)).await {
            Ok(Ok(stream)) => self.speak(stream).await,
            Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
            Err(_) => tracing::debug!("TLS handshake took too long"),
        }
    }

    async fn speak<I: AsyncRead + AsyncWrite + Unpin + 'static>(&self, io: I) {
        let activity = Arc::new(Activity::default());
        let service = ConnectionService { requests: self.requests.clone(), activity: activity.clone() };
        let connection = self.protocol.serve_connection(TokioIo::new(Escaping::new(io)), service);
        tokio::pin!(connection);
        let mut watchdog = Watchdog::new(activity.clone());
        let pause = self.requests.limits.header_timeout / 2;
        let mut looks = interval_at(Instant::now() + pause, pause);
        // A token of its own: every wake-up of the connection locks it.
        let shutdown = self.shutdown.child_token();
        let mut stopping = false;
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(error, "connection ended early");
                    }
                    return;
                }
                _ = looks.tick() => {
                    if watchdog.looks_dead() {
                        tracing::debug!("connection closed: no request in time, or a stream that is not read");
                        return;
                    }
                    if stopping && activity.only_streams() {
                        return;
                    }
                }
                () = shutdown.cancelled(), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                    looks = interval_at(Instant::now() + STREAM_GRACE, STREAM_GRACE);
                }
            }
        }
    }
}
