//! Media types of answers, and the context that goes with each (ETSI GS CIM 009, 6.3.4 and 6.3.6).

use std::sync::LazyLock;

use axum::body::Body;
use axum::response::Response;
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, LINK};
use ngsi::ld::{CORE_CONTEXT, Context, Kind, Problem};
use serde_json::Value;

use super::answer::Failure;
use super::call::Call;
use crate::Shared;
use crate::contexts::link_header;

/// A media type of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    Json,
    JsonLd,
    GeoJson,
}

impl Media {
    /// What most answers can be.
    pub(super) const USUAL: [Self; 2] = [Self::Json, Self::JsonLd];
    /// What answers with entities can be.
    pub(super) const ENTITIES: [Self; 3] = [Self::Json, Self::JsonLd, Self::GeoJson];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::JsonLd => "application/ld+json",
            Self::GeoJson => "application/geo+json",
        }
    }

    /// The offered one that the client likes best, the first of several; JSON when it does not say.
    pub(super) fn accepted(headers: &HeaderMap, offered: &[Self]) -> Result<Self, Problem> {
        if !headers.contains_key(ACCEPT) {
            return Ok(Self::Json);
        }
        let given: Vec<_> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
        let given = given.join(",");
        if given.trim().is_empty() {
            return Ok(Self::Json);
        }
        let mut best: Option<(Self, f32)> = None;
        for media in offered {
            let weight = weight(&given, media.name());
            if weight > best.map_or(0.0, |(_, weight)| weight) {
                best = Some((*media, weight));
            }
        }
        best.map(|(media, _)| media).ok_or_else(|| {
            let names: Vec<_> = offered.iter().map(|media| media.name()).collect();
            let problem = format!("Accept: must allow one of {}, is `{given}`", names.join(", "));
            Problem::new(Kind::NotAcceptable, problem)
        })
    }

    /// An answer of this type.
    pub(super) fn response(self, body: Vec<u8>, link: Option<&HeaderValue>) -> Response {
        let mut response = Response::new(Body::from(body));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(self.name()));
        if let Some(link) = link {
            response.headers_mut().insert(LINK, link.clone());
        }
        response
    }
}

/// How much the client likes a type, from 0 to 1: what the range says that fits most closely.
fn weight(accept: &str, media: &str) -> f32 {
    let fitting = accept.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let closeness = match parts.next()? {
            "*/*" => 1,
            "application/*" => 2,
            name if name.eq_ignore_ascii_case(media) => 3,
            _ => return None,
        };
        let weight = parts.find_map(|part| part.strip_prefix("q="));
        Some((closeness, weight.and_then(|weight| weight.parse().ok()).unwrap_or(1.0)))
    });
    fitting.max_by_key(|(closeness, _)| *closeness).map_or(0.0, |(_, weight)| weight)
}

/// The `Link` header of an answer that has no context in its body.
pub(super) async fn link(broker: &Shared, context: &Context) -> Result<Option<HeaderValue>, Problem> {
    static CORE: LazyLock<Option<HeaderValue>> = LazyLock::new(|| link_header(CORE_CONTEXT));
    match context.is_core() {
        true => Ok(CORE.clone()),
        false => Ok(link_header(&broker.contexts.url(context).await?)),
    }
}

/// Answers an object, or a list of objects, as the client likes it.
pub(super) async fn answer(
    broker: &Shared,
    call: &Call,
    context: &Context,
    mut value: Value,
) -> Result<Response, Failure> {
    let media = Media::accepted(&call.headers, &Media::USUAL)?;
    if media == Media::Json {
        return Ok(media.response(value.to_string().into_bytes(), link(broker, context).await?.as_ref()));
    }
    let shown: Value = serde_json::from_str(context.to_json()).unwrap_or_default();
    match &mut value {
        Value::Array(items) => items.iter_mut().for_each(|item| item["@context"] = shown.clone()),
        other => other["@context"] = shown,
    }
    Ok(media.response(value.to_string().into_bytes(), None))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn clients_get_what_they_like_best() {
        let table = [
            ("", Some(Media::Json)),
            ("*/*", Some(Media::Json)),
            ("application/*", Some(Media::Json)),
            ("application/ld+json", Some(Media::JsonLd)),
            ("application/ld+json, application/json", Some(Media::Json)),
            ("application/ld+json, application/json;q=0.9", Some(Media::JsonLd)),
            ("application/json;q=0, */*", Some(Media::JsonLd)),
            ("application/geo+json;q=0.5,application/ld+json;q=0.4", Some(Media::GeoJson)),
            ("text/html, */*;q=0.1", Some(Media::Json)),
            ("application/ld+json;q=x", Some(Media::JsonLd)),
            ("text/html", None),
            ("application/json;q=0", None),
        ];
        for (accept, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().unwrap());
            assert_eq!(Media::accepted(&headers, &Media::ENTITIES).ok(), expected, "{accept}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, "application/geo+json".parse().unwrap());
        assert!(Media::accepted(&headers, &Media::USUAL).unwrap_err().detail.contains("application/ld+json"));
    }
}
