//! What the designer asks the master.

use axum::body::Bytes;
use http::header::LOCATION;
use http::{Response, StatusCode};
use serde_json::Value;
use service::http::ClientError;

use crate::discovery::answered;
use crate::live::Planned;
use crate::state::Designer;

/// The task instances at a path of the master; one of the original does not list them.
pub(crate) async fn planned(designer: &Designer, path: &str) -> Option<Vec<Planned>> {
    serde_json::from_value(fetch(designer, path).await?).ok()
}

/// What the master answers at a path, if it does.
pub(crate) async fn fetch(designer: &Designer, path: &str) -> Option<Value> {
    let url = format!("{}{path}", designer.node.config.master_url());
    let answer = answered(asked(designer, &url).await, &url)?;
    serde_json::from_slice(answer.body()).ok()
}

/// A master that stands by sends to the active one.
async fn asked(designer: &Designer, url: &str) -> Result<Response<Bytes>, ClientError> {
    let answer = designer.node.client.get(url).await?;
    let location = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    match location {
        Some(location) if answer.status() == StatusCode::TEMPORARY_REDIRECT => designer.node.client.get(location).await,
        _ => Ok(answer),
    }
}
