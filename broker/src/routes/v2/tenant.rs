//! The headers that every request of NGSIv2 may carry: tenant, path and correlator.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, StatusCode};
use ngsi::v2::Kind;

use super::answer::Failure;

const CORRELATOR: &str = "fiware-correlator";

/// Refuses tenants and paths that this broker does not have, and gives the correlator back.
pub(super) async fn check(request: Request, next: Next) -> Response {
    let correlator = request.headers().get(CORRELATOR).filter(|value| !value.is_empty()).cloned();
    let mut response = match supported(request.headers()) {
        Ok(()) => in_words(next.run(request).await),
        Err(failure) => failure.into_response(),
    };
    let correlator = correlator.or_else(|| HeaderValue::try_from(uuid::Uuid::new_v4().to_string()).ok());
    if let Some(correlator) = correlator {
        response.headers_mut().insert(CORRELATOR, correlator);
    }
    response
}

fn supported(headers: &HeaderMap) -> Result<(), Failure> {
    let given = |name: &str| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned());
    let refuse = |header: &str, value: &str| {
        Failure::new(
            Kind::NotImplemented,
            format!("{header}: `{value}` is not served; this broker has one tenant and path"),
        )
    };
    match given("fiware-service") {
        Some(tenant) if !tenant.is_empty() => return Err(refuse("Fiware-Service", &tenant)),
        _ => {}
    }
    match given("fiware-servicepath") {
        Some(path) if !matches!(path.as_str(), "" | "/" | "/#") => Err(refuse("Fiware-ServicePath", &path)),
        _ => Ok(()),
    }
}

/// Refusals of the extractors, which are plain text, in the words of NGSIv2.
fn in_words(response: Response) -> Response {
    let is_json = response.headers().get(CONTENT_TYPE).is_some_and(|value| value == "application/json");
    match response.status() {
        StatusCode::PAYLOAD_TOO_LARGE if !is_json => {
            let problem = "the body is larger than this service accepts";
            Failure::new(Kind::RequestEntityTooLarge, problem).into_response()
        }
        _ => response,
    }
}
