//! `/ngsi-ld/v1/entityOperations`: many entities at once (ETSI GS CIM 009, 5.6.7 to 5.6.10, 5.6.20, 6.14 to 6.17, 6.31).

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use context::sources::Attributes;
use context::{LinkedAction, LinkedEdit, LinkedEdited};
use futures_util::future::join_all;
use ngsi::EntityId;
use ngsi::ld::{Context, EntityFragment, Kind, Problem};
use ngsi::registration::Operation;
use serde_json::value::RawValue;

use super::answer::{self, BatchOutcome, Failure};
use super::call::Call;
use super::distribute::{Batch, Entry, EntryShare, Warning};
use super::entity::defaults;
use super::read::{self, Item, Wanted};
use super::{change, distribute, query_body};
use crate::Shared;
use crate::federation::Owners;

const CREATE: Batch<'_> = Batch { operation: Operation::CreateBatch, path: "/entityOperations/create", params: &[] };
const UPSERT: Batch<'_> =
    Batch { operation: Operation::UpsertBatch, path: "/entityOperations/upsert", params: &["options"] };
const UPDATE: Batch<'_> =
    Batch { operation: Operation::UpdateBatch, path: "/entityOperations/update", params: &["options"] };
const MERGE: Batch<'_> = Batch {
    operation: Operation::MergeBatch,
    path: "/entityOperations/merge",
    params: &["options", "format", "observedAt", "lang"],
};
const DELETE: Batch<'_> = Batch { operation: Operation::DeleteBatch, path: "/entityOperations/delete", params: &[] };

pub(super) async fn create(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    change_all(&broker, &call, &CREATE, Wanted::Entity, LinkedAction::Create).await
}

pub(super) async fn upsert(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let updates = call.params.option("update");
    let action = if updates { LinkedAction::CreateOrAppend } else { LinkedAction::CreateOrReplace };
    change_all(&broker, &call, &UPSERT, Wanted::Entity, action).await
}

pub(super) async fn update(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let no_overwrite = call.params.option("noOverwrite");
    let action = |fragment| LinkedAction::Append { fragment, no_overwrite };
    change_all(&broker, &call, &UPDATE, Wanted::Fragment, action).await
}

pub(super) async fn merge(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let defaults = defaults(&call)?;
    let action = |fragment| LinkedAction::Merge { fragment, defaults: defaults.clone() };
    change_all(&broker, &call, &MERGE, Wanted::Merge, action).await
}

pub(super) async fn delete(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let ids: Vec<&RawValue> = read::list(call.json(false)?)?;
    let items = ids.into_iter().map(|raw| {
        let id = serde_json::from_str::<String>(raw.get()).unwrap_or_default();
        let fragment = EntityFragment { id: EntityId::from(id.as_str()), ..EntityFragment::default() };
        let read = change::check_id(&id).map(|()| (fragment, Context::core()));
        Item { id, raw, read }
    });
    carry_out(&broker, &call, &DELETE, items.collect(), |_| LinkedAction::Delete).await
}

pub(super) async fn query(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let call = query_body::adopt(call)?;
    let (wanted, context) = query_body::read(&broker, &call).await?;
    wanted.answer(&broker, &call, &context).await
}

async fn change_all(
    broker: &Shared,
    call: &Call,
    batch: &Batch<'_>,
    wanted: Wanted,
    action: impl Fn(EntityFragment) -> LinkedAction,
) -> Result<Response, Failure> {
    let items = read::items(broker, call, wanted).await?;
    carry_out(broker, call, batch, items, action).await
}

