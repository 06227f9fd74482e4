//! Subscribes, checks and cancels what [`Watches`](super::entities::Watches) asks for, at the broker of this node.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use http::StatusCode;
use ngsi::v1::EntityRef;
use ngsi::v1::ngsi10::{SubscribeContextRequest, SubscribeContextResponse};
use serde_json::{Map, Value};
use service::http::path_segment;

use super::WatchState;
use super::entities::{MAX_OF_TYPE, Task};
use super::statistics::Observed;
use crate::discovery;
use crate::refusal::chain;
use crate::state::Designer;

const LOOK: Duration = Duration::from_secs(1);
/// Until what an earlier process left behind is looked for, again if the broker did not answer.
const RETRY: Duration = Duration::from_secs(2);
/// How long cancelling may take when the node stops.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Works until the node stops, and cancels then.
pub(crate) async fn run(designer: Arc<Designer>) {
    tokio::join!(clear(&designer), follow(&designer));
    let held = designer.live.change(|model| model.watches.subscriptions());
    let cancelled = join_all(held.iter().map(|id| cancel(&designer, id)));
    // What is not cancelled now is when the designer starts again.
    let _ = tokio::time::timeout(LAST_WORDS, cancelled).await;
}

async fn follow(designer: &Designer) {
    loop {
        let tasks = designer.live.change_quietly(|model| model.watches.tasks(service::now()));
        designer.until_shutdown(join_all(tasks.into_iter().map(|task| perform(designer, task)))).await;
        tokio::select! {
            () = designer.node.shutdown.cancelled() => return,
            () = designer.live.opened.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

async fn perform(designer: &Designer, task: Task) {
    match task {
        Task::Subscribe { entity_type, token } => {
            let outcome = subscribe(designer, &entity_type, &token).await;
            let made = outcome.as_ref().ok().cloned();
            let wanted = designer.live.change(|model| model.watches.subscribed(&token, outcome));
            if let Some(id) = made.filter(|_| !wanted) {
                cancel(designer, &id).await;
            }
        }
        Task::Check { token, subscription } => {
            let answer = designer.node.client.get(&subscription_url(designer, &subscription)).await;
            if answer.is_ok_and(|answer| answer.status() == StatusCode::NOT_FOUND) {
                tracing::info!(subscription, "the broker has lost a subscription of the dashboard");
                designer.live.change(|model| model.watches.lost(&token));
            }
        }
        Task::Cancel { subscription } => cancel(designer, &subscription).await,
    }
}

/// Subscribes to every entity of a type, unless there are too many; gives back the identifier.
async fn subscribe(designer: &Designer, entity_type: &str, token: &str) -> Result<String, WatchState> {
    let entities = discovery::count(designer, entity_type).await.unwrap_or_default();
    if entities > MAX_OF_TYPE {
        let reason = format!("there are {entities} entities of this type: at most {MAX_OF_TYPE} are followed");
        return Err(WatchState::Refused(reason));
    }
    let request = SubscribeContextRequest {
        entities: vec![EntityRef::of_type(entity_type.into())],
        reference: format!("{}{token}", references(designer)),
        ..SubscribeContextRequest::default()
    };
    let url = format!("{}/ngsi10/subscribeContext", designer.node.config.broker_url());
    let headers = [("Fiware-Correlator", &*correlator(designer))];
    let answer = designer.node.client.post_json(&url, &headers, &request).await;
    let answer = answer.map_err(|error| WatchState::Failed(format!("the broker did not answer: {}", chain(&error))))?;
    let refused = |reason: String| WatchState::Failed(format!("the broker refused the subscription: {reason}"));
    if answer.status() != StatusCode::OK {
        return Err(refused(format!("{}: {}", answer.status(), String::from_utf8_lossy(answer.body()))));
    }
    let answer: SubscribeContextResponse =
        ngsi::json::parse(answer.body()).map_err(|error| refused(error.to_string()))?;
    match answer.subscribe_response.subscription_id {
        id if id.is_empty() => Err(refused(answer.subscribe_error.error_code.details)),
        id => Ok(id.to_string()),
    }
}

/// Cancels a subscription that nobody here wants, if it notifies this designer.
pub(crate) async fn disown(designer: &Designer, subscription: &str) {
    let answer = designer.node.client.get(&subscription_url(designer, subscription)).await;
    let request = answer.ok().and_then(|answer| serde_json::from_slice::<Value>(answer.body()).ok());
    let ours = |reference: &str| reference.starts_with(&references(designer));
    if request.and_then(|request| request["reference"].as_str().map(ours)) == Some(true) {
        cancel(designer, subscription).await;
    }
}

/// Cancels what an earlier process left behind.
async fn clear(designer: &Designer) {
    let url = format!("{}/ngsi10/subscription?statistics=true", designer.node.config.broker_url());
    let all = loop {
        if designer.until_shutdown(tokio::time::sleep(RETRY)).await.is_none() {
            return;
        }
        match designer.until_shutdown(designer.node.client.get(&url)).await {
            None => return,
            Some(Ok(answer)) => break serde_json::from_slice::<Map<String, Value>>(answer.body()).unwrap_or_default(),
            Some(Err(_)) => {}
        }
    };
    let references = references(designer);
    // One that has just been made may not be known here by its identifier yet.
    let wanted = |entry: &Observed| {
        let token = entry.reference().strip_prefix(&references);
        token.is_some_and(|token| designer.live.look(|model| model.watches.has_token(token)))
    };
    let ours =
        |entry: &Observed| entry.correlator == correlator(designer) || entry.reference().starts_with(&references);
    for (id, entry) in all {
        if Observed::parse(entry).is_some_and(|entry| ours(&entry) && !wanted(&entry)) {
            tracing::info!(subscription = id, "cancelling a subscription of the dashboard from before the start");
            cancel(designer, &id).await;
        }
    }
}

async fn cancel(designer: &Designer, subscription: &str) {
    if let Err(error) = designer.node.client.delete(&subscription_url(designer, subscription)).await {
        tracing::debug!(subscription, error = %chain(&error), "a subscription could not be cancelled");
    }
}

fn subscription_url(designer: &Designer, id: &str) -> String {
    format!("{}/ngsi10/subscription/{}", designer.node.config.broker_url(), path_segment(id))
}

/// What the URLs begin with that our notifications go to.
fn references(designer: &Designer) -> String {
    format!("{}/live/", designer.node.config.designer_agent_url())
}

/// Marks our subscriptions, whatever port the agent had.
fn correlator(designer: &Designer) -> String {
    format!("{}.live", designer.node.id("Designer"))
}
