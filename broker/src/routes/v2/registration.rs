//! `/v2/registrations/{id}`: one registration.

use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use context::provision::ProviderRecord;
use http::HeaderMap;
use ngsi::v2::Kind;

use super::answer::{Failure, no_content, unsaved};
use super::registrations::{Shown, keep, read, written};
use crate::Shared;

pub(super) async fn get(State(broker): State<Shared>, Path(id): Path<String>) -> Result<Response, Failure> {
    let provider = broker.providers.get(&id).ok_or_else(unknown)?;
    written(&Shown::new(&provider))
}

pub(super) async fn update(
    State(broker): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let record = broker.providers.get(&id).ok_or_else(unknown)?.provision.record.clone();
    let registration = read(&headers, &body, |body| record.registration.patched(body))?;
    keep(&broker, ProviderRecord { registration, ..record }).await?;
    Ok(no_content())
}

pub(super) async fn delete(State(broker): State<Shared>, Path(id): Path<String>) -> Result<Response, Failure> {
    match broker.unregister(&id).await.map_err(unsaved)? {
        true => Ok(no_content()),
        false => Err(unknown()),
    }
}

fn unknown() -> Failure {
    Failure::new(Kind::NotFound, "The requested registration has not been found. Check id")
}
