//! `/tryout`: runs a function once on a sample entity, at a worker; nothing it publishes reaches a broker.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use flow::{Engine, Parameter, TryOut, TryOutput, TryReport, WorkerId, WorkerOrder};
use ngsi::v1::ContextElement;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Shared;
use crate::refusal::Refusal;
use crate::state::Designer;

/// The longest code.
const MAX_CODE_BYTES: usize = 256 * 1024;
/// The most outputs.
const MAX_OUTPUTS: usize = 64;
/// The most parameters.
const MAX_PARAMETERS: usize = 256;

pub(super) fn routes() -> Router<Arc<Designer>> {
    Router::new().route("/tryout", post(try_out))
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(default)]
    code: String,
    #[serde(borrow, default)]
    entity: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "flow::null_as_default")]
    outputs: Vec<TryOutput>,
    #[serde(default, deserialize_with = "flow::null_as_default")]
    parameters: Vec<Parameter>,
}

async fn try_out(State(designer): Shared, body: Bytes) -> Result<Json<TryReport>, Refusal> {
    let order = WorkerOrder::Try(parse(&body)?);
    let none = "no worker that runs functions is ready: start one with the engine `function`";
    let worker = chosen(&designer).ok_or(Refusal::Busy(none))?;
    let (reply, _) = designer.ask_worker(&worker, order).await?;
    let problem = if reply.problem.is_empty() { "it did not say how it went" } else { &reply.problem };
    let declined = || Refusal::Declined { service: "worker", reason: problem.to_owned() };
    reply.tried.clone().map(Json).ok_or_else(declined)
}

fn parse(body: &[u8]) -> Result<TryOut, Refusal> {
    let Request { code, entity, outputs, parameters } = ngsi::json::parse(body)?;
    if code.trim().is_empty() {
        return Err(Refusal::field("code", "must be JavaScript that defines exports.handler"));
    }
    if code.len() > MAX_CODE_BYTES {
        return Err(Refusal::field("code", format!("must not be longer than {MAX_CODE_BYTES} bytes")));
    }
    if outputs.len() > MAX_OUTPUTS {
        return Err(Refusal::field("outputs", format!("must not be more than {MAX_OUTPUTS}")));
    }
    if parameters.len() > MAX_PARAMETERS {
        return Err(Refusal::field("parameters", format!("must not be more than {MAX_PARAMETERS}")));
    }
    let text =
        entity.ok_or_else(|| Refusal::field("entity", "is missing: the entity that the function is called with"))?;
    Ok(TryOut { code, entity: element(text.get().as_bytes())?, outputs, parameters })
}

/// An NGSI-10 element; the key-values of NGSIv2 would be taken for one without attributes.
fn element(text: &[u8]) -> Result<ContextElement, Refusal> {
    #[derive(Deserialize)]
    struct Form {
        #[serde(rename = "entityId")]
        entity: Option<serde::de::IgnoredAny>,
        attributes: Option<serde::de::IgnoredAny>,
    }
    let within = |error: ngsi::ParseError| Refusal::Invalid(error.within("entity"));
    let form: Form = ngsi::json::parse(text).map_err(within)?;
    if form.entity.is_none() && form.attributes.is_none() {
        let problem =
            "is missing: the entity must be written as {\"entityId\": {\"id\", \"type\"}, \"attributes\": [...]}";
        return Err(Refusal::field("entity.entityId", problem));
    }
    let element: ContextElement = ngsi::json::parse(text).map_err(within)?;
    element.validate().map_err(within)?;
    Ok(element)
}

/// A worker that runs functions, of this node if there is one.
fn chosen(designer: &Designer) -> Option<WorkerId> {
    let own = designer.node.id("Worker");
    designer.live.look(|model| {
        let able = model.present_workers().filter(|worker| worker.engines.contains(&Engine::Function));
        able.min_by_key(|worker| (worker.id.as_str() != own, worker.workload)).map(|worker| worker.id.clone())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_cannot_be_tried_is_refused_by_its_field() {
        let entity = r#""entity":{"entityId":{"id":"a","type":"T"},"attributes":[]}"#;
        assert_eq!(parse(format!(r#"{{"code":"x",{entity}}}"#).as_bytes()).unwrap().entity.entity.id, "a");
        let table = [
            (format!("{{{entity}}}"), "code"),
            (format!(r#"{{"code":" ",{entity}}}"#), "code"),
            (format!(r#"{{"code":1,{entity}}}"#), "code"),
            (format!(r#"{{"code":"{}",{entity}}}"#, "x".repeat(MAX_CODE_BYTES + 1)), "code"),
            (r#"{"code":"x"}"#.to_owned(), "entity"),
            (r#"{"code":"x","entity":{"id":"a","type":"T","temperature":7}}"#.to_owned(), "entity.entityId"),
            (r#"{"code":"x","entity":{"entityId":{"type":"T"},"attributes":[]}}"#.to_owned(), "entity.entityId.id"),
            (r#"{"code":"x","entity":{"entityId":{"id":"a"},"attributes":7}}"#.to_owned(), "entity.attributes"),
            (format!(r#"{{"code":"x",{entity},"outputs":[{{"id":7}}]}}"#), "outputs[0].id"),
            (format!(r#"{{"code":"x",{entity},"parameters":[{{"name":"cpus","value":1}}]}}"#), "parameters[0].value"),
            (
                format!(r#"{{"code":"x",{entity},"parameters":[{}]}}"#, vec![r#"{"name":"a"}"#; 257].join(",")),
                "parameters",
            ),
        ];
        for (body, field) in table {
            match parse(body.as_bytes()) {
                Err(Refusal::Invalid(error)) => assert_eq!(error.path, field, "{body}"),
                other => panic!("{body}: {other:?}"),
            }
        }
    }
}
