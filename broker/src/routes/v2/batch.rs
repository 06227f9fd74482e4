//! `/v2/op`: many entities at once.

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use context::{Edit, EditAction};
use http::HeaderMap;
use ngsi::Name;
use ngsi::members::Members;
use ngsi::v2::path::ServicePath;
use ngsi::v2::subscription::Expression;
use ngsi::v2::write::Rendering;
use ngsi::v2::{EntityInput, Form, Kind, Problem, parse, select};
use serde::Deserialize;

use super::answer::{Failure, no_content};
use super::list::{self, Search};
use super::params::{Options, Params};
use super::{body, change};
use crate::Shared;

/// The most entities of one update.
const MAX_ENTITIES: usize = 10_000;

pub(super) async fn update(
    State(broker): State<Shared>,
    headers: HeaderMap,
    params: Params,
    body: Bytes,
) -> Result<Response, Failure> {
    body::check_json(&headers, &body)?;
    let options = params.options(&["keyValues", "overrideMetadata", "forcedUpdate", "flowControl"])?;
    let (action, entities) = read_update(&body, &options)?;
    let overrides_metadata = options.has("overrideMetadata");
    let edits = entities.into_iter().map(|entity| edit_of(entity, action, overrides_metadata)).collect();
    let _room = broker.admit(body.len()).await;
    summary(change::carry_out_all(&broker, &headers, &params, edits).await?)?;
    Ok(no_content())
}

fn read_update(body: &[u8], options: &Options) -> Result<(EditAction, Vec<EntityInput>), Problem> {
    let mut members = parse::members(body)?;
    let action = members.take("actionType").ok_or_else(|| Problem::bad_request("actionType: missing"))?;
    let action = action_of(action.get().trim_matches('"'))?;
    let entities = read_entities(&mut members, "entities", options.form())?;
    members.finish("the body")?;
    Ok((action, entities))
}

/// The entities that a member of the body lists.
fn read_entities(body: &mut Members<'_>, name: &str, form: Form) -> Result<Vec<EntityInput>, Problem> {
    let given = body.take(name).ok_or_else(|| Problem::bad_request(format!("{name}: missing")))?;
    let wrong = |_| Problem::bad_request(format!("{name}: must be a list of objects"));
    let entities: Vec<Members<'_>> = serde_json::from_str(given.get()).map_err(wrong)?;
    if entities.is_empty() || entities.len() > MAX_ENTITIES {
        return Err(Problem::bad_request(format!("{name}: must hold 1 to {MAX_ENTITIES} entities")));
    }
    let read = |(index, members): (usize, Members<'_>)| {
        parse::entity_of(members, form).map_err(|error| error.within(&format!("{name}[{index}]")).into())
    };
    entities.into_iter().enumerate().map(read).collect()
}

/// `POST /v2/op/notify`: what another broker tells a subscriber is taken as an update.
pub(super) async fn notify(
    State(broker): State<Shared>,
    headers: HeaderMap,
    params: Params,
    body: Bytes,
) -> Result<Response, Failure> {
    body::check_json(&headers, &body)?;
    let options = params.options(&["keyValues", "flowControl"])?;
    let mut members = parse::members(&body)?;
    if members.take("subscriptionId").is_none() {
        return Err(Problem::bad_request("subscriptionId: missing").into());
    }
    let mut entities = read_entities(&mut members, "data", options.form())?;
    entities.iter_mut().for_each(EntityInput::forget_builtins);
    members.finish("the body")?;
    let edits = entities.into_iter().map(|entity| edit_of(entity, EditAction::Append, false)).collect();
    let _room = broker.admit(body.len()).await;
    summary(change::carry_out_all(&broker, &headers, &params, edits).await?)?;
    Ok(Response::default())
}

fn action_of(text: &str) -> Result<EditAction, Problem> {
    match text {
        "append" | "APPEND" => Ok(EditAction::Append),
        "appendStrict" | "APPEND_STRICT" => Ok(EditAction::AppendStrict),
        "update" | "UPDATE" => Ok(EditAction::Update),
        "delete" | "DELETE" => Ok(EditAction::Delete),
        "replace" | "REPLACE" => Ok(EditAction::Replace),
        other => {
            let wanted = "must be append, appendStrict, update, delete or replace";
            Err(Problem::bad_request(format!("actionType: {wanted}, is `{other}`")))
        }
    }
}

fn edit_of(entity: EntityInput, action: EditAction, overrides_metadata: bool) -> Edit {
    let creates = matches!(action, EditAction::Append | EditAction::AppendStrict);
    let entity_type = entity.entity_type.unwrap_or_default();
    let EntityInput { id, attributes, .. } = EntityInput { entity_type: None, ..entity };
    Edit { id, entity_type, path: ServicePath::default(), action, creates, overrides_metadata, attributes }
}

/// One problem for all: that of the first entity, and how many others there are.
fn summary(outcomes: Vec<Result<(), Problem>>) -> Result<(), Problem> {
    let all = outcomes.len();
    let mut problems: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
    let failed = problems.len();
    if failed == 0 {
        return Ok(());
    }
    let first = problems.swap_remove(0);
    let kind = if failed < all && first.kind.status() < 500 { Kind::PartialUpdate } else { first.kind };
    match all {
        1 => Err(first),
        _ => Err(Problem::new(kind, format!("{failed} of {all} entities: {}", first.description))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QueryBody {
    #[serde(default)]
    entities: Vec<Wanted>,
    #[serde(default)]
    attrs: Vec<Name>,
    /// What `attrs` was called: of entities that have one of them, these.
    #[serde(default)]
    attributes: Vec<Name>,
    #[serde(default)]
    metadata: Vec<Name>,
    #[serde(default)]
    expression: Expression,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wanted {
    id: Option<String>,
    id_pattern: Option<String>,
    #[serde(rename = "type")]
    entity_type: Option<String>,
    type_pattern: Option<String>,
}

pub(super) async fn query(
    State(broker): State<Shared>,
    headers: HeaderMap,
    params: Params,
    body: Bytes,
) -> Result<Response, Failure> {
    body::check_json(&headers, &body)?;
    let options = params.options(&list::OPTIONS)?;
    // What is no JSON is told apart from what is no query.
    drop(parse::members(&body)?);
    let wanted: QueryBody = ngsi::json::parse_object(&body)?;
    let representation = params.rendering(&options)?.representation;
    let mut entities = Vec::new();
    for (index, entity) in wanted.entities.iter().enumerate() {
        entities.extend(references(entity).map_err(|error| error.within(&format!("entities[{index}]")))?);
    }
    if wanted.entities.is_empty() {
        entities = select::references(select::Choice::Any, select::Choice::Any)?;
    }
    let search = Search::new(entities, &wanted.expression, params.get("orderBy"), params.page()?)?
        .with_any_of(&wanted.attributes)
        .within(&headers, &params)?;
    let found = search.run(&broker, &headers, options.has("count")).await?;
    let shown = if wanted.attrs.is_empty() { wanted.attributes } else { wanted.attrs };
    let rendering = Rendering { representation, attributes: options.with_times(shown), metadata: wanted.metadata };
    Ok(list::answer(&found, &rendering, options.has("count")))
}

fn references(wanted: &Wanted) -> Result<Vec<ngsi::v1::EntityRef>, ngsi::ParseError> {
    let id = select::Choice::new("id", wanted.id.as_deref().into_iter().collect(), wanted.id_pattern.as_deref())?;
    let types = wanted.entity_type.as_deref().into_iter().collect();
    select::references(id, select::Choice::new("type", types, wanted.type_pattern.as_deref())?)
}
