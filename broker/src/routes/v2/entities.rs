//! `/v2/entities`: all entities of the system.

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use context::{Edit, EditAction};
use http::header::{HeaderValue, LOCATION};
use http::{HeaderMap, StatusCode};
use ngsi::v2::parse;
use ngsi::v2::path::ServicePath;

use super::answer::{Failure, no_content};
use super::list::{self, Search};
use super::params::Params;
use super::{body, change};
use crate::Shared;

pub(super) async fn list(
    State(broker): State<Shared>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Failure> {
    let options = params.options(&list::OPTIONS)?;
    let rendering = params.rendering(&options)?;
    let search = Search::of_params(&params)?.within(&headers, &params)?;
    let found = search.run(&broker, &headers, options.has("count")).await?;
    Ok(list::answer(&found, &rendering, options.has("count")))
}

pub(super) async fn create(
    State(broker): State<Shared>,
    headers: HeaderMap,
    params: Params,
    body: Bytes,
) -> Result<Response, Failure> {
    body::check_json(&headers, &body)?;
    let options = params.options(&["keyValues", "upsert", "overrideMetadata", "forcedUpdate", "flowControl"])?;
    let entity = parse::entity(&body, options.form())?;
    let _room = broker.admit(body.len()).await;
    let upsert = options.has("upsert");
    let location = location(entity.id.as_str(), entity.type_or_default().as_str());
    let edit = Edit {
        id: entity.id.clone(),
        entity_type: entity.type_or_default(),
        path: ServicePath::default(),
        action: if upsert { EditAction::Append } else { EditAction::Create },
        creates: true,
        overrides_metadata: options.has("overrideMetadata"),
        attributes: entity.attributes,
    };
    change::carry_out(&broker, &headers, &params, edit).await?;
    let mut response = no_content();
    if !upsert {
        *response.status_mut() = StatusCode::CREATED;
    }
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// Where the entity is found. Identifiers and types have few characters that a URL gives a meaning.
fn location(id: &str, entity_type: &str) -> String {
    let escaped = |text: &str| text.replace('%', "%25").replace('+', "%2B");
    format!("/v2/entities/{}?type={}", escaped(id), escaped(entity_type))
}
