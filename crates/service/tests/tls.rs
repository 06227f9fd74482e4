//! Mutual TLS between two nodes with certificates of one authority.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use axum::Router;
use axum::routing::get;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use service::http::{Client, ClientErrorKind, Guard, Limits, Tls};
use service::{Config, Node, Running};

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: tempfile::TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, directory }
    }

    fn ca(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// A node whose certificate this authority signed and that trusts the authority in `ca`.
    fn node(&self, ca: &Path) -> Node {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let file = |name: &str| self.directory.path().join(name);
        std::fs::write(file("cert.pem"), certificate.pem()).unwrap();
        std::fs::write(file("key.pem"), key.serialize_pem()).unwrap();
        let mut config = Config::load(None).unwrap();
        config.https.enabled = true;
        config.https.my_ca = Some(ca.to_owned());
        config.https.my_certificate = Some(file("cert.pem"));
        config.https.my_key = Some(file("key.pem"));
        Node::new(config, 1).unwrap()
    }
}

async fn start(node: &Node) -> Running {
    let listener = service::http::bind(SocketAddr::from(([127, 0, 0, 1], 0)), "test.port").await.unwrap();
    service::http::serve(node, listener, Router::new().route("/", get(|| async { "hello" })), Limits::default())
}

#[tokio::test]
async fn nodes_of_one_authority_speak_and_others_do_not() {
    let authority = Authority::new();
    let node = authority.node(&authority.ca());
    let running = start(&node).await;
    assert!(running.url().starts_with("https://"));
    let answer = node.client.get(&running.url()).await.unwrap();
    assert_eq!(&answer.body()[..], b"hello");

    let plain = Client::new(None::<&Tls>);
    assert!(matches!(plain.get(&running.url()).await.unwrap_err().kind, ClientErrorKind::NoTls));

    let stranger = Authority::new().node(&authority.ca());
    assert!(stranger.client.get(&running.url()).await.is_err(), "a certificate of another authority was accepted");

    let outside = node.outside().get(&running.url()).await.unwrap();
    assert_eq!(&outside.body()[..], b"hello");
    let of_nobody = Client::guarded(None, Guard::default());
    assert!(of_nobody.get(&running.url()).await.is_err(), "a certificate of an unknown authority was accepted");

    node.shutdown.cancel();
    running.drained().await;
}

#[tokio::test]
async fn a_guarded_client_does_not_go_where_it_must_not() {
    let client = Client::guarded(None, Guard::default());
    for url in ["http://169.254.169.254/latest", "https://[fe80::1]/", "http://[::ffff:169.254.169.254]/"] {
        let error = client.get(url).await.unwrap_err();
        assert!(matches!(error.kind, ClientErrorKind::Refused(_)) && error.kind.not_sent(), "{url}: {error:?}");
    }
    // Another spelling of 169.254.169.254, which only a resolver understands.
    let error = client.get("http://2852039166/").await.unwrap_err();
    assert!(format!("{:?}", error.kind).contains("Refused"), "{error:?}");
}

#[test]
fn unusable_files_name_their_key() {
    let mut config = Config::load(None).unwrap();
    config.https.enabled = true;
    config.https.my_ca = Some("/nowhere/ca.pem".into());
    let error = format!("{:#}", Tls::from_config(&config.https).err().unwrap());
    assert!(error.contains("https.my_ca") && error.contains("/nowhere/ca.pem"), "{error}");
}
