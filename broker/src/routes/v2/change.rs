//! Changes to entities, wherever they live. The owner of an entity is told what changes in NGSI-10, after the semantics of
//! NGSIv2 have been applied to a copy of the entity.

use std::collections::HashMap;
use std::sync::Arc;

use context::{Edit, EditAction, EditRefusal, EntityMap, Origin, edit};
use futures_util::future::join_all;
use http::HeaderMap;
use ngsi::v1::ngsi10::UpdateAction;
use ngsi::v1::{ContextAttribute, ContextElement, ContextMetadata, EntityRef};
use ngsi::v2::{Kind, Problem};
use ngsi::{Attribute, AttributeKind, Entity, EntityId, JsonText, Name};

use super::answer::{Failure, unsaved};
use super::params::Params;
use super::{find, headers};
use crate::Shared;
use crate::federation::{self, Owners};
use crate::providers::{self, Provided};
use crate::routes::request;

/// Carries out one edit.
pub(super) async fn carry_out(
    broker: &Shared,
    headers: &HeaderMap,
    params: &Params,
    edit: Edit,
) -> Result<(), Failure> {
    carry_out_all(broker, headers, params, vec![edit]).await?.pop().unwrap_or(Ok(())).map_err(Failure)
}

/// Carries out edits in order and waits for disk and owners; one outcome each.
pub(super) async fn carry_out_all(
    broker: &Shared,
    headers: &HeaderMap,
    params: &Params,
    mut edits: Vec<Edit>,
) -> Result<Vec<Result<(), Problem>>, Failure> {
    let path = headers::path(headers)?;
    edits.iter_mut().for_each(|edit| edit.path = path.clone());
    let from_broker = request::is_from_broker(headers);
    let owners = if from_broker { HashMap::new() } else { owners(broker, &edits).await };
    let origin = Origin { forced: params.forces(), ..request::origin(headers) };
    let correlator = origin.correlator.as_str();
    let request = providers::Request::of(broker, headers, path);
    let mut outcomes = vec![Ok(()); edits.len()];
    let (mut here, mut tasks, mut elsewhere, mut lacking) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (index, edit) in edits.into_iter().enumerate() {
        match owners.get(&edit.id) {
            Some(owner) => elsewhere.push((index, owner, edit)),
            None => {
                let action = edit.action;
                let whole_edit = (action == EditAction::Update && request.is_some()).then(|| edit.clone());
                tasks.push((index, action, whole_edit));
                here.push(edit);
            }
        }
    }
    let (applied, edited) = broker.edit(here, &origin);
    for ((index, action, whole_edit), edited) in tasks.into_iter().zip(edited) {
        lacking.extend(whole_edit.and_then(|edit| Some((index, lacked(edit, &edited)?))));
        outcomes[index] = match edited {
            Ok(left_out) => whole(action, &left_out),
            Err(refusal) => Err(problem(&refusal)),
        };
    }
    broker.saved(applied).await.map_err(unsaved)?;
    if let Some(request) = &request {
        provide(broker, request, lacking, &mut outcomes).await;
    }
    let mut by_entity: HashMap<EntityId, Vec<_>> = HashMap::new();
    for (index, owner, edit) in elsewhere {
        by_entity.entry(edit.id.clone()).or_default().push((index, owner, edit));
    }
    let forwarded = by_entity.into_values().map(|edits| async move {
        let mut outcomes = Vec::with_capacity(edits.len());
        for (index, owner, edit) in edits {
            outcomes.push((index, forward(broker, owner, edit, correlator).await));
        }
        outcomes
    });
    for (index, outcome) in join_all(forwarded).await.into_iter().flatten() {
        outcomes[index] = outcome;
    }
    Ok(outcomes)
}

/// What of an update context providers may have: what is not here.
fn lacked(edit: Edit, outcome: &Result<Vec<Name>, EditRefusal>) -> Option<Edit> {
    let names = match outcome {
        Ok(left_out) if !left_out.is_empty() => left_out,
        Err(EditRefusal::UnknownAttributes(names)) => names,
        Err(EditRefusal::UnknownEntity) => return Some(edit),
        _ => return None,
    };
    let mut edit = edit;
    edit.attributes.retain(|attribute| names.contains(&attribute.name));
    Some(edit)
}

/// Passes on to context providers what was not here; what they have done is no longer a problem.
async fn provide(
    broker: &Shared,
    request: &providers::Request,
    lacking: Vec<(usize, Edit)>,
    outcomes: &mut [Result<(), Problem>],
) {
    let provided = lacking.iter().map(|(_, edit)| providers::provide(broker, edit, request));
    for ((index, edit), Provided { done, failed }) in lacking.iter().zip(join_all(provided).await) {
        let left: Vec<_> = edit.attributes.iter().map(|a| a.name.clone()).filter(|name| !done.contains(name)).collect();
        outcomes[*index] = match (failed, left.is_empty()) {
            (Some(problem), _) => Err(problem),
            (None, true) if !done.is_empty() => Ok(()),
            (None, false) if !done.is_empty() => whole(edit.action, &left),
            _ => continue,
        };
    }
}

async fn owners(broker: &Shared, edits: &[Edit]) -> HashMap<EntityId, String> {
    let unknown: Vec<_> =
        edits.iter().map(|edit| &edit.id).filter(|id| !broker.shards.holds(id.as_str())).cloned().collect();
    if unknown.is_empty() {
        return HashMap::new();
    }
    let found = Owners::look_up(broker, unknown.clone()).await;
    unknown.into_iter().filter_map(|id| found.get(&id).map(|owner| (id.clone(), owner.clone()))).collect()
}

