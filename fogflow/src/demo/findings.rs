//! What comes out, and how soon: the demo is a subscriber like any other.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use anyhow::Context;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use hdrhistogram::Histogram;
use http::StatusCode;
use ngsi::v1::ngsi10::NotifyContextRequest;
use ngsi::v1::{ContextElement, StatusCode as NgsiStatus};
use parking_lot::Mutex;
use serde_json::{Value, json};
use service::Node;
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::case::{COUNTED, FOUND, Shop};
use crate::simulate::micros;

/// Reports of a panel that a late result is still matched with.
const REPORTS_KEPT: usize = 16;
/// Anomalies shown.
const SHOWN: usize = 50;

/// A panel as it last reported.
#[derive(Debug, Clone)]
pub(super) struct Panel {
    pub(super) shop: &'static str,
    pub(super) id: String,
    pub(super) usage: Option<f64>,
    /// Usage and time of its last reports.
    reports: VecDeque<(f64, Instant)>,
}

/// An anomaly that was found.
#[derive(Debug, Clone)]
pub(super) struct Anomaly {
    pub(super) at: Instant,
    pub(super) panel: String,
    pub(super) usage: f64,
    pub(super) latency_ms: f64,
}

struct Seen {
    panels: BTreeMap<String, Panel>,
    anomalies: VecDeque<Anomaly>,
    found: u64,
    counted: Option<String>,
    latency: Histogram<u64>,
}

/// All of it, shared by the devices, the receiver and the views.
pub(super) struct Findings(Mutex<Seen>);

impl Default for Findings {
    fn default() -> Self {
        let (panels, anomalies) = (BTreeMap::new(), VecDeque::new());
        Self(Mutex::new(Seen { panels, anomalies, found: 0, counted: None, latency: micros() }))
    }
}

impl Findings {
    /// Makes room for the panels of the shops.
    pub(super) fn expect(&self, shops: &[Shop]) {
        let mut seen = self.0.lock();
        for shop in shops {
            for number in 1..=shop.plan.devices {
                let id = format!("{}.{number}", shop.plan.id_prefix);
                let panel = Panel { shop: shop.name, id: id.clone(), usage: None, reports: VecDeque::new() };
                seen.panels.insert(id, panel);
            }
        }
    }

    /// A panel is about to send this.
    pub(super) fn reported(&self, report: &ContextElement) {
        let Some(usage) = number(report, "usage") else { return };
        let mut seen = self.0.lock();
        let Some(panel) = seen.panels.get_mut(report.entity.id.as_str()) else { return };
        panel.usage = Some(usage);
        panel.reports.push_front((usage, Instant::now()));
        panel.reports.truncate(REPORTS_KEPT);
    }

    fn notified(&self, element: &ContextElement) {
        if element.entity.entity_type == COUNTED {
            let said: Vec<String> =
                element.attributes.iter().map(|a| format!("{} {}", a.name, a.value.to_plain())).collect();
            if !said.is_empty() {
                self.0.lock().counted = Some(said.join(", "));
            }
        } else if element.entity.entity_type == FOUND
            && let Some(usage) = number(element, "usage")
        {
            self.found(usage);
        }
    }

    /// Usage walks in thousandths, so it tells which report led to an anomaly.
    fn found(&self, usage: f64) {
        let mut seen = self.0.lock();
        let at = Instant::now();
        let matching = |panel: &Panel| {
            let report = panel.reports.iter().find(|(reported, _)| (reported - usage).abs() < 1e-9)?;
            Some((panel.id.clone(), report.1))
        };
        let Some((panel, sent)) = seen.panels.values().filter_map(matching).max_by_key(|(_, sent)| *sent) else {
            return;
        };
        let latency = at - sent;
        seen.latency.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
        seen.found += 1;
        let latency_ms = latency.as_secs_f64() * 1_000.0;
        seen.anomalies.push_front(Anomaly { at, panel, usage, latency_ms });
        seen.anomalies.truncate(SHOWN);
    }

    pub(super) fn panels(&self) -> Vec<Panel> {
        self.0.lock().panels.values().cloned().collect()
    }

    pub(super) fn latest(&self, count: usize) -> Vec<Anomaly> {
        self.0.lock().anomalies.iter().take(count).cloned().collect()
    }

    pub(super) fn anomalies(&self) -> u64 {
        self.0.lock().found
    }

    pub(super) fn counted(&self) -> Option<String> {
        self.0.lock().counted.clone()
    }

    /// From sending an update to receiving the anomaly: the middle and the 99th of a hundred, in milliseconds.
    pub(super) fn latency_ms(&self) -> Option<(f64, f64)> {
        let seen = self.0.lock();
        let at = |quantile| seen.latency.value_at_quantile(quantile) as f64 / 1_000.0;
        (!seen.latency.is_empty()).then(|| (at(0.5), at(0.99)))
    }

    /// Whether both tasks have given results.
    pub(super) fn complete(&self) -> bool {
        let seen = self.0.lock();
        seen.found > 0 && seen.counted.is_some()
    }
}

fn number(element: &ContextElement, name: &str) -> Option<f64> {
    element.attributes.iter().find(|attribute| attribute.name == *name)?.value.to_plain().parse().ok()
}

/// Listens for notifications on a port of its own; answers its URL.
pub(super) async fn receive(node: &Node, findings: Arc<Findings>) -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot listen for notifications")?;
    let url = format!("http://{}", listener.local_addr()?);
    let router = Router::new().route("/notifyContext", post(notified)).with_state(findings);
    let shutdown = node.shutdown.clone();
    node.tasks.spawn(async move {
        let server = axum::serve(listener, router).with_graceful_shutdown(shutdown.clone().cancelled_owned());
        tokio::select! {
            ended = server => if let Err(error) = ended { tracing::error!(%error, "the receiver ended") },
            () = shutdown.cancelled() => {}
        }
    });
    Ok(url)
}

async fn notified(State(findings): State<Arc<Findings>>, body: Bytes) -> (StatusCode, Json<Value>) {
    match ngsi::json::parse::<NotifyContextRequest>(&body) {
        Ok(request) => {
            request.context_responses.iter().for_each(|response| findings.notified(&response.context_element));
            (StatusCode::OK, Json(json!({ "responseCode": NgsiStatus::ok() })))
        }
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({ "error": error.to_string() }))),
    }
}
