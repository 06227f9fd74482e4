//! The anomaly detection case: what is registered, drawn and wanted, and the shops.

use std::time::Duration;

use anyhow::{Context, ensure};
use ngsi::v1::ngsi10::{SubscribeContextRequest, UpdateAction};
use ngsi::v1::{ContextAttribute, ContextElement, EntityRef};
use ngsi::{JsonText, Point};
use serde_json::{Value, json};
use service::Node;

use super::Demo;
use super::settings::{NORTH, SOUTH};
use crate::simulate::{AttributeRange, Drive, Label, Plan};

const ANOMALY: &str = include_str!("../../../operators/anomaly/function.js");
const COUNTER: &str = include_str!("../../../operators/counter/function.js");

/// Usage above this is an anomaly.
pub(super) const THRESHOLD: f64 = 85.0;
/// The type of what detectors find.
pub(super) const FOUND: &str = "Anomaly";
/// The type of what the counter says.
pub(super) const COUNTED: &str = "Stat";

const INTENT: &str = "ServiceIntent.demo";
/// How long the end waits for the task instances to be gone.
const FAREWELL: Duration = Duration::from_secs(3);

/// A shop with its panels.
#[derive(Clone)]
pub(super) struct Shop {
    pub(super) name: &'static str,
    pub(super) plan: Plan,
    pub(super) seed: u64,
}

/// Four shops, two near each worker.
pub(super) fn fleets(devices: u32) -> Vec<Shop> {
    let near = |worker: Point, north: f64, east: f64| Point {
        latitude: worker.latitude + north,
        longitude: worker.longitude + east,
    };
    let shops = [
        ("castle", near(NORTH, 0.01, 0.02)),
        ("bridge", near(NORTH, 0.08, -0.2)),
        ("harbour", near(SOUTH, 0.01, 0.01)),
        ("garden", near(SOUTH, -0.05, 0.06)),
    ];
    let shop =
        |(seed, (name, center)): (u64, (&'static str, Point))| Shop { name, seed, plan: plan(name, center, devices) };
    (1..).zip(shops).map(shop).collect()
}

fn plan(shop: &str, center: Point, devices: u32) -> Plan {
    Plan {
        entity_type: "PowerPanel".to_owned(),
        id_prefix: format!("PowerPanel.{shop}"),
        devices: devices as usize,
        center,
        radius_m: 100.0,
        speed_m_per_s: 0.0,
        attributes: vec![AttributeRange { name: "usage".to_owned(), low: 0.0, high: 100.0 }],
        metadata: vec![Label { name: "shop".to_owned(), value: shop.to_owned() }],
    }
}

/// Registers the operators, draws the topology, sets the rule, subscribes to the results and states the intent.
pub(super) async fn state(node: &Node, drive: &Drive, receiver: &str) -> anyhow::Result<()> {
    let designer = node.config.designer_url();
    post(node, &format!("{designer}/operator"), &operators()).await?;
    post(node, &format!("{designer}/service"), &service()).await?;
    drive.update(rule(), UpdateAction::Update).await.map_err(anyhow::Error::msg).context("cannot set the rule")?;
    for entity_type in [FOUND, COUNTED] {
        let request = SubscribeContextRequest {
            entities: vec![EntityRef::of_type(entity_type.into())],
            reference: receiver.to_owned(),
            ..SubscribeContextRequest::default()
        };
        let url = format!("{}/ngsi10/subscribeContext", node.config.broker_url());
        post(node, &url, &serde_json::to_value(request)?).await?;
    }
    let everywhere = json!({ "scopeType": "global", "scopeValue": "global" });
    let intent = json!({ "id": INTENT, "topology": "anomaly-detection", "geoscope": everywhere });
    post(node, &format!("{designer}/intent"), &intent).await
}

fn operators() -> Value {
    json!([
        { "name": "anomaly", "description": "finds usage above the rule's threshold", "functionCode": ANOMALY },
        { "name": "counter", "description": "counts what detectors find", "functionCode": COUNTER },
    ])
}

fn service() -> Value {
    let input = |entity_type: &str, groupby: &str| json!({ "selected_type": entity_type, "selected_attributes": ["all"], "groupby": groupby, "scoped": false });
    let detector = json!({
        "name": "detector", "operator": "anomaly",
        "input_streams": [input("PowerPanel", "EntityID"), input("Rule", "ALL")],
        "output_streams": [{ "entity_type": FOUND }],
    });
    let counter = json!({
        "name": "counter", "operator": "counter",
        "input_streams": [input(FOUND, "ALL")], "output_streams": [{ "entity_type": COUNTED }],
    });
    let description = "a detector for each panel, a counter over all";
    json!([{ "topology": { "name": "anomaly-detection", "description": description, "tasks": [detector, counter] } }])
}

fn rule() -> ContextElement {
    ContextElement {
        entity: EntityRef { id: "Rule.usage".into(), entity_type: "Rule".into(), is_pattern: false },
        attributes: vec![ContextAttribute {
            name: "threshold".into(),
            value_type: "float".into(),
            value: JsonText::from(json!(THRESHOLD)),
            metadata: Vec::new(),
        }],
        domain_metadata: Vec::new(),
    }
}

/// Takes the intent back and waits until nothing runs for it any more; a system that stops already does so by itself.
pub(super) async fn withdraw(demo: &Demo) {
    let url = format!("{}/intent/{INTENT}", demo.designer_url);
    if demo.node.shutdown.is_cancelled() || demo.node.client.delete(&url).await.is_err() {
        return;
    }
    let gone = async {
        while !demo.board.tasks().is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    if tokio::time::timeout(FAREWELL, gone).await.is_err() {
        tracing::warn!("some task instances are still there");
    }
}

async fn post(node: &Node, url: &str, document: &Value) -> anyhow::Result<()> {
    let answer = node.client.post_json(url, &[], document).await?;
    let text = || String::from_utf8_lossy(answer.body()).into_owned();
    ensure!(answer.status().is_success(), "{url} answered {}: {}", answer.status(), text());
    Ok(())
}
