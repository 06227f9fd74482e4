//! HTTP to other services: one pool of connections per process, every wait and every answer bounded.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::Serialize;

use super::guard::{Guard, Resolver, TargetError};
use super::tls::{self, Tls, ToServers, provider};

/// The largest answer read.
pub const MAX_RESPONSE_BYTES: usize = 16 * 1024 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);
/// Less than any server of ours keeps an idle connection, so that we rarely write to one being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
const IDLE_PER_HOST: usize = 64;

/// A request's extension: how long to wait for the whole answer, instead of 10 s.
#[derive(Debug, Clone, Copy)]
pub struct Timeout(pub Duration);

/// A request's extension: the largest answer read, instead of [`MAX_RESPONSE_BYTES`].
#[derive(Debug, Clone, Copy)]
pub struct MaxResponse(pub usize);

/// Why there is no answer. An answer of any status is not an error.
#[derive(Debug, thiserror::Error)]
#[error("{method} {url}: {kind}")]
pub struct ClientError {
    /// What was asked.
    pub method: Method,
    /// Of whom.
    pub url: String,
    /// What went wrong.
    #[source]
    pub kind: ClientErrorKind,
}

/// What went wrong with a request.
#[derive(Debug, thiserror::Error)]
pub enum ClientErrorKind {
    /// No connection: the peer did not get the request.
    #[error("cannot connect")]
    Connect(#[source] hyper_util::client::legacy::Error),
    /// No whole answer in time: the peer may have acted on the request.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The connection broke: the peer may have acted on the request.
    #[error("the connection broke")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The answer is larger than this many bytes.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The URL, a header or the body could not be made into a request.
    #[error("not a valid request")]
    Invalid(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// An `https` URL, but no certificates are configured.
    #[error("https needs `https.enabled` and its certificates in the configuration")]
    NoTls,
    /// A URL that this client sends nothing to.
    #[error("not allowed")]
    Refused(#[source] Box<TargetError>),
}

impl ClientErrorKind {
    /// Whether the peer surely did not act on the request.
    #[must_use]
    pub fn not_sent(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::Invalid(_) | Self::NoTls | Self::Refused(_))
    }
}

/// The pooled client; cheap to clone.
#[derive(Clone)]
pub struct Client {
    pool: Pool<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
    https: bool,
    guard: Option<Guard>,
}

impl Client {
    /// A client that shows this node's certificate, when there is one, to `https` peers.
    #[must_use]
    pub fn new(tls: Option<&Tls>) -> Self {
        Self::with(tls.map_or_else(trusts_nobody, |tls| tls.client.as_ref().clone()), tls.is_some(), None)
    }

    /// A client for URLs that others name. It connects to the addresses that the guard allows.
    pub(crate) fn guarded(tls: &ToServers, guard: Guard) -> Self {
        Self::with(tls.config(), true, Some(guard))
    }

    /// A client that shows no certificate and trusts those signed by the authorities in a PEM file, as a browser does.
    ///
    /// # Errors
    /// When the file cannot be read or holds no certificate.
    pub fn trusting(authorities: &Path) -> anyhow::Result<Self> {
        Ok(Self::with(tls::trusting(authorities)?, true, None))
    }

    fn with(tls: rustls::ClientConfig, https: bool, guard: Option<Guard>) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Resolver(guard.clone()));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp);
        let pool = Pool::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            // Some receivers look headers up as `Link` and `X-Key`, and not as `link`.
            .http1_title_case_headers(true)
            .build(connector);
        Self { pool, https, guard }
    }

    /// Sends the request and reads the whole answer; its [`Timeout`] extension changes how long that may take.
    ///
    /// # Errors
    /// [`ClientError`]; an answer of status 4xx or 5xx is not one.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ClientError> {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let limit = request.extensions().get::<Timeout>().map_or(RESPONSE_TIMEOUT, |timeout| timeout.0);
        let outcome = match tokio::time::timeout(limit, self.exchange(request)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(ClientErrorKind::Timeout(limit)),
        };
        outcome.map_err(|kind| ClientError { method, url: uri.to_string(), kind })
    }

    /// [`Client::send`] with a limit of its own.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn send_with_timeout(
        &self,
        mut request: Request<Bytes>,
        limit: Duration,
    ) -> Result<Response<Bytes>, ClientError> {
        request.extensions_mut().insert(Timeout(limit));
        self.send(request).await
    }

    /// Posts a value as JSON.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn post_json<T: Serialize + ?Sized>(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: &T,
    ) -> Result<Response<Bytes>, ClientError> {
        let build = || {
            let mut request = Request::post(url).header(CONTENT_TYPE, "application/json");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let body = serde_json::to_vec(body).map_err(|error| ClientErrorKind::Invalid(error.into()))?;
            request.body(body.into()).map_err(|error| ClientErrorKind::Invalid(error.into()))
        };
        self.send(build().map_err(|kind| ClientError { method: Method::POST, url: url.to_owned(), kind })?).await
    }

    /// Gets a URL.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn get(&self, url: &str) -> Result<Response<Bytes>, ClientError> {
        self.without_body(Method::GET, url).await
    }

    /// Deletes what a URL names.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn delete(&self, url: &str) -> Result<Response<Bytes>, ClientError> {
        self.without_body(Method::DELETE, url).await
    }

    async fn without_body(&self, method: Method, url: &str) -> Result<Response<Bytes>, ClientError> {
        match Request::builder().method(method.clone()).uri(url).body(Bytes::new()) {
            Ok(request) => self.send(request).await,
            Err(error) => {
                Err(ClientError { method, url: url.to_owned(), kind: ClientErrorKind::Invalid(error.into()) })
            }
        }
    }

    /// [`Guard::check_target`] with the guard of this client; a client without one refuses nothing.
    ///
    /// # Errors
    /// As [`Guard::check_target`].
    pub async fn check_target(&self, uri: &Uri) -> Result<(), TargetError> {
        match &self.guard {
            Some(guard) => guard.check_target(uri).await,
            None => Ok(()),
        }
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ClientErrorKind> {
        match request.uri().scheme_str() {
            Some("http") => {}
            Some("https") if self.https => {}
            Some("https") => return Err(ClientErrorKind::NoTls),
            _ => return Err(ClientErrorKind::Invalid("the URL must begin with http:// or https://".into())),
        }
        if let Some(guard) = &self.guard {
            guard.check_literal(request.uri()).map_err(|error| ClientErrorKind::Refused(Box::new(error)))?;
        }
        let most = request.extensions().get::<MaxResponse>().map_or(MAX_RESPONSE_BYTES, |most| most.0);
        let response = self.pool.request(request.map(Full::new)).await.map_err(|error| {
            if error.is_connect() { ClientErrorKind::Connect(error) } else { ClientErrorKind::Broken(error.into()) }
        })?;
        let (head, body) = response.into_parts();
        match Limited::new(body, most).collect().await {
            Ok(body) => Ok(Response::from_parts(head, body.to_bytes())),
            Err(error) if error.is::<LengthLimitError>() => Err(ClientErrorKind::TooLarge(most)),
            Err(error) => Err(ClientErrorKind::Broken(error)),
        }
    }
}

fn trusts_nobody() -> rustls::ClientConfig {
    let builder = rustls::ClientConfig::builder_with_provider(provider());
    let builder =
        builder.with_protocol_versions(&[&rustls::version::TLS13]).unwrap_or_else(|_| rustls::ClientConfig::builder());
    builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
}
