//! `/ngsi-ld/v1/jsonldContexts`: contexts that this broker keeps (ETSI GS CIM 009, 5.13, 6.29 and 6.30).

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use ngsi::ld::{Kind, Problem};
use serde_json::{Value, json};

use super::answer::{Failure, created, no_content};
use super::call::Call;
use super::media::Media;
use crate::Shared;
use crate::contexts::{ContextKind, Contexts, Entry, PATH};

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/ngsi-ld/v1/jsonldContexts", get(list).post(host))
        // Cached ones are found by their URL as well, which has slashes.
        .route("/ngsi-ld/v1/jsonldContexts/{*id}", get(serve).delete(delete))
}

async fn list(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let (details, kind) = (call.params.flag("details")?, kind(&call)?);
    let media = Media::accepted(&call.headers, &Media::USUAL)?;
    let contexts = &broker.contexts;
    let look = |entry: &Entry| match details {
        true => described(contexts, entry),
        false => Value::from(contexts.url_of(&entry.record)),
    };
    Ok(media.response(Value::Array(contexts.list(kind, look)).to_string().into_bytes(), None))
}

async fn host(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let id = broker.contexts.host(call.json(false)?).await?;
    Ok(created(&format!("{PATH}{id}")))
}

async fn serve(State(broker): State<Shared>, Path(id): Path<String>, call: Call) -> Result<Response, Failure> {
    let details = call.params.flag("details")?;
    let media = Media::accepted(&call.headers, &Media::USUAL)?;
    let found = broker.contexts.serve(&id, |entry| match (details, entry.record.kind) {
        (true, _) => Ok(described(&broker.contexts, entry).to_string()),
        (false, ContextKind::Cached) => {
            let problem = format!("the context `{id}` is of kind Cached: it is served where it comes from");
            Err(Problem::new(Kind::OperationNotSupported, problem))
        }
        (false, _) => Ok(entry.record.text.to_string()),
    });
    Ok(media.response(found??.into_bytes(), None))
}

async fn delete(State(broker): State<Shared>, Path(id): Path<String>, call: Call) -> Result<Response, Failure> {
    match call.params.flag("reload")? {
        true => broker.contexts.reload(&id).await?,
        false => broker.contexts.delete(&id).await?,
    }
    Ok(no_content())
}

fn kind(call: &Call) -> Result<Option<ContextKind>, Problem> {
    let Some(given) = call.params.get("kind") else { return Ok(None) };
    let known = [ContextKind::Hosted, ContextKind::Cached, ContextKind::ImplicitlyCreated];
    let kind = known.into_iter().find(|kind| format!("{kind:?}") == given);
    let problem = || format!("kind: must be Hosted, Cached or ImplicitlyCreated, is `{given}`");
    kind.map(Some).ok_or_else(|| Problem::bad_request(problem()))
}

/// What is known of a context (5.13.3.5).
fn described(contexts: &Contexts, entry: &Entry) -> Value {
    let record = &entry.record;
    let mut described = json!({
        "URL": contexts.url_of(record),
        "localId": &*record.id,
        "kind": format!("{:?}", record.kind),
        "createdAt": record.created_at.brief(),
        "numberOfHits": entry.hits,
    });
    for (name, at) in [("expiresAt", record.expires_at), ("lastUsage", entry.last_used)] {
        if let Some(at) = at {
            described[name] = Value::from(at.brief());
        }
    }
    described
}
