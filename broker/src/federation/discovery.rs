//! NGSI-9 as a client. After a look-up that failed no other waits for discovery until a heartbeat has reached it, so local
//! work runs at full speed while it is away.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{Request, StatusCode};
use ngsi::v1::ngsi9::{
    AvailabilityRequest, DiscoverContextAvailabilityResponse, RegisterContextRequest,
    SubscribeContextAvailabilityResponse,
};
use ngsi::v1::ngsi10::UnsubscribeContextRequest;
use ngsi::{SubscriptionId, json};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use service::Node;
use service::http::Client;
use tokio::sync::Notify;

/// How long a request of ours may wait for discovery.
const LOOK_UP_TIMEOUT: Duration = Duration::from_secs(1);
/// How long work in the background may.
const BACKGROUND_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum DiscoveryError {
    #[error("discovery cannot be reached: {0}")]
    Unreachable(String),
    #[error("discovery answered {0}")]
    Refused(StatusCode),
    #[error("discovery's answer cannot be understood: {0}")]
    Answer(String),
}

/// A broker as discovery lists it.
#[derive(Deserialize)]
struct Provider {
    #[serde(rename = "myURL")]
    url: String,
}

pub(crate) struct Discovery {
    url: String,
    client: Client,
    failed: Mutex<Option<DiscoveryError>>,
    /// A look-up has failed: time for a heartbeat.
    pub(super) in_doubt: Notify,
}

impl Discovery {
    pub(crate) fn new(node: &Node) -> Self {
        let url = format!("{}/ngsi9", node.config.discovery_url());
        Self { url, client: node.client.clone(), failed: Mutex::default(), in_doubt: Notify::new() }
    }

    /// Who provides what is asked for. Fails at once after a failure.
    pub(crate) async fn discover(
        &self,
        request: &AvailabilityRequest,
    ) -> Result<DiscoverContextAvailabilityResponse, DiscoveryError> {
        self.look_up("discoverContextAvailability", request).await
    }

    /// Who else than one provider provides it.
    pub(crate) async fn discover_except(
        &self,
        provider: &str,
        request: &AvailabilityRequest,
    ) -> Result<DiscoverContextAvailabilityResponse, DiscoveryError> {
        self.look_up(&format!("discoverContextAvailability?except={provider}"), request).await
    }

    /// The URLs of the brokers that live, this one among them.
    pub(crate) async fn brokers(&self) -> Result<Vec<String>, DiscoveryError> {
        let brokers: BTreeMap<String, Provider> = self.answered(self.get("broker", LOOK_UP_TIMEOUT)).await?;
        Ok(brokers.into_values().map(|broker| broker.url).collect())
    }

    async fn look_up(
        &self,
        call: &str,
        request: &AvailabilityRequest,
    ) -> Result<DiscoverContextAvailabilityResponse, DiscoveryError> {
        self.answered(self.post(call, request, LOOK_UP_TIMEOUT)).await
    }

    /// The answer to a request for which somebody waits.
    async fn answered<T: DeserializeOwned>(
        &self,
        asked: impl Future<Output = Result<bytes::Bytes, DiscoveryError>>,
    ) -> Result<T, DiscoveryError> {
        if let Some(error) = &*self.failed.lock() {
            return Err(error.clone());
        }
        let answered = asked.await;
        if let Err(error @ DiscoveryError::Unreachable(_)) = &answered {
            self.note_failure(error);
        }
        let body = answered?;
        json::parse(&body).map_err(|error| DiscoveryError::Answer(error.to_string()))
    }

    fn note_failure(&self, error: &DiscoveryError) {
        let mut failed = self.failed.lock();
        if failed.is_none() {
            tracing::warn!(%error, "working without discovery");
        }
        *failed = Some(error.clone());
        self.in_doubt.notify_one();
    }

    /// Discovery has answered: look-ups need not wait.
    pub(crate) fn note_alive(&self) {
        if self.failed.lock().take().is_some() {
            tracing::info!("discovery answers again");
        }
    }

    pub(crate) async fn register(&self, request: &RegisterContextRequest) -> Result<(), DiscoveryError> {
        self.post("registerContext", request, BACKGROUND_TIMEOUT).await.map(drop)
    }

    pub(crate) async fn subscribe(&self, request: &AvailabilityRequest) -> Result<SubscriptionId, DiscoveryError> {
        let body = self.post("subscribeContextAvailability", request, BACKGROUND_TIMEOUT).await?;
        let answer: SubscribeContextAvailabilityResponse =
            json::parse(&body).map_err(|error| DiscoveryError::Answer(error.to_string()))?;
        if answer.subscribe_id.is_empty() {
            return Err(DiscoveryError::Answer("subscribeId: missing".to_owned()));
        }
        Ok(answer.subscribe_id)
    }

    pub(crate) async fn unsubscribe(&self, id: &SubscriptionId) -> Result<(), DiscoveryError> {
        let request = UnsubscribeContextRequest { subscription_id: id.clone() };
        match self.post("unsubscribeContextAvailability", &request, BACKGROUND_TIMEOUT).await {
            Ok(_) | Err(DiscoveryError::Refused(StatusCode::NOT_FOUND)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Tells that this broker lives; gives back the answer's body.
    pub(crate) async fn heartbeat(&self, id: &str, own_url: &str) -> Result<bytes::Bytes, DiscoveryError> {
        let body = serde_json::json!({ "id": id, "myURL": own_url });
        self.post("broker/heartbeat", &body, BACKGROUND_TIMEOUT).await
    }

    async fn get(&self, call: &str, limit: Duration) -> Result<bytes::Bytes, DiscoveryError> {
        self.send(Request::get(format!("{}/{call}", self.url)), bytes::Bytes::new(), limit).await
    }

    async fn post<T: Serialize>(&self, call: &str, body: &T, limit: Duration) -> Result<bytes::Bytes, DiscoveryError> {
        let body = serde_json::to_vec(body).map_err(|error| DiscoveryError::Unreachable(error.to_string()))?;
        let request = Request::post(format!("{}/{call}", self.url));
        self.send(request.header(http::header::CONTENT_TYPE, "application/json"), body.into(), limit).await
    }

    async fn send(
        &self,
        request: http::request::Builder,
        body: bytes::Bytes,
        limit: Duration,
    ) -> Result<bytes::Bytes, DiscoveryError> {
        let unreachable = |error: &dyn std::fmt::Display| DiscoveryError::Unreachable(error.to_string());
        let request = request
            .header(http::header::USER_AGENT, ngsi::v1::BROKER_USER_AGENT)
            .body(body)
            .map_err(|error| unreachable(&error))?;
        let response = self.client.send_with_timeout(request, limit).await.map_err(|error| unreachable(&error))?;
        if response.status().is_success() {
            Ok(response.into_body())
        } else {
            Err(DiscoveryError::Refused(response.status()))
        }
    }
}
