//! What one server grants its clients.

use std::time::Duration;

use crate::config;

/// Limits of a server; [`Limits::from`] the `http` section.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A larger body is answered 413.
    pub max_body_bytes: usize,
    /// Until a connection has sent a header, and how long it may idle.
    pub header_timeout: Duration,
    /// Until a body has arrived; later is answered 408.
    pub body_timeout: Duration,
    /// Until a request is answered; later is answered 503.
    pub request_timeout: Duration,
    /// Connections open at once.
    pub max_connections: usize,
    /// How long requests may still run after the stop signal.
    pub drain_timeout: Duration,
}

impl From<&config::Http> for Limits {
    fn from(http: &config::Http) -> Self {
        Self {
            max_body_bytes: http.max_body_bytes,
            header_timeout: Duration::from_millis(http.header_timeout_ms),
            body_timeout: Duration::from_millis(http.body_timeout_ms),
            request_timeout: Duration::from_millis(http.request_timeout_ms),
            max_connections: http.max_connections,
            drain_timeout: Duration::from_millis(http.drain_timeout_ms),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::from(&config::Http::default())
    }
}
