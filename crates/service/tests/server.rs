//! The real server on a port of the system's choice, against clients of every temper.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::Stream;
use http::StatusCode;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use service::http::{ClientErrorKind, Limits};
use service::{Config, Node, Running};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

const DEADLINE: Duration = Duration::from_secs(10);

fn node() -> Node {
    Node::new(Config::load(None).unwrap(), 1).unwrap().for_service("test")
}

/// `entered` is told whenever `/slow` or `/stuck` has begun.
fn routes(entered: &Arc<Notify>) -> Router {
    let (slow, stuck) = (entered.clone(), entered.clone());
    Router::new()
        .route("/echo", post(|body: Bytes| async move { body }))
        .route("/entity/{id}", get(|Path(id): Path<String>| async move { id }))
        .route(
            "/slow",
            get(move || async move {
                slow.notify_one();
                tokio::time::sleep(Duration::from_millis(300)).await;
            }),
        )
        .route(
            "/stuck",
            get(move || async move {
                stuck.notify_one();
                std::future::pending::<()>().await;
            }),
        )
        .route("/stream", get(|| async { Body::from_stream(slow_stream()) }))
        .route("/panic", get(|| async { assert!(std::hint::black_box(false), "on purpose") }))
}

/// Eight pieces in 0.8 s.
fn slow_stream() -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    futures_util::stream::unfold(0, |sent| async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        (sent < 8).then(|| (Ok(Bytes::from_static(b"piece ")), sent + 1))
    })
}

async fn start(node: &Node, limits: Limits) -> Running {
    start_telling(node, limits, &Arc::default()).await
}

async fn start_telling(node: &Node, limits: Limits, entered: &Arc<Notify>) -> Running {
    let listener = service::http::bind(SocketAddr::from(([127, 0, 0, 1], 0)), "test.port").await.unwrap();
    service::http::serve(node, listener, routes(entered), limits)
}

fn quick() -> Limits {
    Limits {
        max_body_bytes: 1000,
        header_timeout: Duration::from_millis(200),
        body_timeout: Duration::from_millis(200),
        request_timeout: Duration::from_millis(600),
        drain_timeout: Duration::from_secs(5),
        ..Limits::default()
    }
}

/// Sends bytes as they are and reads until the server closes.
async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(DEADLINE, stream.read_to_end(&mut answer)).await;
    // A reset is as good an end as any.
    let _ = read.expect("the server did not close the connection");
    String::from_utf8_lossy(&answer).into_owned()
}

async fn answer(node: &Node, url: &str) -> (StatusCode, Value) {
    let response = node.client.get(url).await.unwrap();
    (response.status(), serde_json::from_slice(response.body()).unwrap_or_default())
}

