//! Which broker serves the tasks of this worker: the nearest one registered at discovery, else this node's own; and which there are.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ngsi::v1::ngsi9::{AvailabilityRequest, DiscoverContextAvailabilityResponse};
use ngsi::v1::{EntityRef, OperationScope, Restriction};
use parking_lot::Mutex;
use serde::Deserialize;
use service::Config;
use service::http::Client;

const KEPT_FOR: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub(crate) struct Nearest {
    client: Client,
    config: Arc<Config>,
    known: Arc<Mutex<Option<Known>>>,
}

struct Known {
    asked: Instant,
    url: String,
}

/// A broker in discovery's list.
#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "myURL", default)]
    url: String,
}

impl Nearest {
    pub(crate) fn new(client: Client, config: Arc<Config>) -> Self {
        Self { client, config, known: Arc::default() }
    }

    /// The URL of the broker, with `/ngsi10`. Discovery is asked at most once a minute, may be away, and is waited for only
    /// the first time.
    pub(crate) async fn url(&self) -> String {
        let known = self.known.lock().as_ref().map(|known| (known.asked.elapsed() >= KEPT_FOR, known.url.clone()));
        let (is_old, url) = match known {
            Some(known) => known,
            None => return self.ask().await,
        };
        if is_old {
            if let Some(known) = self.known.lock().as_mut() {
                known.asked = Instant::now();
            }
            let nearest = self.clone();
            tokio::spawn(async move { nearest.ask().await });
        }
        url
    }

    async fn ask(&self) -> String {
        let found = tokio::time::timeout(PATIENCE, self.discover()).await.ok().flatten();
        let mut known = self.known.lock();
        let own = || format!("{}/ngsi10", self.config.broker_url());
        let url = found.or_else(|| known.as_ref().map(|known| known.url.clone())).unwrap_or_else(own);
        *known = Some(Known { asked: Instant::now(), url: url.clone() });
        url
    }

    async fn discover(&self) -> Option<String> {
        let place = self.config.location?;
        let value = serde_json::json!({ "latitude": place.latitude, "longitude": place.longitude, "limit": 1 });
        let nearby = OperationScope { scope_type: "nearby".to_owned(), scope_value: value.into() };
        let request = AvailabilityRequest {
            entities: vec![EntityRef::of_type("IoTBroker".into())],
            restriction: Restriction { scopes: vec![nearby] },
            ..AvailabilityRequest::default()
        };
        let url = format!("{}/ngsi9/discoverContextAvailability", self.config.discovery_url());
        let answer = self.client.post_json(&url, &[], &request).await.ok()?;
        let answer: DiscoverContextAvailabilityResponse = ngsi::json::parse(answer.body()).ok()?;
        let mut found = answer.context_registration_responses.into_iter().map(|r| r.context_registration);
        let url = found.find_map(|r| Some(r.providing_application).filter(|url| url.starts_with("http")))?;
        Some(self.inward(&url))
    }

    /// The URLs of all brokers that discovery knows, with `/ngsi10`; none when it does not answer.
    pub(crate) async fn all(&self) -> Vec<String> {
        let listed = tokio::time::timeout(PATIENCE, self.listed()).await.ok().flatten().unwrap_or_default();
        let urls = listed.into_values().map(|broker| broker.url).filter(|url| url.starts_with("http"));
        urls.map(|url| self.inward(&url)).collect()
    }

    async fn listed(&self) -> Option<BTreeMap<String, Listed>> {
        let answer = self.client.get(&format!("{}/ngsi9/broker", self.config.discovery_url())).await.ok()?;
        ngsi::json::parse(answer.body()).ok()
    }

    /// With `/ngsi10`; this node's own broker by its internal address.
    fn inward(&self, url: &str) -> String {
        let root = url.trim_end_matches('/').trim_end_matches("/ngsi10");
        let root = if root == self.config.broker_external_url() { self.config.broker_url() } else { root.to_owned() };
        format!("{root}/ngsi10")
    }
}
