//! Pages of another origin that call the broker from a browser, where `broker.cors_origin` allows one.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use service::Config;
use tower_http::cors::{AllowOrigin, CorsLayer};

const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
/// Headers that pages may send.
const ALLOWED: [&str; 11] = [
    "content-type",
    "accept",
    "link",
    "fiware-service",
    "fiware-servicepath",
    "fiware-correlator",
    "ngsild-tenant",
    "ngsiv2-attrsformat",
    "x-auth-token",
    "x-forwarded-for",
    "x-real-ip",
];
/// Headers that pages may read.
const EXPOSED: [&str; 7] = [
    "fiware-correlator",
    "fiware-total-count",
    "location",
    "link",
    "ngsild-results-count",
    "ngsild-tenant",
    "ngsild-warning",
];

/// What says so in answers; none when no origin is allowed.
pub(super) fn layer(config: &Config) -> Option<CorsLayer> {
    let origin = match config.broker.cors_origin.as_str() {
        "" => return None,
        "*" => AllowOrigin::any(),
        origin => AllowOrigin::list([HeaderValue::try_from(origin).ok()?]),
    };
    let names = |names: &[&'static str]| names.iter().map(|name| HeaderName::from_static(name)).collect::<Vec<_>>();
    let cors = CorsLayer::new().allow_origin(origin).allow_methods(METHODS).allow_headers(names(&ALLOWED));
    Some(cors.expose_headers(names(&EXPOSED)).max_age(Duration::from_secs(config.broker.cors_max_age)))
}
