//! One connection, from its TLS handshake to its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::Limits;
use super::requests::{ConnectionService, Requests};

const H2_STREAMS: u32 = 256;
const H2_PING_INTERVAL: Duration = Duration::from_secs(20);

/// What the connections of one server share.
pub(super) struct Connections {
    pub(super) protocol: Builder<TokioExecutor>,
    pub(super) requests: Arc<Requests>,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) shutdown: CancellationToken,
}

/// HTTP/1.1, or HTTP/2 when the client begins with its preface.
pub(super) fn protocol(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.header_timeout);
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
        let spoke = Arc::new(AtomicBool::new(false));
        let service = ConnectionService { requests: self.requests.clone(), spoke: spoke.clone() };
        let connection = self.protocol.serve_connection(TokioIo::new(io), service);
        tokio::pin!(connection);
        // hyper's own header timeout begins only when the protocol version is known.
        let probation = sleep(self.requests.limits.header_timeout);
        tokio::pin!(probation);
        let (mut on_probation, mut stopping) = (true, false);
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(error, "connection ended early");
                    }
                    return;
                }
                () = probation.as_mut(), if on_probation => {
                    if !spoke.load(Ordering::Relaxed) {
                        tracing::debug!("connection closed: no request in time");
                        return;
                    }
                    on_probation = false;
                }
                () = self.shutdown.cancelled(), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}
