//! What a user says to a running system, in the words of the protocol.

use anyhow::{Context, ensure};
use bytes::Bytes;
use http::{Method, Request};
use serde_json::{Value, json};
use service::http::Client;

/// Requests with JSON in and out.
#[derive(Clone)]
pub struct Api {
    client: Client,
}

impl Default for Api {
    fn default() -> Self {
        Self { client: Client::new(None) }
    }
}

impl Api {
    /// Any request; gives the status and the JSON of the answer, `null` when it is none.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn call(&self, method: Method, url: &str, body: impl Into<Bytes>) -> anyhow::Result<(u16, Value)> {
        let request =
            Request::builder().method(method).uri(url).header("Content-Type", "application/json").body(body.into())?;
        let answer = self.client.send(request).await?;
        Ok((answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap_or_default()))
    }

    /// A POST that must succeed.
    ///
    /// # Errors
    /// When there is no answer, or one other than 200.
    pub async fn post(&self, url: &str, body: &Value) -> anyhow::Result<Value> {
        let (status, answer) = self.call(Method::POST, url, body.to_string()).await?;
        ensure!(status == 200, "POST {url}: {status} {answer}");
        Ok(answer)
    }

    /// A GET; `None` unless the answer is 200.
    pub async fn get(&self, url: &str) -> Option<Value> {
        let (status, answer) = self.call(Method::GET, url, Bytes::new()).await.ok()?;
        (status == 200).then_some(answer)
    }

    /// Updates one entity at a broker: acknowledged when this returns.
    ///
    /// # Errors
    /// When the broker does not acknowledge it.
    pub async fn update(&self, broker: &str, element: &Value) -> anyhow::Result<()> {
        let body = json!({ "contextElements": [element], "updateAction": "UPDATE" });
        let answer = self.post(&format!("{broker}/ngsi10/updateContext"), &body).await?;
        let code = &answer["contextResponses"][0]["statusCode"]["code"];
        ensure!(code == 200 || code == "200", "update was refused: {answer}");
        Ok(())
    }

    /// Deletes one entity.
    ///
    /// # Errors
    /// When the broker does not acknowledge it.
    pub async fn delete(&self, broker: &str, id: &str) -> anyhow::Result<()> {
        let body = json!({ "contextElements": [{ "entityId": { "id": id } }], "updateAction": "DELETE" });
        self.post(&format!("{broker}/ngsi10/updateContext"), &body).await.map(drop)
    }

    /// Queries by type over the whole system; gives the elements.
    ///
    /// # Errors
    /// When the broker does not answer.
    pub async fn query_type(&self, broker: &str, entity_type: &str) -> anyhow::Result<Vec<Value>> {
        let body = json!({ "entities": [{ "type": entity_type, "isPattern": true }] });
        let answer = self.post(&format!("{broker}/ngsi10/queryContext"), &body).await?;
        let responses = answer["contextResponses"].as_array().context("no contextResponses")?;
        Ok(responses.iter().map(|response| response["contextElement"].clone()).collect())
    }

    /// Subscribes to a type, with notifications kept until they are delivered; gives the identifier.
    ///
    /// # Errors
    /// When the broker does not acknowledge it.
    pub async fn subscribe_reliably(&self, broker: &str, entity_type: &str, reference: &str) -> anyhow::Result<String> {
        let body = json!({ "entities": [{ "type": entity_type, "isPattern": true }], "reference": reference });
        let request = Request::post(format!("{broker}/ngsi10/subscribeContext"))
            .header("Content-Type", "application/json")
            .header("Require-Reliability", "true")
            .body(Bytes::from(body.to_string()))?;
        let answer: Value = serde_json::from_slice(self.client.send(request).await?.body())?;
        let id = answer["subscribeResponse"]["subscriptionId"].as_str().context("no subscriptionId")?;
        Ok(id.to_owned())
    }
}

/// A power panel at a place, as an update element.
#[must_use]
pub fn panel(id: &str, usage: f64, latitude: f64, longitude: f64) -> Value {
    json!({
        "entityId": { "id": id, "type": "PowerPanel" },
        "attributes": [{ "name": "usage", "type": "integer", "value": usage }],
        "domainMetadata": [
            { "name": "location", "type": "point", "value": { "latitude": latitude, "longitude": longitude } },
            { "name": "shop", "type": "string", "value": id }
        ]
    })
}

/// The rule that says from which usage on a panel is anomalous.
#[must_use]
pub fn rule(threshold: f64) -> Value {
    json!({
        "entityId": { "id": "Rule.1", "type": "Rule" },
        "attributes": [{ "name": "threshold", "type": "integer", "value": threshold }]
    })
}
