//! One exchange with a provider.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, VIA};
use http::{Request as HttpRequest, StatusCode};
use ngsi::v2::path::ServicePaths;
use service::http::{MaxResponse, Timeout};

use super::Provider;
use crate::broker::Broker;
use crate::routes::is_from_broker;

const TIMEOUT: Duration = Duration::from_secs(5);
/// The largest answer of a provider.
const MAX_ANSWER: usize = 4 * 1024 * 1024;
/// Over how many brokers a request may have come.
const MAX_HOPS: usize = 8;
/// What a provider is told of the request for which it is asked.
const PASSED_ON: [&str; 2] = ["fiware-servicepath", "fiware-correlator"];

/// On whose behalf providers are asked.
pub(crate) struct Request {
    headers: HeaderMap,
    /// Where the entities stand that are asked for.
    pub(super) paths: ServicePaths,
}

/// Why a provider did not do what it was asked for.
#[derive(Debug)]
pub(super) struct Refused {
    /// None when there was no answer.
    pub(super) status: Option<StatusCode>,
    pub(super) problem: String,
}

impl Request {
    /// None for a request that is not to be passed on: another broker has come to ask this one, or it has been here before.
    pub(crate) fn of(broker: &Broker, headers: &HeaderMap, paths: impl Into<ServicePaths>) -> Option<Self> {
        if broker.providers.is_empty() || is_from_broker(headers) {
            return None;
        }
        let hops: Vec<_> = headers.get_all(VIA).iter().filter_map(|via| via.to_str().ok()).collect();
        let mut stations = hops.iter().flat_map(|via| via.split(','));
        let own = own_name(broker);
        if stations.clone().count() >= MAX_HOPS
            || stations.any(|station| station.split_whitespace().nth(1) == Some(own))
        {
            return None;
        }
        let mut passed_on = HeaderMap::new();
        for name in PASSED_ON {
            if let Some(value) = headers.get(name) {
                passed_on.insert(HeaderName::from_static(name), value.clone());
            }
        }
        let via = hops.iter().copied().chain([format!("1.1 {own}").as_str()]).collect::<Vec<_>>().join(", ");
        passed_on.insert(VIA, HeaderValue::try_from(via).ok()?);
        if let Ok(tenant) = HeaderValue::try_from(&broker.tenant)
            && !tenant.is_empty()
        {
            passed_on.insert("fiware-service", tenant);
        }
        Some(Self { headers: passed_on, paths: paths.into() })
    }

    /// Asks a provider; what it answers if it has done so.
    pub(super) async fn send(
        &self,
        broker: &Broker,
        provider: &Provider,
        operation: &str,
        body: Vec<u8>,
    ) -> Result<Bytes, Refused> {
        let _permit = broker.providers.under_way.acquire().await;
        let sent_at = service::now();
        let answered = self.exchange(broker, provider, operation, body).await;
        provider.note(sent_at, answered.is_ok());
        answered
    }

    async fn exchange(
        &self,
        broker: &Broker,
        provider: &Provider,
        operation: &str,
        body: Vec<u8>,
    ) -> Result<Bytes, Refused> {
        let url = format!("{}{operation}", provider.url());
        let refused = |status: Option<StatusCode>, problem: &dyn std::fmt::Display| Refused {
            status,
            problem: format!("context provider {url}: {problem}"),
        };
        let mut request = HttpRequest::post(&url)
            .header(CONTENT_TYPE, "application/json")
            .body(Bytes::from(body))
            .map_err(|error| refused(None, &error))?;
        request.headers_mut().extend(self.headers.clone());
        request.extensions_mut().insert(Timeout(TIMEOUT));
        request.extensions_mut().insert(MaxResponse(MAX_ANSWER));
        let response = broker.node.outside().send(request).await.map_err(|error| refused(None, &error.kind))?;
        match response.status() {
            status if status.is_success() => Ok(response.into_body()),
            status => Err(refused(Some(status), &format!("answered {status}"))),
        }
    }
}

/// This broker as it stands in `Via`.
fn own_name(broker: &Broker) -> &str {
    let url = broker.own_url();
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}