/// Carries out what is for entities of this broker, has sources do their parts, and passes the rest on to the brokers that own
/// entities.
async fn carry_out(
    broker: &Shared,
    call: &Call,
    batch: &Batch<'_>,
    items: Vec<Item<'_>>,
    action: impl Fn(EntityFragment) -> LinkedAction,
) -> Result<Response, Failure> {
    let mut outcome = BatchOutcome::default();
    let mut elsewhere: BTreeMap<String, Vec<(String, &RawValue)>> = BTreeMap::new();
    let (mut applied, mut edits, mut edited) = (Vec::new(), Vec::new(), Vec::new());
    change::refuse_loop(broker, call)?;
    let (shares, warnings) = shares(broker, call, batch, &items).await;
    let mut shares = shares.into_iter();
    let owners = owners(broker, call, &items).await;
    let _room = broker.admit(call.body.len()).await;
    for Item { id, raw, read } in items {
        let (fragment, context) = match read {
            Ok(read) => read,
            Err(problem) => {
                outcome.failed.push((id, problem));
                continue;
            }
        };
        let stored = broker.shards.stored_id(&id);
        if let Some(share) = shares.next() {
            let mut apply = |attributes: &Attributes| {
                if owners.contains_key(&stored) {
                    let problem = "another broker owns the entity, of which sources have parts";
                    return Err(Problem::new(Kind::OperationNotSupported, problem));
                }
                let action = action(change::restricted(fragment.clone(), attributes));
                let (changes, edited) = change::apply(broker, call, stored.clone(), action);
                applied.extend(changes);
                edited
            };
            let here = share.here.as_ref().map(&mut apply);
            note_shared(&mut outcome, id, batch.operation, share, here, &context);
            continue;
        }
        if let Some(owner) = owners.get(&stored) {
            elsewhere.entry(owner.clone()).or_default().push((id, raw));
            continue;
        }
        edits.push(LinkedEdit { id: stored, action: action(fragment) });
        edited.push((id, context));
    }
    let (changes, outcomes) = broker.edit_linked(edits, &call.origin());
    applied.extend(changes);
    for ((id, context), edited) in edited.into_iter().zip(outcomes) {
        match edited {
            Ok(edited) => note(&mut outcome, id, &edited, &context),
            Err(refusal) => outcome.failed.push((id, answer::refused(&refusal))),
        }
    }
    broker.saved(applied).await.map_err(answer::unsaved)?;
    let passed = elsewhere.into_iter().map(|(owner, items)| pass_on(broker, call, owner, items));
    for (ids, answered) in join_all(passed).await {
        match answered {
            Ok(()) => outcome.changed.extend(ids),
            Err(problem) => outcome.failed.extend(ids.into_iter().map(|id| (id, problem.clone()))),
        }
    }
    let mut response = outcome.answer();
    distribute::warn(broker, &mut response, &warnings);
    Ok(response)
}

/// What sources do of each of the items that could be read; nothing at all when no source has to do with any.
async fn shares(
    broker: &Shared,
    call: &Call,
    batch: &Batch<'_>,
    items: &[Item<'_>],
) -> (Vec<EntryShare>, Vec<Warning>) {
    let read = items.iter().filter_map(|item| Some((item.raw.get(), item.read.as_ref().ok()?)));
    let entries: Vec<_> = read.map(|(raw, (fragment, context))| Entry { fragment, context, raw }).collect();
    distribute::distribute_batch(broker, call, batch, &entries).await.unwrap_or_default()
}

/// As [`note`], of an entity of which sources did parts. That it is not here matters only if it is nowhere.
fn note_shared(
    outcome: &mut BatchOutcome,
    id: String,
    operation: Operation,
    share: EntryShare,
    here: Option<Result<LinkedEdited, Problem>>,
    context: &Context,
) {
    let mut problems = share.problems;
    let mut created = here.is_none() && matches!(operation, Operation::CreateBatch | Operation::UpsertBatch);
    match here {
        Some(Ok(edited)) => {
            created = edited.created;
            problems.extend(answer::left_out(&edited.left_out, context).filter(|_| !share.done));
        }
        Some(Err(problem)) if share.done && problem.kind == Kind::ResourceNotFound => {}
        Some(Err(problem)) => problems.push(problem),
        None => {}
    }
    match problems.into_iter().next() {
        Some(problem) => outcome.failed.push((id, problem)),
        None if created => outcome.created.push(id),
        None => outcome.changed.push(id),
    }
}

fn note(outcome: &mut BatchOutcome, id: String, edited: &LinkedEdited, context: &Context) {
    match answer::left_out(&edited.left_out, context) {
        Some(problem) => outcome.failed.push((id, problem)),
        None if edited.created => outcome.created.push(id),
        None => outcome.changed.push(id),
    }
}

/// The other brokers that own some of the entities.
async fn owners(broker: &Shared, call: &Call, items: &[Item<'_>]) -> BTreeMap<EntityId, String> {
    let unknown =
        |item: &&Item<'_>| item.read.is_ok() && !broker.shards.holds(broker.shards.stored_id(&item.id).as_str());
    let unknown: Vec<_> = items.iter().filter(unknown).map(|item| EntityId::from(item.id.as_str())).collect();
    if unknown.is_empty() || call.is_local() {
        return BTreeMap::new();
    }
    let found = Owners::look_up(broker, unknown.clone()).await;
    unknown.into_iter().filter_map(|id| found.get(&id).map(|owner| (id.clone(), owner.clone()))).collect()
}

/// Passes items on; the identifiers, and what the owner says of all of them together.
async fn pass_on(
    broker: &Shared,
    call: &Call,
    owner: String,
    items: Vec<(String, &RawValue)>,
) -> (Vec<String>, Result<(), Problem>) {
    let mut body = vec![b'['];
    answer::list(&mut body, &items, |out, (_, raw)| out.extend_from_slice(raw.get().as_bytes()));
    body.push(b']');
    let ids = items.into_iter().map(|(id, _)| id).collect();
    let answered = match call.pass_on(broker, &owner, call.path_and_query(), Bytes::from(body)).await {
        Ok(answer) if answer.status() == 207 => Err(Problem::bad_request("its broker did not carry out all of them")),
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(Problem::bad_request(format!("its broker answered {}", answer.status()))),
        Err(failure) => Err(failure.0),
    };
    (ids, answered)
}
