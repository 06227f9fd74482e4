//! How entities are answered: which part of them, in which representation and as which media type (ETSI GS CIM 009, 6.3.5 to 6.3.7,
//! 6.3.15).

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, LINK};
use ngsi::ld::write::{Geometry, Languages, Projection, Rendering, Representation, Selection};
use ngsi::ld::{Context, Kind, Problem};
use ngsi::{Entity, Name};

use super::call::Call;
use super::params::Params;

/// A media type of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    Json,
    JsonLd,
    GeoJson,
}

impl Media {
    const ALL: [(Self, &str); 3] = [
        (Self::Json, "application/json"),
        (Self::JsonLd, "application/ld+json"),
        (Self::GeoJson, "application/geo+json"),
    ];

    fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(it, _)| *it == self).map_or("application/json", |(_, name)| name)
    }

    /// The one that the client likes best; JSON when it does not say.
    pub(super) fn accepted(call: &Call) -> Result<Self, Problem> {
        let Some(given) = call.headers.get(ACCEPT) else { return Ok(Self::Json) };
        let given = given.to_str().unwrap_or_default();
        let mut best: Option<(Self, f32)> = None;
        for range in given.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let weight = parts.find_map(|part| part.strip_prefix("q=")).and_then(|q| q.parse().ok()).unwrap_or(1.0);
            let meant = match name {
                "*/*" | "application/*" | "" => Some(Self::Json),
                name => Self::ALL.into_iter().find(|(_, known)| *known == name).map(|(it, _)| it),
            };
            if let Some(meant) = meant.filter(|_| weight > 0.0 && best.is_none_or(|(_, other)| weight > other)) {
                best = Some((meant, weight));
            }
        }
        best.map(|(media, _)| media).ok_or_else(|| {
            let names = Self::ALL.map(|(_, name)| name).join(", ");
            Problem::new(Kind::NotAcceptable, format!("Accept: must be one of {names}, is `{given}`"))
        })
    }
}

/// How the entities of one answer are written.
pub(super) struct Answering<'c> {
    context: &'c Context,
    media: Media,
    rendering: Rendering<'c>,
    geometry: Geometry,
}

pub(super) fn of_call<'c>(call: &Call, context: &'c Context) -> Result<Answering<'c>, Problem> {
    let params = &call.params;
    let media = Media::accepted(call)?;
    let selection = selection(params, context)?;
    let languages = params.get("lang").map(Languages::parse).transpose()?;
    let rendering = Rendering {
        with_context: media != Media::Json,
        representation: representation(params)?,
        sys_attrs: params.option("sysAttrs"),
        languages,
        selection,
        ..Rendering::new(context)
    };
    let geometry = params.get("geometryProperty").map(|name| context.expand(name));
    let geometry = geometry.map_or_else(Geometry::default, |name| Geometry { name, ..Geometry::default() });
    Ok(Answering { context, media, rendering, geometry })
}

fn representation(params: &Params) -> Result<Representation, Problem> {
    let named = |name: &str| match name {
        "keyValues" | "simplified" => Some(Representation::Simplified),
        "concise" => Some(Representation::Concise),
        "normalized" => Some(Representation::Normalized),
        _ => None,
    };
    if let Some(format) = params.get("format") {
        let problem = || format!("format: must be normalized, concise, simplified or keyValues, is `{format}`");
        return named(format).ok_or_else(|| Problem::bad_request(problem()));
    }
    Ok(params.list("options")?.into_iter().find_map(named).unwrap_or_default())
}

fn selection(params: &Params, context: &Context) -> Result<Selection, Problem> {
    let projection = |name: &str| match params.get(name) {
        None => Ok(Vec::new()),
        Some(text) => Projection::parse(text, context).map_err(|error| error.within(name)),
    };
    let data_sets = params.list("datasetId")?.into_iter();
    Ok(Selection {
        attributes: params.list("attrs")?.into_iter().map(|name| context.expand(name)).collect(),
        pick: projection("pick")?,
        omit: projection("omit")?,
        data_sets: data_sets.map(|id| if id == "@none" { Name::default() } else { Name::from(id) }).collect(),
    })
}

impl Answering<'_> {
    /// One entity; `None` when it has nothing of what is asked for.
    pub(super) fn one(&self, entity: &Entity) -> Option<Response> {
        let wanted = &self.rendering.selection.attributes;
        if !wanted.is_empty() && !wanted.iter().any(|name| entity.instances(name.as_str()).next().is_some()) {
            return None;
        }
        let mut out = Vec::with_capacity(512);
        match self.media {
            Media::GeoJson => self.rendering.write_feature(&mut out, entity, &self.geometry),
            Media::Json | Media::JsonLd => self.rendering.write(&mut out, entity),
        }
        Some(self.response(out))
    }

    pub(super) fn many(&self, entities: &[Arc<Entity>]) -> Response {
        let mut out = Vec::with_capacity(2 + entities.len() * 512);
        let all = entities.iter().map(|entity| &**entity);
        match self.media {
            Media::GeoJson => self.rendering.write_features(&mut out, all, &self.geometry),
            Media::Json | Media::JsonLd => self.rendering.write_list(&mut out, all),
        }
        self.response(out)
    }

    fn response(&self, body: Vec<u8>) -> Response {
        let mut response = Response::new(Body::from(body));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(self.media.name()));
        let link = (self.media == Media::Json).then(|| self.context.link()).flatten();
        if let Some(value) = link.and_then(|url| HeaderValue::try_from(link_header(url)).ok()) {
            response.headers_mut().insert(LINK, value);
        }
        response
    }
}

fn link_header(url: &str) -> String {
    format!("<{url}>; rel=\"http://www.w3.org/ns/json-ld#context\"; type=\"application/ld+json\"")
}
