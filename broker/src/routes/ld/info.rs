//! `/ngsi-ld/v1/info/sourceIdentity`: who this broker is (ETSI GS CIM 009, 5.2.40 and 6.33).

use axum::extract::State;
use axum::response::Response;
use ngsi::ld::Context;
use serde_json::json;

use super::answer::Failure;
use super::call::Call;
use super::media;
use crate::Shared;

pub(super) async fn source_identity(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let now = service::now();
    let alias = broker.alias();
    let identity = json!({
        "id": format!("urn:ngsi-ld:ContextSourceIdentity:{alias}"),
        "type": "ContextSourceIdentity",
        "contextSourceAlias": alias,
        "contextSourceUptime": format!("PT{}S", now.since(broker.started_at).as_secs()),
        "contextSourceTimeAt": now.brief(),
    });
    media::answer(&broker, &call, &Context::core(), identity).await
}
