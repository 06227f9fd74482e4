//! Publishes what the operator makes.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::json;

use crate::admin::Settings;
use crate::element::{Element, EntityId};
use crate::operator::Output;

pub(crate) struct Broker(Client<HttpConnector, Full<Bytes>>);

impl Broker {
    pub(crate) fn new() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }

    /// Updates the first output entity with all of it, in order; returns when the broker has taken it, or has refused it as
    /// something that it will not take later either.
    pub(crate) async fn publish(&self, settings: &Settings, outputs: Vec<Output>) -> anyhow::Result<()> {
        let (Some(broker), Some((kind, id))) = (&settings.broker, settings.outputs.first()) else {
            anyhow::bail!("neither broker nor output are configured");
        };
        let entity = EntityId { id: id.clone(), r#type: kind.clone(), is_pattern: false.into() };
        let elements = outputs.into_iter().map(|output| Element {
            entity: entity.clone(),
            attributes: output.attributes,
            metadata: output.metadata,
        });
        let body = json!({ "contextElements": elements.collect::<Vec<_>>(), "updateAction": "UPDATE" });
        let request = Request::post(format!("{broker}/updateContext"))
            .header("content-type", "application/json")
            .header("fiware-correlator", &settings.correlator)
            .body(Full::from(body.to_string()))?;
        let answer = self.0.request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        anyhow::ensure!(!status.is_server_error(), "the broker answers {status}");
        if !status.is_success() {
            eprintln!("the broker answers {status}: {}", String::from_utf8_lossy(&body));
        }
        Ok(())
    }
}
