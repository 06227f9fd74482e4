//! Publishes what the operator makes, and asks for what it has to know.

use anyhow::Context;
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use crate::admin::Settings;
use crate::element::{Element, EntityId, Notification};
use crate::operator::Output;

pub(crate) struct Broker(Client<HttpConnector, Full<Bytes>>);

impl Broker {
    pub(crate) fn new() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }

    /// Updates the first output entity with all of it, in order; returns when the broker has taken it, or has refused it as
    /// something that it will not take later either.
    pub(crate) async fn publish(&self, settings: &Settings, outputs: Vec<Output>) -> anyhow::Result<()> {
        let entity = settings.output().context("no output is configured")?;
        let elements = outputs.into_iter().map(|output| Element {
            entity: entity.clone(),
            attributes: output.attributes,
            metadata: output.metadata,
        });
        let body = json!({ "contextElements": elements.collect::<Vec<_>>(), "updateAction": "UPDATE" });
        let (status, body) = self.post(settings, "updateContext", &body).await?;
        if !status.is_success() {
            eprintln!("the broker answers {status}: {}", String::from_utf8_lossy(&body));
        }
        Ok(())
    }

    /// The entities as they stand; none when the broker refuses the question.
    pub(crate) async fn query(&self, settings: &Settings, wanted: &EntityId) -> anyhow::Result<Vec<Element>> {
        let body = json!({ "entities": [wanted] });
        let (status, body) = self.post(settings, "queryContext", &body).await?;
        if !status.is_success() {
            return Ok(Vec::new());
        }
        let found: Notification = serde_json::from_slice(&body)?;
        Ok(found.responses.into_iter().map(|response| response.element).collect())
    }

    async fn post(&self, settings: &Settings, path: &str, body: &Value) -> anyhow::Result<(StatusCode, Bytes)> {
        let broker = settings.broker.as_ref().context("no broker is configured")?;
        let request = Request::post(format!("{broker}/{path}"))
            .header("content-type", "application/json")
            .header("fiware-correlator", &settings.correlator)
            .body(Full::from(body.to_string()))?;
        let answer = self.0.request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        anyhow::ensure!(!status.is_server_error(), "the broker answers {status}");
        Ok((status, body))
    }
}
