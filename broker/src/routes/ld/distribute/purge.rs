//! Entities that sources delete because a query finds them (ETSI GS CIM 009, 5.6.21).

use futures_util::StreamExt;
use futures_util::stream;
use http::Method;
use ngsi::ld::Context;
use ngsi::registration::Operation;

use super::super::call::Call;
use super::super::purged::Purged;
use super::AT_ONCE;
use super::asking::{One, entities};
use super::journey::{Journey, Message};
use super::query::{Question, requests};
use super::trouble::{Trouble, Warning};
use crate::Shared;

/// Has sources delete what a query finds there; what went wrong.
pub(in crate::routes::ld) async fn purge(
    broker: &Shared,
    call: &Call,
    context: &Context,
    question: &Question<'_>,
    purged: &Purged,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if call.is_local() || broker.sources.is_empty() {
        return warnings;
    }
    let journey = Journey::new(broker, call, context);
    let requests = requests(&journey, question, &[Operation::PurgeEntity], &mut warnings);
    let told = requests.into_iter().map(|one| purge_one(&journey, one, purged));
    let troubles: Vec<_> = stream::iter(told).buffered(AT_ONCE).collect().await;
    warnings.extend(troubles.into_iter().flatten());
    warnings
}

async fn purge_one(journey: &Journey<'_>, one: One, purged: &Purged) -> Option<Warning> {
    match send_purge(journey, &one, purged).await {
        Err(trouble) if !trouble.is_absence() => Some(trouble.warning(&one.source)),
        _ => None,
    }
}

async fn send_purge(journey: &Journey<'_>, one: &One, purged: &Purged) -> Result<(), Trouble> {
    let language = journey.language(&one.source).await?;
    let Some(what) = purged.of_source(&one.attributes, &language) else { return Ok(()) };
    let mut query = entities(one, &language);
    query.extend(what);
    let message = Message { method: Method::DELETE, path: "/entities".to_owned(), query, payload: None };
    journey.send(&one.source, &language, message).await.map(drop)
}
