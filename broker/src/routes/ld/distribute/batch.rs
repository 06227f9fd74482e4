//! Batches, of which sources do parts: each source is sent one batch of what it has of the entities (ETSI GS CIM 009, 5.6.7 to
//! 5.6.10, 5.6.20).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use context::sources::{Attributes, HasSource, Subject, split};
use futures_util::StreamExt;
use futures_util::stream;
use http::Method;
use ngsi::RegistrationId;
use ngsi::ld::{Context, EntityFragment, Problem};
use ngsi::registration::Operation;
use serde_json::Value;

use super::super::call::Call;
use super::super::change;
use super::change::refused;
use super::journey::{Journey, Message};
use super::payload::{Payload, restrict};
use super::trouble::{Trouble, Warning};
use super::{AT_ONCE, MAX_SOURCES};
use crate::Shared;
use crate::sources::Registered;

/// One entity of a batch.
pub(in crate::routes::ld) struct Entry<'a> {
    /// What the batch says of it.
    pub(in crate::routes::ld) fragment: &'a EntityFragment,
    pub(in crate::routes::ld) context: &'a Context,
    /// As it came.
    pub(in crate::routes::ld) raw: &'a str,
}

/// What a batch does to its entities.
pub(in crate::routes::ld) struct Batch<'a> {
    pub(in crate::routes::ld) operation: Operation,
    /// Behind `/ngsi-ld/v1`.
    pub(in crate::routes::ld) path: &'a str,
    /// Parameters that go on to sources.
    pub(in crate::routes::ld) params: &'a [&'a str],
}

/// What sources did of one entity, and what is left to be done here.
pub(in crate::routes::ld) struct EntryShare {
    /// Nothing, if sources alone have it.
    pub(in crate::routes::ld) here: Option<Attributes>,
    /// Whether some source did its part.
    pub(in crate::routes::ld) done: bool,
    /// What was not done.
    pub(in crate::routes::ld) problems: Vec<Problem>,
}

/// What one source has of the batch.
struct Parts {
    source: Arc<Registered>,
    /// Which entries, each with the attributes.
    entries: Vec<(usize, Attributes)>,
}

