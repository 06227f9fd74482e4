//! How entities are answered: which part of them, in which representation and as which media type (ETSI GS CIM 009, 6.3.5 to 6.3.7,
//! 6.3.15).

use std::borrow::Cow;
use std::sync::Arc;

use axum::response::Response;
use http::header::HeaderValue;
use ngsi::ld::temporal::Evolution;
use ngsi::ld::write::{Geometry, Languages, Projection, Rendering, Representation, Selected, Selection};
use ngsi::ld::{Context, Kind, Problem};
use ngsi::{Entity, Name};

use super::call::Call;
use super::media::{self, Media};
use super::params::Params;
use crate::Shared;

/// How the entities of one answer are written.
pub(super) struct Answering<'c> {
    media: Media,
    link: Option<HeaderValue>,
    pub(super) rendering: Rendering<'c>,
    geometry: Geometry,
}

pub(super) async fn of_call<'c>(broker: &Shared, call: &Call, context: &'c Context) -> Result<Answering<'c>, Problem> {
    of_media(broker, call, context, &Media::ENTITIES, representation(&call.params)?).await
}

/// As [`of_call`], for subscriptions, which have one form.
pub(super) async fn of_subscriptions<'c>(
    broker: &Shared,
    call: &Call,
    context: &'c Context,
) -> Result<Answering<'c>, Problem> {
    of_media(broker, call, context, &Media::USUAL, Representation::default()).await
}

/// As [`of_call`], for evolutions, which are never GeoJSON.
pub(super) async fn of_evolutions<'c>(
    broker: &Shared,
    call: &Call,
    context: &'c Context,
    representation: Representation,
) -> Result<Answering<'c>, Problem> {
    of_media(broker, call, context, &Media::USUAL, representation).await
}

async fn of_media<'c>(
    broker: &Shared,
    call: &Call,
    context: &'c Context,
    offered: &[Media],
    representation: Representation,
) -> Result<Answering<'c>, Problem> {
    let params = &call.params;
    let media = Media::accepted(&call.headers, offered)?;
    let in_body = media == Media::JsonLd || media == Media::GeoJson && !prefers_plain(call);
    let selection = selection(params, context)?;
    let languages = params.get("lang").map(Languages::parse).transpose()?;
    let rendering = Rendering {
        with_context: in_body,
        representation,
        sys_attrs: params.option("sysAttrs"),
        languages,
        selection,
        ..Rendering::new(context)
    };
    let geometry = params.get("geometryProperty").map(|name| context.expand(name));
    let geometry = geometry.map_or_else(Geometry::default, |name| Geometry { name, ..Geometry::default() });
    let link = if in_body { None } else { media::link(broker, context).await? };
    Ok(Answering { media, link, rendering, geometry })
}

/// Whether the context of GeoJSON is to be in the header instead of the body.
fn prefers_plain(call: &Call) -> bool {
    call.headers.get("prefer").is_some_and(|preferred| preferred == "body=json")
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
        return named(format).ok_or_else(|| Problem::new(Kind::InvalidRequest, problem()));
    }
    Ok(params.list("options")?.into_iter().find_map(named).unwrap_or_default())
}

fn selection(params: &Params, context: &Context) -> Result<Selection, Problem> {
    let projection = |name: &str| match params.get(name) {
        None => Ok(Vec::new()),
        Some(text) => Projection::parse(text, &|term| context.expand(term)).map_err(|error| error.within(name)),
    };
    let data_sets = params.list("datasetId")?.into_iter();
    let selection = Selection {
        attributes: attributes(&params.list("attrs")?, context)?,
        pick: projection("pick")?,
        omit: projection("omit")?,
        data_sets: data_sets.map(|id| if id == "@none" { Name::default() } else { Name::from(id) }).collect(),
    };
    if selection.projects() && !selection.attributes.is_empty() {
        return Err(Problem::bad_request("attrs: does not go with pick or omit"));
    }
    let contradicts = |picked: &&Projection| selection.omit.iter().any(|omitted| omitted == *picked);
    match selection.pick.iter().find(contradicts) {
        Some(both) => Err(Problem::bad_request(format!("omit: `{}` is to be picked", context.compact(&both.name)))),
        None => Ok(selection),
    }
}

/// The stored names of attributes that a client names.
pub(super) fn attributes(terms: &[&str], context: &Context) -> Result<Vec<Name>, Problem> {
    let name = |term: &&str| match context.expand(term) {
        name if matches!(name.as_str(), "id" | "type") => {
            Err(Problem::bad_request(format!("attrs: `{term}` is not the name of an attribute")))
        }
        name => Ok(name),
    };
    terms.iter().map(name).collect()
}

impl Answering<'_> {
    /// One entity; `None` when it has nothing of what is asked for.
    pub(super) fn one(&self, entity: &Entity) -> Option<Response> {
        let wanted = &self.rendering.selection.attributes;
        if !wanted.is_empty() && !wanted.iter().any(|name| entity.instances(name.as_str()).next().is_some()) {
            return None;
        }
        if !self.rendering.shows_any(entity) {
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
        let all = entities.iter().map(|entity| &**entity).filter(|entity| self.rendering.shows_any(entity));
        match self.media {
            Media::GeoJson => self.rendering.write_features(&mut out, all, &self.geometry),
            Media::Json | Media::JsonLd => self.rendering.write_list(&mut out, all),
        }
        self.response(out)
    }

    /// Entities, and behind them others with selections of their own.
    pub(super) fn flat(&self, entities: &[Arc<Entity>], behind: &[Selected]) -> Response {
        let own = entities.iter().map(|entity| &**entity).filter(|entity| self.rendering.shows_any(entity));
        let linked = behind.iter().filter(|(selection, entity)| self.rendering.with(selection).shows_any(entity));
        let mut out = Vec::with_capacity(2 + (entities.len() + behind.len()) * 512);
        match self.media {
            Media::GeoJson => self.rendering.write_joined_features(&mut out, own, linked, &self.geometry),
            Media::Json | Media::JsonLd => self.rendering.write_joined(&mut out, own, linked),
        }
        self.response(out)
    }

    /// Leaves the attributes that a body names.
    pub(super) fn select(&mut self, attributes: &[Name]) {
        self.rendering.selection.attributes = attributes.to_vec();
    }

    /// Whether times of creation and modification are told.
    pub(super) fn tells_times(&self) -> bool {
        self.rendering.sys_attrs
    }

    /// What a stored name is called.
    pub(super) fn compact<'a>(&'a self, name: &'a Name) -> Cow<'a, str> {
        self.rendering.context.compact(name)
    }

    /// The value of a member `@context`, if there is to be one.
    pub(super) fn context_in_body(&self) -> Option<&str> {
        self.rendering.with_context.then(|| self.rendering.context.to_json())
    }

    /// Leaves the instances that are to be written.
    pub(super) fn keep_selected(&self, evolution: &mut Evolution) {
        for states in [&mut evolution.instances, &mut evolution.beyond] {
            states.retain(|instance| self.rendering.has_series(instance));
        }
    }

    pub(super) fn response(&self, body: Vec<u8>) -> Response {
        self.media.response(body, self.link.as_ref())
    }
}
