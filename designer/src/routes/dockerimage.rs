//! `/dockerimage/{operator}`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{OK, Shared};
use crate::refusal::Refusal;
use crate::state::Designer;

pub(super) fn routes() -> Router<Arc<Designer>> {
    Router::new().route("/dockerimage/{operator}", get(list).post(add).delete(delete))
}

#[derive(Deserialize)]
struct Which {
    #[serde(default)]
    image: String,
}

async fn list(State(designer): Shared, Path(operator): Path<String>) -> Result<Json<Value>, Refusal> {
    let document = designer.read(|catalog| catalog.operators.get(&operator).map(|found| found.json.clone())).await;
    let document = document.ok_or_else(|| Refusal::not_found("operator", &operator))?;
    Ok(Json(document.get("dockerimages").cloned().unwrap_or_else(|| json!([]))))
}

async fn add(State(designer): Shared, Path(operator): Path<String>, body: Bytes) -> Result<&'static str, Refusal> {
    designer.change(|catalog| catalog.add_image(&operator, &body)).await.map(|()| OK)
}

async fn delete(
    State(designer): Shared,
    Path(operator): Path<String>,
    Query(which): Query<Which>,
) -> Result<&'static str, Refusal> {
    if which.image.is_empty() {
        return Err(Refusal::field("image", "must be given as a query parameter: ?image=name"));
    }
    designer.change(|catalog| catalog.delete_image(&operator, &which.image)).await.map(|()| OK)
}