/// Has sources do their parts; one share for each entry. Nothing when no source has one.
pub(in crate::routes::ld) async fn distribute_batch(
    broker: &Shared,
    call: &Call,
    batch: &Batch<'_>,
    entries: &[Entry<'_>],
) -> Option<(Vec<EntryShare>, Vec<Warning>)> {
    if call.is_local() || broker.sources.is_empty() {
        return None;
    }
    let core = Context::core();
    let same = entries.windows(2).all(|pair| pair[0].context.to_json() == pair[1].context.to_json());
    let context = entries.first().filter(|_| same).map_or(&core, |entry| entry.context);
    let journey = Journey::new(broker, call, context);
    let (mut shares, parts) = plan(&journey, batch, entries);
    if parts.is_empty() && shares.iter().all(|share| share.problems.is_empty()) {
        return None;
    }
    let mut warnings = Vec::new();
    if parts.len() > MAX_SOURCES {
        warnings.push(Warning::too_many());
    }
    let told = parts.into_values().take(MAX_SOURCES).map(|parts| tell(&journey, batch, entries, parts));
    let results: Vec<_> = stream::iter(told).buffered(AT_ONCE).collect().await;
    for (parts, result) in results {
        note(&mut shares, &mut warnings, entries, &parts, result);
    }
    Some((shares, warnings))
}

fn plan(
    journey: &Journey<'_>,
    batch: &Batch<'_>,
    entries: &[Entry<'_>],
) -> (Vec<EntryShare>, BTreeMap<RegistrationId, Parts>) {
    let (now, met) = (service::now(), |alias: &str| journey.via.has_met(alias));
    let mut parts: BTreeMap<RegistrationId, Parts> = BTreeMap::new();
    let share = |(index, entry): (usize, &Entry<'_>)| {
        let id = entry.fragment.id.as_str();
        let mut types = entry.fragment.types.clone();
        if let Some(entity) = journey.broker.shards.get(journey.broker.shards.stored_id(id).as_str()) {
            types.extend(entity.types().cloned());
        }
        let subject = Subject { id, types: &types };
        let attributes = match batch.operation {
            Operation::DeleteBatch => Attributes::All,
            _ => Attributes::Only(change::names(entry.fragment)),
        };
        let sources = &journey.broker.sources;
        let plan = sources.with(|sources| split(sources, subject, attributes, batch.operation, &met, now));
        for part in plan.there {
            let id = part.source.source().registration.id.clone();
            let of_source = parts.entry(id).or_insert_with(|| Parts { source: part.source, entries: Vec::new() });
            of_source.entries.push((index, part.attributes));
        }
        let problems = plan.refused.iter().map(|part| refused(part, batch.operation).1).collect();
        EntryShare { here: plan.here, done: false, problems }
    };
    let shares = entries.iter().enumerate().map(share).collect();
    (shares, parts)
}

async fn tell(
    journey: &Journey<'_>,
    batch: &Batch<'_>,
    entries: &[Entry<'_>],
    parts: Parts,
) -> (Parts, Result<Bytes, Trouble>) {
    let result = tell_source(journey, batch, entries, &parts).await;
    (parts, result)
}

/// The body of the answer, which tells what was not done if anything was not.
async fn tell_source(
    journey: &Journey<'_>,
    batch: &Batch<'_>,
    entries: &[Entry<'_>],
    parts: &Parts,
) -> Result<Bytes, Trouble> {
    let language = journey.language(&parts.source).await?;
    let payload = match batch.operation {
        Operation::DeleteBatch => {
            Payload::Ids(parts.entries.iter().map(|(index, _)| entries[*index].fragment.id.to_string()).collect())
        }
        _ => Payload::Entities(
            parts
                .entries
                .iter()
                .filter_map(|(index, attributes)| {
                    let Entry { context, raw, .. } = &entries[*index];
                    Some((restrict(raw.as_bytes(), context, attributes)?, (*context).clone()))
                })
                .collect(),
        ),
    };
    let given = batch.params.iter().filter_map(|name| Some((*name, journey.call.params.get(name)?.to_owned())));
    let message =
        Message { method: Method::POST, path: batch.path.to_owned(), query: given.collect(), payload: Some(&payload) };
    let answer = journey.send(&parts.source, &language, message).await?;
    Ok(if answer.status().as_u16() == 207 { answer.into_body() } else { Bytes::new() })
}

fn note(
    shares: &mut [EntryShare],
    warnings: &mut Vec<Warning>,
    entries: &[Entry<'_>],
    parts: &Parts,
    result: Result<Bytes, Trouble>,
) {
    let proxied = parts.source.source().registration.mode.is_proxied();
    let (failed, trouble) = match result {
        Ok(body) => (failures(&body), None),
        Err(trouble) => {
            if matches!(trouble, Trouble::Loop | Trouble::Unanswered(_)) {
                warnings.push(trouble.warning(&parts.source));
            }
            (HashMap::new(), Some(trouble))
        }
    };
    for (index, _) in &parts.entries {
        let share = &mut shares[*index];
        let trouble = trouble.as_ref().or_else(|| failed.get(entries[*index].fragment.id.as_str()));
        match trouble {
            None => share.done = true,
            Some(trouble) if !proxied && trouble.is_minor() => {}
            Some(trouble) => share.problems.push(trouble.problem(&parts.source)),
        }
    }
}

/// The entities that a source says it did not change (5.2.16).
fn failures(body: &[u8]) -> HashMap<String, Trouble> {
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let errors = said.get("errors").and_then(Value::as_array).into_iter().flatten();
    let each = errors.filter_map(|error| {
        let problem = error.get("error")?;
        let status = problem.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
        let trouble = Trouble::refused(status.unwrap_or(400), problem.to_string().as_bytes());
        Some((error.get("entityId")?.as_str()?.to_owned(), trouble))
    });
    each.collect()
}
