//! TLS with certificates of a private authority: mutual between nodes, and from a node to servers that are none.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::net::SocketAddr;
use std::path::Path;

use axum::Router;
use axum::routing::get;
use service::config::Https;
use service::http::{Client, ClientErrorKind, Limits, Tls};
use service::{Config, Node, Running};
use testkit::Authority;

/// A node that has a certificate of the one authority and trusts another, or the same.
fn node(of: &Authority, trusted: &Authority, directory: &Path) -> Node {
    let identity = of.issue(directory).unwrap();
    with(Https {
        enabled: true,
        my_ca: Some(trusted.file()),
        my_certificate: Some(identity.certificate),
        my_key: Some(identity.key),
    })
}

fn with(https: Https) -> Node {
    Node::new(Config { https, ..Config::load(None).unwrap() }, 1).unwrap()
}

async fn start(node: &Node) -> Running {
    let listener = service::http::bind(SocketAddr::from(([127, 0, 0, 1], 0)), "test.port").await.unwrap();
    service::http::serve(node, listener, Router::new().route("/", get(|| async { "hello" })), Limits::default())
}

#[tokio::test]
async fn nodes_of_one_authority_speak_and_others_do_not() {
    let (authority, directory) = (Authority::new().unwrap(), tempfile::tempdir().unwrap());
    let node = node(&authority, &authority, directory.path());
    let running = start(&node).await;
    assert!(running.url().starts_with("https://"));
    let answer = node.client.get(&running.url()).await.unwrap();
    assert_eq!(&answer.body()[..], b"hello");

    let plain = Client::new(None::<&Tls>);
    assert!(matches!(plain.get(&running.url()).await.unwrap_err().kind, ClientErrorKind::NoTls));

    let directory = tempfile::tempdir().unwrap();
    let stranger = self::node(&Authority::new().unwrap(), &authority, directory.path());
    assert!(stranger.client.get(&running.url()).await.is_err(), "a certificate of another authority was accepted");

    node.shutdown.cancel();
    running.drained().await;
}

#[tokio::test]
async fn what_https_names_counts_towards_servers_though_nothing_is_served_with_it() {
    let (authority, directory) = (Authority::new().unwrap(), tempfile::tempdir().unwrap());
    let server = node(&authority, &authority, directory.path());
    let running = start(&server).await;
    let known = Https { enabled: false, ..server.config.https.clone() };
    let answer = with(known.clone()).outside().get(&running.url()).await.unwrap();
    assert_eq!(&answer.body()[..], b"hello");

    let refusal = async |https: Https| format!("{:?}", with(https).outside().get(&running.url()).await.unwrap_err());
    let without_certificate = Https { my_certificate: None, my_key: None, ..known.clone() };
    let refused = refusal(without_certificate).await;
    assert!(refused.contains("CertificateRequired"), "{refused}");
    let refused = refusal(Https { my_ca: None, ..known }).await;
    assert!(refused.contains("UnknownIssuer"), "{refused}");
    server.shutdown.cancel();
    running.drained().await;
}

#[tokio::test]
async fn a_guarded_client_does_not_go_where_it_must_not() {
    let node = with(Https::default());
    for url in ["http://169.254.169.254/latest", "https://[fe80::1]/", "http://[::ffff:169.254.169.254]/"] {
        let error = node.outside().get(url).await.unwrap_err();
        assert!(matches!(error.kind, ClientErrorKind::Refused(_)) && error.kind.not_sent(), "{url}: {error:?}");
    }
    // Another spelling of 169.254.169.254, which only a resolver understands.
    let error = node.outside().get("http://2852039166/").await.unwrap_err();
    assert!(format!("{:?}", error.kind).contains("Refused"), "{error:?}");
}

#[test]
fn unusable_files_name_their_key() {
    let (authority, directory) = (Authority::new().unwrap(), tempfile::tempdir().unwrap());
    let identity = authority.issue(directory.path()).unwrap();
    let nowhere = || Some("/nowhere/file.pem".into());
    let (certificate, key) = (|| Some(identity.certificate.clone()), || Some(identity.key.clone()));
    let none = Https::default;
    let table = [
        (Https { my_ca: nowhere(), ..none() }, "`https.my_ca`: cannot use /nowhere/file.pem"),
        (Https { my_ca: key(), ..none() }, "`https.my_ca`"),
        (Https { my_certificate: nowhere(), my_key: key(), ..none() }, "`https.my_certificate`: cannot use /nowhere"),
        (Https { my_certificate: certificate(), my_key: nowhere(), ..none() }, "`https.my_key`: cannot use /nowhere"),
        (Https { my_certificate: certificate(), ..none() }, "`https.my_key` is required"),
        (Https { my_key: key(), ..none() }, "`https.my_certificate` is required"),
    ];
    let node = |https: Https| Node::new(Config { https, ..Config::load(None).unwrap() }, 1);
    for (https, expected) in table {
        let error = node(Https { enabled: true, ..https }).err().unwrap();
        assert!(format!("{error:#}").contains(expected), "{error:#}");
    }
    let error = node(Https { my_ca: key(), ..none() }).err().unwrap();
    assert!(format!("{error:#}").contains("`https.my_ca`"), "it is there and is no certificate: {error:#}");
    let missing = Https { my_ca: nowhere(), my_certificate: nowhere(), my_key: Some("".into()), ..none() };
    assert!(node(missing).is_ok(), "nobody has made the files of what is not enabled");
}
