//! Pages of other sites may not use the designer through the browser of somebody who may.
//!
//! Browsers say where a request comes from, and no page can change that; programs say nothing and are let through.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{HOST, HeaderMap, ORIGIN};
use http::{Method, Uri};

use crate::refusal::Refusal;

/// Refuses what a browser marks as coming from another site, unless it is somebody who follows a link to the dashboard.
pub(crate) async fn refuse(request: Request, next: Next) -> Response {
    if is_foreign(request.headers(), request.uri()) && !is_page_load(&request) {
        return Refusal::CrossSite.into_response();
    }
    next.run(request).await
}

fn is_foreign(headers: &HeaderMap, uri: &Uri) -> bool {
    match text(headers, "sec-fetch-site") {
        Some(site) => !matches!(site, "same-origin" | "none"),
        None => text(headers, ORIGIN.as_str()).is_some_and(|origin| !is_here(origin, headers, uri)),
    }
}

/// Whether an origin such as `http://host:port` is the host that the request was sent to.
fn is_here(origin: &str, headers: &HeaderMap, uri: &Uri) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let host = text(headers, HOST.as_str()).or_else(|| uri.authority().map(|authority| authority.as_str()));
    let port = if scheme == "https" { ":443" } else { ":80" };
    let bare = |authority: &str| authority.strip_suffix(port).unwrap_or(authority).to_ascii_lowercase();
    host.is_some_and(|host| bare(host) == bare(authority))
}

/// A file of the dashboard, asked for by whoever follows a link. Everything else that can be asked for so could change something.
fn is_page_load(request: &Request) -> bool {
    let path = request.uri().path();
    let is_file = matches!(path, "/" | "/index.html") || path.starts_with("/assets/");
    is_file
        && matches!(*request.method(), Method::GET | Method::HEAD)
        && text(request.headers(), "sec-fetch-mode") == Some("navigate")
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn check(request: &[(&str, &str)], path: &str, passes: bool) {
        let mut builder = Request::get(path);
        for (name, value) in request {
            builder = builder.header(*name, *value);
        }
        let built = builder.body(axum::body::Body::empty()).unwrap();
        let refused = is_foreign(built.headers(), built.uri()) && !is_page_load(&built);
        assert_eq!(!refused, passes, "{path} {request:?}");
    }

    #[test]
    fn only_what_a_browser_marks_as_foreign_is_refused() {
        let (site, mode) = ("sec-fetch-site", "sec-fetch-mode");
        let host = ("host", "fog.example:8080");
        check(&[host], "/operator", true);
        for (own, passes) in [("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false)] {
            check(&[host, (site, own)], "/operator", passes);
            check(&[host, (site, own), (mode, "navigate")], "/fogfunction/f/enable", passes);
            check(&[host, (site, own), (mode, "navigate")], "/index.html", true);
            check(&[host, (site, own), (mode, "no-cors")], "/index.html", passes);
        }
        let origins = [
            ("http://fog.example:8080", true),
            ("http://FOG.example:8080", true),
            ("http://fog.example", false),
            ("http://evil.example:8080", false),
            ("null", false),
            ("", false),
        ];
        for (origin, passes) in origins {
            check(&[host, ("origin", origin)], "/operator", passes);
        }
        check(&[("host", "fog.example"), ("origin", "http://fog.example:80")], "/operator", true);
        check(&[("host", "fog.example"), ("origin", "https://fog.example")], "/operator", true);
        check(&[host, ("origin", "http://elsewhere"), (site, "same-origin")], "/operator", true);
    }
}