#[tokio::test]
async fn a_request_is_answered_and_counted_by_route() {
    let node = node();
    let running = start(&node, Limits::default()).await;
    for id in ["a", "urn:b", "c%2Fd"] {
        assert_eq!(node.client.get(&format!("{}/entity/{id}", running.url())).await.unwrap().status(), StatusCode::OK);
    }
    let metrics = node.client.get(&format!("{}/metrics", running.url())).await.unwrap();
    let text = String::from_utf8(metrics.body().to_vec()).unwrap();
    let expected = r#"fogflow_http_requests_total{service="test",route="/entity/{id}",method="GET",status="2xx"} 3"#;
    assert!(text.contains(expected), "{text}");
    assert!(text.contains(r#"fogflow_http_request_seconds_count{service="test",route="/entity/{id}",method="GET"} 3"#));
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn errors_of_the_router_are_json() {
    let node = node();
    let running = start(&node, quick()).await;
    let (status, body) = answer(&node, &format!("{}/nowhere", running.url())).await;
    assert_eq!((status, &body["error"]), (StatusCode::NOT_FOUND, &"NotFound".into()));
    let (status, body) = answer(&node, &format!("{}/entity/%ff", running.url())).await;
    assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &"BadRequest".into()));
    let (status, body) = answer(&node, &format!("{}/echo", running.url())).await;
    assert_eq!((status, &body["error"]), (StatusCode::METHOD_NOT_ALLOWED, &"MethodNotAllowed".into()));
}

#[tokio::test]
async fn a_panic_is_answered_and_the_server_lives_on() {
    let node = node();
    let running = start(&node, quick()).await;
    let (status, body) = answer(&node, &format!("{}/panic", running.url())).await;
    assert_eq!((status, &body["error"]), (StatusCode::INTERNAL_SERVER_ERROR, &"InternalServerError".into()));
    let (status, _) = answer(&node, &format!("{}/healthz", running.url())).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn an_oversized_body_is_refused_whether_announced_or_not() {
    let node = node();
    let running = start(&node, quick()).await;
    let announced = raw(running.address, b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n").await;
    assert!(announced.starts_with("HTTP/1.1 413") && announced.contains("PayloadTooLarge"), "{announced}");
    let mut chunked =
        b"POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n".to_vec();
    chunked.extend(vec![b'x'; 2000]);
    chunked.extend(b"\r\n0\r\n\r\n");
    let grown = raw(running.address, &chunked).await;
    assert!(grown.starts_with("HTTP/1.1 413") && grown.contains("PayloadTooLarge"), "{grown}");
}

#[tokio::test]
async fn slow_headers_are_cut() {
    let node = node();
    let running = start(&node, quick()).await;
    for beginning in ["", "PRI * HTTP/2", "GET /healthz HTTP/1.1\r\nHost:"] {
        let answer = raw(running.address, beginning.as_bytes()).await;
        assert!(!answer.contains("200"), "{beginning:?}: {answer}");
    }
}

#[tokio::test]
async fn an_answer_that_takes_long_to_send_is_not_cut() {
    let node = node();
    let running = start(&node, quick()).await;
    let answer = node.client.get(&format!("{}/stream", running.url())).await.unwrap();
    assert_eq!(answer.body().len(), 8 * "piece ".len());
}

#[tokio::test]
async fn http2_is_spoken_without_tls_to_who_begins_with_it() {
    let node = node();
    let running = start(&node, quick()).await;
    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http::<Full<Bytes>>();
    let request = http::Request::post(format!("{}/echo", running.url())).body(Full::from("hello")).unwrap();
    let answer = client.request(request).await.unwrap();
    assert_eq!((answer.version(), answer.status()), (http::Version::HTTP_2, StatusCode::OK));
    let request = http::Request::post(format!("{}/echo", running.url())).body(Full::from(vec![0; 2000])).unwrap();
    assert_eq!(client.request(request).await.unwrap().status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_slow_body_is_answered_408_and_a_slow_handler_503() {
    let node = node();
    let running = start(&node, quick()).await;
    let late = raw(running.address, b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc").await;
    assert!(late.starts_with("HTTP/1.1 408") && late.contains("RequestTimeout"), "{late}");
    let (status, _) = answer(&node, &format!("{}/slow", running.url())).await;
    assert_eq!(status, StatusCode::OK, "slower than a body may be, but in time");
    let (status, body) = answer(&node, &format!("{}/stuck", running.url())).await;
    assert_eq!((status, &body["error"]), (StatusCode::SERVICE_UNAVAILABLE, &"ServiceUnavailable".into()));
}

#[tokio::test]
async fn a_body_that_nobody_reads_does_not_end_the_connection() {
    let node = node();
    let running = start(&node, Limits { body_timeout: Duration::from_secs(5), ..quick() }).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    for _ in 0..2 {
        stream.write_all(b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 600\r\n\r\n").await.unwrap();
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            stream.write_all(&[b'x'; 200]).await.unwrap();
        }
    }
    stream.write_all(b"GET /entity/7 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.unwrap();
    assert_eq!(answers.matches("HTTP/1.1 404").count(), 2, "{answers}");
    assert!(answers.ends_with("\r\n\r\n7"), "{answers}");
}

#[tokio::test]
async fn a_connection_whose_body_does_not_come_is_said_to_be_closed() {
    let node = node();
    let running = start(&node, quick()).await;
    let answer = raw(running.address, b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 600\r\n\r\nx").await;
    assert!(answer.starts_with("HTTP/1.1 404") && answer.to_lowercase().contains("connection: close"), "{answer}");
    let mut chunked = b"POST /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n".to_vec();
    chunked.extend(vec![b'x'; 2000]);
    let answer = raw(running.address, &chunked).await;
    assert!(answer.starts_with("HTTP/1.1 404") && answer.to_lowercase().contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn readyz_names_what_is_missing() {
    let node = node();
    let discovery = node.readiness("discovery");
    let running = start(&node, quick()).await;
    let url = format!("{}/readyz", running.url());
    let (status, body) = answer(&node, &url).await;
    assert_eq!((status, &body["reasons"]["discovery"]), (StatusCode::SERVICE_UNAVAILABLE, &"starting".into()));
    discovery.set(Ok(()));
    assert_eq!(answer(&node, &url).await.0, StatusCode::OK);
    node.readiness("discovery").set(Err("no answer".into()));
    assert_eq!(answer(&node, &url).await.1["reasons"]["discovery"], "no answer");
}

#[tokio::test]
async fn draining_answers_what_runs_and_does_not_wait_for_idle_connections() {
    let node = node();
    let entered = Arc::default();
    let limits = Limits { drain_timeout: Duration::from_secs(60), ..Limits::default() };
    let running = start_telling(&node, limits, &entered).await;
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(idle.read(&mut [0; 1024]).await.unwrap() > 0);
    let silent = TcpStream::connect(running.address).await.unwrap();
    let (client, url) = (node.client.clone(), format!("{}/slow", running.url()));
    let slow = tokio::spawn(async move { client.get(&url).await });
    entered.notified().await;
    let (began, address) = (Instant::now(), running.address);
    node.shutdown.cancel();
    tokio::time::timeout(DEADLINE, running.drained()).await.expect("not drained");
    assert!(began.elapsed() < DEADLINE);
    assert_eq!(slow.await.unwrap().unwrap().status(), StatusCode::OK);
    assert!(TcpStream::connect(address).await.is_err(), "the port is still open");
    drop((idle, silent));
}

#[tokio::test]
async fn draining_cuts_what_runs_too_long() {
    let node = node();
    let entered = Arc::default();
    let limits = Limits { drain_timeout: Duration::from_millis(100), ..Limits::default() };
    let running = start_telling(&node, limits, &entered).await;
    let (client, url) = (node.client.clone(), format!("{}/stuck", running.url()));
    let stuck = tokio::spawn(async move { client.get(&url).await });
    entered.notified().await;
    node.shutdown.cancel();
    tokio::time::timeout(DEADLINE, running.drained()).await.expect("not drained");
    assert!(stuck.await.unwrap().is_err());
}

#[tokio::test]
async fn more_connections_than_allowed_wait_their_turn() {
    let node = node();
    let running = start(&node, Limits { max_connections: 1, ..quick() }).await;
    let mut first = TcpStream::connect(running.address).await.unwrap();
    first.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let second = raw(running.address, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(second.starts_with("HTTP/1.1 200"), "{second}");
}

#[tokio::test]
async fn a_taken_port_is_refused_with_key_and_address() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error = format!("{:#}", service::http::bind(address, "broker.http_port").await.unwrap_err());
    assert!(error.contains("broker.http_port") && error.contains(&address.to_string()), "{error}");
}

#[tokio::test]
async fn the_client_says_whether_a_request_was_sent() {
    let node = node();
    let running = start(&node, Limits::default()).await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = taken.local_addr().unwrap();
    drop(taken);
    let error = node.client.get(&format!("http://{closed}/x")).await.unwrap_err();
    assert!(matches!(error.kind, ClientErrorKind::Connect(_)) && error.kind.not_sent());
    assert!(error.to_string().contains(&closed.to_string()), "{error}");
    let request = http::Request::get(format!("{}/stuck", running.url())).body(Bytes::new()).unwrap();
    let error = node.client.send_with_timeout(request, Duration::from_millis(50)).await.unwrap_err();
    assert!(matches!(error.kind, ClientErrorKind::Timeout(_)) && !error.kind.not_sent());
    for url in ["", "ftp://x/", "/path", "http://", "not a url", "https://127.0.0.1:1/"] {
        assert!(node.client.get(url).await.unwrap_err().kind.not_sent(), "{url}");
    }
}

/// Servers that read HTTP/1 by hand look for the names that specifications print.
#[tokio::test]
async fn headers_are_written_as_specifications_print_them() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let request = http::Request::get(url).header("via", "1.1 here").header("content-type", "text/plain");
    let client = node().client;
    let sent = tokio::spawn(async move { client.send(request.body(Bytes::new()).unwrap()).await });
    let (mut peer, _) = listener.accept().await.unwrap();
    let mut head = vec![0; 1024];
    let length = peer.read(&mut head).await.unwrap();
    let head = String::from_utf8_lossy(&head[..length]).into_owned();
    peer.write_all(b"HTTP/1.0 204 No Content\r\n\r\n").await.unwrap();
    assert!(head.contains("\r\nVia: 1.1 here\r\n") && head.contains("\r\nContent-Type: text/plain\r\n"), "{head}");
    assert_eq!(sent.await.unwrap().unwrap().status(), 204);
}
