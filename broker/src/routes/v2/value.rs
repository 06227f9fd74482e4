//! `/v2/entities/{id}/attrs/{name}/value`: the bare value of an attribute.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use context::EditAction;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderValue};
use ngsi::Name;
use ngsi::v2::parse::AttributeInput;
use ngsi::v2::write::{attribute, typed_value};
use ngsi::v2::{Kind, parse};

use super::answer::Failure;
use super::attribute::change_one;
use super::body;
use super::find::find;
use super::headers::accepted;
use super::params::Params;
use crate::Shared;

const JSON: &str = "application/json";
const TEXT: &str = "text/plain";

pub(super) async fn get(
    State(broker): State<Shared>,
    headers: HeaderMap,
    Path((id, name)): Path<(String, String)>,
    params: Params,
) -> Result<Response, Failure> {
    let entity = find(&broker, &headers, &id, &params).await?;
    let value = typed_value(attribute(&entity, &name).ok_or_else(Failure::no_attribute)?).1.into_owned();
    let offered: &[&'static str] = if value.as_str().starts_with(['{', '[']) { &[JSON, TEXT] } else { &[TEXT] };
    let chosen = accepted(&headers, offered).ok_or_else(|| {
        let description = format!("accepted MIME types: {}", offered.join(", "));
        Failure::new(Kind::NotAcceptable, description)
    })?;
    let mut response = Response::new(Body::from(value.as_str().to_owned()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(chosen));
    Ok(response)
}

pub(super) async fn update(
    State(broker): State<Shared>,
    headers: HeaderMap,
    Path((id, name)): Path<(String, String)>,
    params: Params,
    body: Bytes,
) -> Result<Response, Failure> {
    body::not_empty(&body)?;
    let overrides_metadata = params.options(&super::attribute::OPTIONS)?.has("overrideMetadata");
    let value = match body::media_type(&headers) {
        JSON => parse::json_value(&body)?,
        TEXT => parse::plain_value(&body)?,
        other => return Err(body::unsupported(other, "application/json or text/plain").into()),
    };
    let _room = broker.admit(body.len()).await;
    let input = AttributeInput { name: Name::from(name), value_type: None, value, metadata: Vec::new() };
    change_one(&broker, &headers, &id, &params, EditAction::Update, overrides_metadata, input).await
}
