//! Where a request has been: the header `Via` (RFC 7230, 5.7.1; ETSI GS CIM 009, 6.3.18).

use http::header::VIA;
use http::{HeaderMap, HeaderValue};

use crate::broker::Broker;

/// The most brokers and sources that a request may have been to.
const MAX_HOPS: usize = 32;

impl Broker {
    /// What this broker calls itself in `Via`: each tenant is a source of its own (5.15.1).
    pub(crate) fn alias(&self) -> String {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
        let id: String = self.federation.id.chars().map(|c| if is_token(c) { c } else { '-' }).collect();
        if self.tenant.is_empty() { id } else { format!("{id}.{}", self.tenant) }
    }
}

/// The way of one request.
pub(crate) struct Via {
    hops: Vec<String>,
    own: String,
}

impl Via {
    pub(crate) fn of(broker: &Broker, headers: &HeaderMap) -> Self {
        let given = headers.get_all(VIA).iter().filter_map(|value| value.to_str().ok());
        let hops = given.flat_map(|value| value.split(',')).map(str::trim).filter(|hop| !hop.is_empty());
        Self { hops: hops.map(str::to_owned).collect(), own: broker.alias() }
    }

    /// The way that a request went which came here by these hops.
    pub(super) fn again(broker: &Broker, hops: &[String]) -> Self {
        Self { hops: hops.to_vec(), own: broker.alias() }
    }

    /// Where it has been.
    pub(crate) fn into_hops(self) -> Vec<String> {
        self.hops
    }

    /// Whether it has been here, or at so many that it will come back.
    pub(crate) fn is_loop(&self) -> bool {
        self.hops.len() >= MAX_HOPS || self.has_met(&self.own)
    }

    /// Whether it has been to the one that calls itself so.
    pub(crate) fn has_met(&self, alias: &str) -> bool {
        self.hops.iter().any(|hop| hop.split_whitespace().nth(1) == Some(alias))
    }

    /// The header of the request that goes on from here.
    pub(crate) fn onward(&self) -> Option<HeaderValue> {
        let own = format!("1.1 {}", self.own);
        let hops: Vec<&str> = self.hops.iter().map(String::as_str).chain([own.as_str()]).collect();
        HeaderValue::try_from(hops.join(", ")).ok()
    }
}
