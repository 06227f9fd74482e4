//! Intents while RabbitMQ is away.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use crate::common::{Designer, eventually, next};
use message_bus::{Bus, BusState};
use serde_json::json;
use testkit::RabbitMq;
use tokio_util::sync::CancellationToken;

fn bus(server: &RabbitMq, shutdown: &CancellationToken) -> Bus {
    let settings = message_bus::RabbitMq::new("127.0.0.1", server.port(), "admin", "mypass");
    Bus::rabbitmq(settings, shutdown.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_during_an_outage_reaches_masters_after_it() {
    let mut server = RabbitMq::start().await.unwrap();
    let shutdown = CancellationToken::new();
    let (designers, masters) = (bus(&server, &shutdown), bus(&server, &shutdown));
    let mut messages = masters.subscribe("Master.test", &["orchestration.*"]);
    messages.bound().await;
    let dir = tempfile::tempdir().unwrap();
    let designer = Designer::start_with(dir.path(), designers.clone(), json!({})).await.with_shop().await;
    for id in ["ServiceIntent.kept", "ServiceIntent.gone"] {
        assert_eq!(designer.post("/intent", &json!({ "id": id, "topology": "shop" }).to_string()).await.0, 200);
        next(&mut messages).await;
    }

    server.stop().await.unwrap();
    let away = async || designers.state().borrow().clone();
    eventually(away, |state| matches!(state, BusState::Disconnected { .. })).await;
    assert_eq!(designer.get("/readyz").await.0, 503);
    assert_eq!(designer.delete("/intent/ServiceIntent.gone").await.0, 200);
    assert_eq!(designer.post("/intent", r#"{"id":"ServiceIntent.new","topology":"shop"}"#).await.0, 200);
    server.resume().await.unwrap();

    // A master joins whenever its queue is back.
    messages.bound().await;
    let master = flow::MasterProfile { id: "Master.test".to_owned(), ..flow::MasterProfile::default() };
    crate::common::publish(&masters, "designer.", "Master.test", &flow::Message::MasterJoin(master)).await;
    let expected = ["DELETE ServiceIntent.gone", "ADD ServiceIntent.kept", "ADD ServiceIntent.new"];
    let mut heard = BTreeSet::new();
    while !expected.iter().all(|wanted| heard.contains(*wanted)) {
        let intent = next(&mut messages).await.payload.to_value();
        heard.insert(format!("{} {}", intent["action"].as_str().unwrap(), intent["id"].as_str().unwrap()));
    }
    designer.stop().await;
    shutdown.cancel();
}
