//! The dashboard: files built from `ui/`, kept in the binary, with a policy that lets them load nothing from elsewhere.

use std::io::Read;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use flate2::read::GzDecoder;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use service::Config;

use crate::refusal::Refusal;
use crate::state::Designer;

/// A file of the dashboard.
struct Asset {
    /// Below the root, without a leading slash.
    path: &'static str,
    /// An entity tag made of its content.
    tag: &'static str,
    gzip: &'static [u8],
}

const ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));
/// Files whose names carry a hash of their content.
const HASHED: &str = "assets/";
const OWN_FILES_ONLY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; manifest-src 'self'; \
                              worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

pub(super) fn routes(config: &Config) -> Router<Arc<Designer>> {
    let routes = Router::new().route("/", get(|| async { Redirect::temporary("/index.html") }));
    let policy = policy(config);
    ASSETS.iter().fold(routes, |routes, asset| {
        let policy = policy.clone();
        let show = move |request: HeaderMap| async move { shown(asset, &request, policy) };
        routes.route(&format!("/{}", asset.path), get(show))
    })
}

fn shown(asset: &'static Asset, request: &HeaderMap, policy: HeaderValue) -> Result<Response, Refusal> {
    let caching = if asset.path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [
        (ETAG, HeaderValue::from_static(asset.tag)),
        (CACHE_CONTROL, HeaderValue::from_static(caching)),
        (VARY, HeaderValue::from_static("accept-encoding")),
    ];
    if mentions(request, &IF_NONE_MATCH, asset.tag) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let about = [
        (CONTENT_TYPE, HeaderValue::from_static(content_type(asset.path))),
        (CONTENT_SECURITY_POLICY, policy),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("same-origin")),
    ];
    if mentions(request, &ACCEPT_ENCODING, "gzip") {
        let encoding = [(CONTENT_ENCODING, HeaderValue::from_static("gzip"))];
        return Ok((headers, about, encoding, Bytes::from_static(asset.gzip)).into_response());
    }
    let mut content = Vec::new();
    GzDecoder::new(asset.gzip).read_to_end(&mut content)?;
    Ok((headers, about, content).into_response())
}

fn mentions(request: &HeaderMap, name: &HeaderName, wanted: &str) -> bool {
    let lists = request.get_all(name).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        parts.next() == Some(wanted) && !parts.any(|part| part == "q=0")
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("webmanifest") => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

/// What the dashboard may load: its own files, and pictures of the tile server, if there is one.
fn policy(config: &Config) -> HeaderValue {
    let tiles = config.designer.map_tiles.as_ref().map(|tiles| format!(" {}", origin(&tiles.url))).unwrap_or_default();
    let policy = format!("{OWN_FILES_ONLY}; img-src 'self' data: blob:{tiles}");
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static(OWN_FILES_ONLY))
}

/// Scheme and host of a URL, without anything that would end a directive.
fn origin(url: &str) -> String {
    let origin = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    origin.chars().filter(|char| char.is_ascii_alphanumeric() || ":/.-[]".contains(*char)).collect()
}
