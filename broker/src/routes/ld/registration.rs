//! `/ngsi-ld/v1/csourceRegistrations/{id}`: one registration (ETSI GS CIM 009, 5.9.3, 5.9.4, 5.10.1, 6.9).

use axum::extract::{Path, State};
use axum::response::Response;
use context::sources::HasSource;
use ngsi::ld::{Kind, Problem, registration};

use super::answer::{Failure, no_content};
use super::call::Call;
use super::registrations::{Contextual, write};
use super::{change, media};
use crate::Shared;
use crate::sources::SourceError;

pub(super) async fn get(State(broker): State<Shared>, Path(id): Path<String>, call: Call) -> Result<Response, Failure> {
    change::check_id(&id)?;
    let context = call.context(&broker, None).await?;
    let source = broker.sources.with(|sources| sources.get(&id).cloned());
    let source = source.ok_or_else(|| SourceError::Unknown(id))?;
    let written = write(&source, &source.source().registration, &context, call.params.option("sysAttrs"));
    media::answer(&broker, &call, &context, written).await
}

pub(super) async fn update(
    State(broker): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Failure> {
    change::check_id(&id)?;
    let Contextual { context } = call.object(true)?;
    let context = call.context(&broker, context).await?;
    let body = call.body;
    broker.change_source(id, move |former| registration::change(former, &body, &context, service::now())).await?;
    Ok(no_content())
}

pub(super) async fn delete(State(broker): State<Shared>, Path(id): Path<String>, _: Call) -> Result<Response, Failure> {
    change::check_id(&id)?;
    broker.unregister_source(id).await?;
    Ok(no_content())
}

impl From<SourceError> for Problem {
    fn from(error: SourceError) -> Self {
        let kind = match &error {
            SourceError::Exists(_) => Kind::AlreadyExists,
            SourceError::Unknown(_) => Kind::ResourceNotFound,
            SourceError::Conflict(_) | SourceError::Held(_) => Kind::Conflict,
            SourceError::TooMany => Kind::OperationNotSupported,
            SourceError::Unusable(_) => Kind::BadRequestData,
            SourceError::Storage(_) => Kind::ServiceUnavailable,
        };
        Self::new(kind, error.to_string())
    }
}
