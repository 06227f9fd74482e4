//! `/data/photo`: pictures for drawings and devices, kept as files.
//!
//! A picture is what its first bytes say, never what a client calls it; SVG is refused, since it can hold scripts.

use std::path::{self, PathBuf};
use std::sync::Arc;

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{Multipart, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::Shared;
use crate::refusal::Refusal;
use crate::state::Designer;

/// The most bytes of one picture.
const MAX_BYTES: usize = 2 * 1024 * 1024;
/// The most bytes of a form with several.
pub(super) const MAX_FORM_BYTES: usize = 8 * MAX_BYTES;
const MAX_PHOTOS: usize = 1_000;
const MAX_NAME_BYTES: usize = 100;

pub(super) fn routes() -> Router<Arc<Designer>> {
    Router::new()
        .route("/data/photo", post(upload))
        .route("/data/photo/{name}", get(show))
        .route("/photo/{name}", get(show))
}

/// Stores every picture of a form under the name of its field, as the original does.
async fn upload(State(designer): Shared, mut form: Multipart) -> Result<Json<Value>, Refusal> {
    let mut paths = Vec::new();
    while let Some(field) = form.next_field().await.map_err(malformed)? {
        paths.push(format!("/photo/{}", store(&designer, field).await?));
    }
    let first = paths.first().cloned().ok_or_else(|| Refusal::field("$", "the form holds no file"))?;
    Ok(Json(json!({ "path": first, "paths": paths })))
}

async fn store(designer: &Designer, field: Field<'_>) -> Result<String, Refusal> {
    let name = safe(field.name().unwrap_or_default())?;
    let content = content(field, &name).await?;
    if kind(&content).is_none() {
        return Err(Refusal::field(name, "must be a PNG, JPEG, GIF or WebP picture"));
    }
    let folder = folder(designer);
    tokio::fs::create_dir_all(&folder).await?;
    let place = folder.join(&name);
    if !tokio::fs::try_exists(&place).await? && files(&folder).await? >= MAX_PHOTOS {
        return Err(Refusal::InUse(format!(
            "there are {MAX_PHOTOS} photos already: remove some from {}",
            folder.display()
        )));
    }
    let draft = folder.join(format!(".{}", uuid::Uuid::new_v4()));
    let written = write(&draft, &place, &content).await;
    if written.is_err() {
        // On a full disk half a picture would take what is left.
        let _ = tokio::fs::remove_file(&draft).await;
    }
    written?;
    Ok(name)
}

/// Reads no further than a picture may be long.
async fn content(mut field: Field<'_>, name: &str) -> Result<Vec<u8>, Refusal> {
    let mut content = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(malformed)? {
        if content.len() + chunk.len() > MAX_BYTES {
            return Err(Refusal::TooLarge { field: name.to_owned(), most: MAX_BYTES });
        }
        content.extend_from_slice(&chunk);
    }
    Ok(content)
}

async fn files(folder: &path::Path) -> std::io::Result<usize> {
    let mut files = tokio::fs::read_dir(folder).await?;
    let mut count = 0;
    while files.next_entry().await?.is_some() {
        count += 1;
    }
    Ok(count)
}

async fn write(draft: &path::Path, place: &path::Path, content: &[u8]) -> std::io::Result<()> {
    tokio::fs::write(draft, content).await?;
    tokio::fs::File::open(draft).await?.sync_all().await?;
    tokio::fs::rename(draft, place).await
}

async fn show(State(designer): Shared, Path(name): Path<String>) -> Result<Response, Refusal> {
    let missing = || Refusal::not_found("photo", &name);
    let name = safe(&name).map_err(|_| missing())?;
    let content = tokio::fs::read(folder(&designer).join(name)).await.map_err(|_| missing())?;
    let kind = kind(&content).ok_or_else(missing)?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    Ok((headers, content).into_response())
}

fn folder(designer: &Designer) -> PathBuf {
    designer.node.config.data_dir().join("photo")
}

/// A name that stays in its folder on every file system.
fn safe(name: &str) -> Result<String, Refusal> {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if plain && !name.is_empty() && !name.starts_with('.') && name.len() <= MAX_NAME_BYTES {
        return Ok(name.to_owned());
    }
    Err(Refusal::field(
        "name",
        format!(
            "the field's name becomes the file's: 1 to {MAX_NAME_BYTES} letters, digits, dots, dashes or underscores"
        ),
    ))
}

fn kind(content: &[u8]) -> Option<&'static str> {
    match content {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function of the error")]
fn malformed(error: MultipartError) -> Refusal {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Refusal::TooLarge { field: "$".to_owned(), most: MAX_FORM_BYTES };
    }
    Refusal::field("$", error.body_text())
}
