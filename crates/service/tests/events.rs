//! Event streams: they outlast the limits of requests and hold up no drain.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use futures_util::stream;
use service::http::{Event, Limits, event_stream};
use service::{Config, Node, Running};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn start(node: &Node) -> Running {
    let (quiet, busy) = (node.clone(), node.clone());
    let tick = |number: u32| async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Some((Event::default().data(number.to_string()), number + 1))
    };
    let flood = |()| async { Some((Event::default().data("x".repeat(10_000)), ())) };
    let router = Router::new()
        .route("/ticks", get(move || async move { event_stream(&quiet, stream::unfold(0, tick)) }))
        .route("/flood", get(move || async move { event_stream(&busy, stream::unfold((), flood)) }));
    let limits = Limits {
        header_timeout: Duration::from_millis(100),
        body_timeout: Duration::from_millis(100),
        request_timeout: Duration::from_millis(100),
        drain_timeout: Duration::from_secs(60),
        ..Limits::default()
    };
    let listener = service::http::bind(SocketAddr::from(([127, 0, 0, 1], 0)), "test.port").await.unwrap();
    service::http::serve(node, listener, router, limits)
}

fn node() -> Node {
    Node::new(Config::load(None).unwrap(), 1).unwrap().for_service("test")
}

async fn ask(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn a_stream_outlasts_the_limits_of_requests_and_ends_with_the_node() {
    let node = node();
    let running = start(&node).await;
    let mut stream = ask(running.address, "/ticks").await;
    let stop = tokio::spawn({
        let shutdown = node.shutdown.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(800)).await;
            shutdown.cancel();
        }
    });
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let (head, events) = text.split_once("\r\n\r\n").unwrap();
    for header in ["content-type: text/event-stream", "cache-control: no-store", "x-accel-buffering: no"] {
        assert!(head.contains(header), "{head}");
    }
    assert!(events.starts_with("data: 0\n\ndata: 1\n\n") && events.contains("data: 8\n\n"), "{events}");
    stop.await.unwrap();
    running.drained().await;
}

#[tokio::test]
async fn a_reader_that_reads_nothing_does_not_hold_up_the_drain() {
    let node = node();
    let running = start(&node).await;
    let stuck = ask(running.address, "/flood").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let began = Instant::now();
    node.shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(30), running.drained()).await.expect("not drained");
    assert!(began.elapsed() < Duration::from_secs(30));
    drop(stuck);
}
