//! The yardstick: a bare axum handler with the server settings of the services, which parses the same update and
//! forgets it.

use std::io::Read;

use axum::extract::Path;
use axum::routing::{get, post};
use axum::{Json, Router};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::options::Options;
use crate::scenario::body;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Update {
    context_elements: Vec<Element>,
    update_action: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Element {
    entity_id: EntityId,
    attributes: Vec<Attribute>,
    #[serde(default)]
    domain_metadata: Vec<Attribute>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct EntityId {
    id: String,
    r#type: String,
    is_pattern: bool,
}

#[derive(Deserialize)]
struct Attribute {
    name: String,
    r#type: String,
    value: serde_json::Value,
    #[serde(default)]
    metadata: Vec<Self>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Updated {
    context_responses: Vec<ElementUpdated>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ElementUpdated {
    context_element: ElementName,
    status_code: StatusCode,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ElementName {
    entity_id: EntityId,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusCode {
    code: u16,
    reason_phrase: &'static str,
}

/// Serves until standard input ends; prints the port first.
pub(crate) fn serve(_: &Options) -> anyhow::Result<()> {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(accept_all())
}

async fn accept_all() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    let router = Router::new()
        .route("/ngsi10/updateContext", post(update))
        .route("/ngsi10/entity/{id}", get(entity))
        .with_state(());
    let mut protocol = Builder::new(TokioExecutor::new());
    protocol.http1().timer(TokioTimer::new()).header_read_timeout(std::time::Duration::from_secs(30));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (protocol, service) = (protocol.clone(), TowerToHyperService::new(router.clone()));
        tokio::spawn(async move { protocol.serve_connection(TokioIo::new(stream), service).await });
    }
}

async fn update(Json(update): Json<Update>) -> Json<Updated> {
    std::hint::black_box(&update.update_action);
    let updated = update.context_elements.into_iter().map(|element| {
        for Attribute { name, r#type, value, metadata } in element.attributes.iter().chain(&element.domain_metadata) {
            std::hint::black_box((name, r#type, value, metadata));
        }
        ElementUpdated {
            context_element: ElementName { entity_id: element.entity_id },
            status_code: StatusCode { code: 200, reason_phrase: "OK" },
        }
    });
    Json(Updated { context_responses: updated.collect() })
}

async fn entity(Path(id): Path<String>) -> ([(&'static str, &'static str); 1], String) {
    ([("content-type", "application/json")], body::element(&id))
}
