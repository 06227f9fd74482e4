//! NGSI-10 as a task speaks it.

use std::collections::HashMap;
use std::error::Error as _;

use bytes::Bytes;
use http::{Response, StatusCode};
use ngsi::v1::ContextElement;
use ngsi::v1::ngsi10::{
    ContextResponses, QueryContextRequest, SubscribeContextRequest, SubscribeContextResponse,
    UnsubscribeContextRequest, UpdateContextRequest,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use service::http::{Client, ClientError};

/// Why a broker did not do as asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BrokerError {
    #[error("the broker does not answer: {source}{}", cause(source))]
    Unreachable {
        #[from]
        source: ClientError,
    },
    #[error("{url}: the broker answers {status}: {answer}")]
    Refused { url: String, status: StatusCode, answer: String },
    #[error("{url}: the broker's answer is not understood")]
    NotUnderstood {
        url: String,
        #[source]
        source: ngsi::ParseError,
    },
}

fn cause(error: &ClientError) -> String {
    error.kind.source().map(|source| format!(": {source}")).unwrap_or_default()
}

impl BrokerError {
    /// Whether the same request may succeed later.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS,
            Self::NotUnderstood { .. } => false,
        }
    }

    fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { status: StatusCode::NOT_FOUND, .. })
    }
}

/// How a broker fares that notifies a subscriber. Brokers that do not say leave everything but the request's members empty.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Notified {
    pub(crate) request: NotifiedRequest,
    pub(crate) correlator: String,
    /// Whether another broker made the subscription.
    pub(crate) for_broker: bool,
    pub(crate) statistics: Statistics,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NotifiedRequest {
    pub(crate) reference: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Statistics {
    /// Attempts that failed since one succeeded.
    pub(crate) fails_counter: u64,
}

/// Talks to any broker; `broker` is always a URL with `/ngsi10`.
#[derive(Clone)]
pub(crate) struct BrokerClient(Client);

impl BrokerClient {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }

    pub(crate) async fn update(
        &self,
        broker: &str,
        correlator: &str,
        request: &UpdateContextRequest,
    ) -> Result<(), BrokerError> {
        let url = format!("{broker}/updateContext");
        let headers = [("Fiware-Correlator", correlator)];
        let answer: ContextResponses = self.post(&url, &headers, request).await?;
        match answer.context_responses.into_iter().find(|response| response.status_code.code >= 400) {
            None => Ok(()),
            Some(response) => {
                let status = StatusCode::from_u16(response.status_code.code).unwrap_or(StatusCode::BAD_REQUEST);
                let entity = response.context_element.entity.id;
                Err(BrokerError::Refused { url, status, answer: format!("{entity}: {}", response.status_code.details) })
            }
        }
    }

    /// An update that deletes entities; those that do not exist count as deleted.
    pub(crate) async fn delete(
        &self,
        broker: &str,
        correlator: &str,
        request: &UpdateContextRequest,
    ) -> Result<(), BrokerError> {
        match self.update(broker, correlator, request).await {
            Err(error) if error.is_not_found() => Ok(()),
            outcome => outcome,
        }
    }

    pub(crate) async fn query(
        &self,
        broker: &str,
        request: &QueryContextRequest,
    ) -> Result<Vec<ContextElement>, BrokerError> {
        let answer: ContextResponses = self.post(&format!("{broker}/queryContext"), &[], request).await?;
        Ok(answer.context_responses.into_iter().map(|response| response.context_element).collect())
    }

    pub(crate) async fn subscribe(
        &self,
        broker: &str,
        correlator: &str,
        request: &SubscribeContextRequest,
    ) -> Result<String, BrokerError> {
        let url = format!("{broker}/subscribeContext");
        let headers = [("Fiware-Correlator", correlator), ("Require-Reliability", "true")];
        let answer: SubscribeContextResponse = self.post(&url, &headers, request).await?;
        let id = answer.subscribe_response.subscription_id;
        if id.is_empty() {
            let error = answer.subscribe_error.error_code;
            let status = StatusCode::from_u16(error.code).unwrap_or(StatusCode::BAD_GATEWAY);
            return Err(BrokerError::Refused { url, status, answer: error.details });
        }
        Ok(id.to_string())
    }

    /// Cancels a subscription; one that the broker does not know counts as cancelled.
    pub(crate) async fn unsubscribe(&self, broker: &str, id: &str) -> Result<(), BrokerError> {
        let request = UnsubscribeContextRequest { subscription_id: id.into() };
        match self.send(&format!("{broker}/unsubscribeContext"), &[], &request).await {
            Err(error) if error.is_not_found() => Ok(()),
            outcome => outcome.map(drop),
        }
    }

    /// Every subscription the broker has, by id.
    pub(crate) async fn subscriptions(
        &self,
        broker: &str,
    ) -> Result<HashMap<String, SubscribeContextRequest>, BrokerError> {
        let url = format!("{broker}/subscription");
        let answer = accepted(&url, self.0.get(&url).await?)?;
        ngsi::json::parse(&answer).map_err(|source| BrokerError::NotUnderstood { url, source })
    }

    /// The subscriptions whose subscribers did not take the last notification, by id.
    pub(crate) async fn failing(&self, broker: &str) -> Result<HashMap<String, Notified>, BrokerError> {
        let url = format!("{broker}/subscription?statistics=true&status=failing");
        let answer = accepted(&url, self.0.get(&url).await?)?;
        ngsi::json::parse(&answer).map_err(|source| BrokerError::NotUnderstood { url, source })
    }

    pub(crate) async fn knows(&self, broker: &str, subscription: &str) -> Result<bool, BrokerError> {
        let url = format!("{broker}/subscription/{}", service::http::path_segment(subscription));
        match accepted(&url, self.0.get(&url).await?) {
            Err(error) if error.is_not_found() => Ok(false),
            outcome => outcome.map(|_| true),
        }
    }

    async fn post<T: DeserializeOwned>(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: &impl Serialize,
    ) -> Result<T, BrokerError> {
        let answer = self.send(url, headers, body).await?;
        ngsi::json::parse(&answer).map_err(|source| BrokerError::NotUnderstood { url: url.to_owned(), source })
    }

    async fn send(&self, url: &str, headers: &[(&str, &str)], body: &impl Serialize) -> Result<Bytes, BrokerError> {
        accepted(url, self.0.post_json(url, headers, body).await?)
    }
}

const QUOTED: usize = 300;

fn accepted(url: &str, answer: Response<Bytes>) -> Result<Bytes, BrokerError> {
    let status = answer.status();
    let body = answer.into_body();
    if status.is_success() {
        return Ok(body);
    }
    let answer = String::from_utf8_lossy(&body).chars().take(QUOTED).collect();
    Err(BrokerError::Refused { url: url.to_owned(), status, answer })
}