/// Applies an edit to a copy of the entity and tells its owner the difference.
async fn forward(broker: &Shared, owner: &str, edit: Edit, correlator: &str) -> Result<(), Problem> {
    let fetched = find::fetch(broker, owner, &edit.id).await.map_err(|failure| failure.0)?;
    let (id, action) = (edit.id.clone(), edit.action);
    let mut copy = EntityMap::default();
    fetched.iter().for_each(|entity| copy.insert(Arc::new(entity.clone())));
    let edited = copy.edit(edit, service::now()).map_err(|refusal| problem(&refusal))?;
    if edited.change.created && !fetched.is_empty() {
        let description =
            format!("Already Exists: another broker has an entity `{id}`, of another type or service path");
        return Err(Problem::new(Kind::Unprocessable, description));
    }
    if edited.change.deleted {
        tell(broker, owner, bare(&edited.change.entity), UpdateAction::Delete, correlator).await?;
        return whole(action, &edited.left_out);
    }
    let before = fetched.iter().find(|entity| entity.id == edited.change.entity.id);
    let set = difference(&edited.change.entity, before, true);
    let gone = before.map(|before| difference(before, Some(&edited.change.entity), false));
    if before.is_none() || !is_bare(&set) {
        tell(broker, owner, set, UpdateAction::Update, correlator).await?;
    }
    if let Some(gone) = gone.filter(|gone| !is_bare(gone)) {
        tell(broker, owner, gone, UpdateAction::Delete, correlator).await?;
    }
    whole(action, &edited.left_out)
}

async fn tell(
    broker: &Shared,
    owner: &str,
    element: ContextElement,
    action: UpdateAction,
    correlator: &str,
) -> Result<(), Problem> {
    match federation::forward(broker, owner, vec![element], action, correlator).await.pop() {
        Some(Err(refused)) => Err(Problem::new(Kind::of_status(refused.status.as_u16()), refused.details)),
        _ => Ok(()),
    }
}

fn bare(entity: &Entity) -> ContextElement {
    let (id, entity_type) = (entity.id.clone(), entity.entity_type.clone());
    ContextElement { entity: EntityRef { id, entity_type, is_pattern: false }, ..ContextElement::default() }
}

fn is_bare(element: &ContextElement) -> bool {
    element.attributes.is_empty() && element.domain_metadata.is_empty()
}

/// What `entity` has and `other` has not: by name alone, or set to something else too when `values` count. An edit sets
/// the time of what it sets, so a value that is set to what it was is sent all the same.
fn difference(entity: &Entity, other: Option<&Entity>, values: bool) -> ContextElement {
    let differs = |attribute: &&Attribute| {
        let present = other.and_then(|other| other.attribute(attribute.kind, attribute.name.as_str()));
        present.is_none_or(|present| values && present.modified_at != attribute.modified_at)
    };
    let mut element = bare(entity);
    for attribute in entity.attributes.iter().filter(differs) {
        match attribute.kind {
            AttributeKind::Context => element.attributes.push(context_attribute(attribute)),
            AttributeKind::Domain => {
                element.domain_metadata.push(metadatum(&attribute.name, &attribute.value_type, &attribute.value));
            }
        }
    }
    element
}

fn context_attribute(attribute: &Attribute) -> ContextAttribute {
    let metadata = attribute.metadata.iter().map(|m| metadatum(&m.name, &m.value_type, &m.value)).collect();
    let (name, value_type, value) = (attribute.name.clone(), attribute.value_type.clone(), attribute.value.clone());
    ContextAttribute { name, value_type, value, metadata }
}

fn metadatum(name: &Name, value_type: &Name, value: &JsonText) -> ContextMetadata {
    ContextMetadata { name: name.clone(), value_type: value_type.clone(), value: value.clone() }
}

/// An edit of which a part was left out has failed, though the rest is done.
fn whole(action: EditAction, left_out: &[Name]) -> Result<(), Problem> {
    if left_out.is_empty() { Ok(()) } else { Err(unsuitable(Kind::PartialUpdate, action, left_out)) }
}

fn unsuitable(kind: Kind, action: EditAction, names: &[Name]) -> Problem {
    let verb = if action == EditAction::AppendStrict { "already exist" } else { "do not exist" };
    Problem::new(kind, format!("one or more of the attributes in the request {verb}: {}", edit::list(names)))
}

/// None of the attributes exists.
pub(super) fn missing(names: &[Name]) -> Problem {
    unsuitable(Kind::Unprocessable, EditAction::Update, names)
}

fn problem(refusal: &EditRefusal) -> Problem {
    let description = refusal.to_string();
    match refusal {
        EditRefusal::UnknownEntity => Failure::no_entity().0,
        EditRefusal::Several => Failure::several().0,
        EditRefusal::Exists | EditRefusal::TooManyTwins => Problem::new(Kind::Unprocessable, description),
        EditRefusal::UnknownAttributes(names) => missing(names),
        EditRefusal::ExistingAttributes(names) => unsuitable(Kind::Unprocessable, EditAction::AppendStrict, names),
        EditRefusal::Operation(_) => Problem::new(Kind::Unprocessable, description),
        EditRefusal::Value(_) => Problem::bad_request(description),
        EditRefusal::TooManyPlaces => Problem::new(Kind::NoResourcesAvailable, description),
        EditRefusal::TooManyAttributes => Problem::new(Kind::RequestEntityTooLarge, description),
    }
}
