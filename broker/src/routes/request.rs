//! What the headers of a request say.

use context::{Delivery, Dialect, Origin};
use http::HeaderMap;
use http::header::USER_AGENT;
use ngsi::v1::BROKER_USER_AGENT;

use crate::federation::{ENTITY_FORM, WHOLE};

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim()
}

/// Whether another broker asks.
pub(crate) fn is_from_broker(headers: &HeaderMap) -> bool {
    headers.get(USER_AGENT).is_some_and(|agent| agent == BROKER_USER_AGENT)
}

/// Who made the update, as far as it says.
pub(crate) fn correlator(headers: &HeaderMap) -> &str {
    text(headers, "fiware-correlator")
}

/// Where an update comes from, as far as it says.
pub(super) fn origin(headers: &HeaderMap) -> Origin {
    Origin {
        correlator: correlator(headers).to_owned(),
        auth_token: text(headers, "x-auth-token").to_owned(),
        forced: false,
    }
}

/// How a subscriber wants to be notified.
pub(super) fn delivery(headers: &HeaderMap) -> Delivery {
    let destination = text(headers, "destination");
    let dialect = if destination.eq_ignore_ascii_case("NGSIv2") {
        Dialect::NgsiV2
    } else if destination.eq_ignore_ascii_case("NGSI-LD") {
        Dialect::NgsiLd
    } else {
        Dialect::Ngsi10
    };
    Delivery {
        dialect,
        tenant: text(headers, "ngsild-tenant").to_owned(),
        reliable: text(headers, "require-reliability").eq_ignore_ascii_case("true"),
        correlator: correlator(headers).to_owned(),
        from_broker: is_from_broker(headers),
        whole: is_from_broker(headers) && text(headers, ENTITY_FORM) == WHOLE,
        path: String::new(),
    }
}
