use std::sync::Arc;

use availability::{Discovered, MAX_PAGE, Page, Query};
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use ngsi::ParseError;
use ngsi::v1::ngsi9::AvailabilityRequest;
use ngsi::v1::{EntityRef, StatusCode};
use serde::Serialize;

use super::Shared;
use super::parameters::Parameters;
use crate::refusal::Refusal;

#[derive(Serialize)]
struct Answer {
    #[serde(rename = "contextRegistrationResponses")]
    responses: Vec<RegistrationResponse>,
    #[serde(rename = "errorCode")]
    error_code: StatusCode,
}

#[derive(Serialize)]
struct RegistrationResponse {
    #[serde(rename = "contextRegistration")]
    registration: ContextRegistration,
    #[serde(rename = "errorCode")]
    error_code: StatusCode,
}

#[derive(Serialize)]
struct ContextRegistration {
    entities: Vec<EntityRef>,
    #[serde(rename = "providingApplication")]
    provider: Arc<str>,
}

/// One response a provider. Of more than [`MAX_PAGE`] matches the first are given, and `?offset=` gives the others. `?except=` is the URL
/// of a provider that is left out: a broker need not be told what it has.
pub(super) async fn discover(
    State(discovery): Shared,
    RawQuery(parameters): RawQuery,
    body: Bytes,
) -> Result<Response, Refusal> {
    let parameters = Parameters::of(parameters.as_deref());
    let page = page(&parameters)?;
    let request: AvailabilityRequest = ngsi::json::parse_object(&body)?;
    let mut query = Query::compile(&request)?;
    if let Some(provider) = parameters.text("except") {
        query = query.except(provider);
    }
    let found = discovery.registry.read().discover(&query, page);
    let json = serde_json::to_vec(&answer(found, page)).unwrap_or_default();
    Ok(([(CONTENT_TYPE, "application/json")], json).into_response())
}

fn answer(found: Discovered, page: Page) -> Answer {
    let responses = found.providers.into_iter().map(|(provider, entities)| RegistrationResponse {
        registration: ContextRegistration { entities, provider },
        error_code: StatusCode::ok(),
    });
    let mut error_code = StatusCode::ok();
    if found.more {
        error_code.details =
            format!("there are more: ask again with ?offset={}", page.offset + page.limit.min(MAX_PAGE));
    }
    Answer { responses: responses.collect(), error_code }
}

fn page(parameters: &Parameters) -> Result<Page, ParseError> {
    let default = Page::default();
    Ok(Page { offset: parameters.number("offset", default.offset)?, limit: parameters.number("limit", default.limit)? })
}
