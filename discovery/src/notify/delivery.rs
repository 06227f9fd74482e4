//! The driver of one subscription's queue: runs while there is something to send.

use std::sync::Arc;
use std::time::Duration;

use availability::{Notice, Registration};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use ngsi::SubscriptionId;
use ngsi::v1::ngsi9::AVAILABLE_AT_SUBSCRIPTION;
use serde::Deserialize;
use tokio::time::Instant;

use super::message::{MAX_PART, notification, parts};
use super::outbox::{Receiver, Snapshot, Work};
use crate::state::Discovery;

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long a subscriber may be out of reach before its subscription ends.
const UNREACHABLE_LIMIT: Duration = Duration::from_secs(24 * 3600);
/// How long a subscriber may say that it does not know the subscription before that ends.
const UNKNOWN_LIMIT: Duration = Duration::from_secs(600);

/// Why a notification counts as not delivered.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("no answer")]
    Client(#[from] service::http::ClientError),
    #[error("the subscriber answered {status} with code {code:?}")]
    Refused { status: StatusCode, code: Option<u16> },
}

impl Failure {
    fn limit(&self) -> Duration {
        match self {
            Self::Refused { code: Some(404 | 410), .. } => UNKNOWN_LIMIT,
            Self::Refused { status: StatusCode::NOT_FOUND | StatusCode::GONE, .. } => UNKNOWN_LIMIT,
            Self::Refused { .. } | Self::Client(_) => UNREACHABLE_LIMIT,
        }
    }
}

/// How long a subscriber has been failing, and how long to wait for it next.
#[derive(Default)]
struct Patience {
    failing_since: Option<Instant>,
    pause: Duration,
}

impl Patience {
    fn failing_for(&mut self) -> Duration {
        self.failing_since.get_or_insert_with(Instant::now).elapsed()
    }

    async fn pause(&mut self) {
        self.pause = (self.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        tokio::time::sleep(self.pause).await;
    }
}

impl Discovery {
    /// Queues what subscribers are to be told. To be called under the registry's lock, which keeps the order.
    pub(crate) fn announce(self: &Arc<Self>, notices: Vec<Notice>) {
        if notices.is_empty() {
            return;
        }
        for id in self.outbox.push(notices) {
            self.spawn_driver(id);
        }
    }

    /// Starts sending what is queued, unless that happens already.
    pub(crate) fn wake(self: &Arc<Self>, id: SubscriptionId) {
        if self.outbox.claim(&id) {
            self.spawn_driver(id);
        }
    }

    fn spawn_driver(self: &Arc<Self>, id: SubscriptionId) {
        let (discovery, shutdown) = (self.clone(), self.node.shutdown.clone());
        self.node.tasks.spawn(async move { shutdown.run_until_cancelled(discovery.drive(id)).await });
    }

    async fn drive(self: Arc<Self>, id: SubscriptionId) {
        let mut patience = Patience::default();
        while let Some((receiver, work)) = self.outbox.next(&id) {
            match work {
                Work::Changes(availability, batch) => {
                    let body = Bytes::from(notification(id.as_str(), availability.code(), &batch, None));
                    drop(batch);
                    while !self.attempt(&id, &receiver, body.clone(), &mut patience).await {
                        patience.pause().await;
                        if self.outbox.outdated(&id) {
                            break;
                        }
                    }
                }
                Work::Snapshot(snapshot) => {
                    if !self.attempt_snapshot(&id, &receiver, snapshot, &mut patience).await {
                        self.outbox.demand(&id);
                        patience.pause().await;
                    }
                }
            }
        }
    }

    /// Sends everything a subscription selects; a snapshot that fails is not kept, the next is taken anew.
    async fn attempt_snapshot(
        &self,
        id: &SubscriptionId,
        receiver: &Receiver,
        snapshot: Snapshot,
        patience: &mut Patience,
    ) -> bool {
        let mut _turn = None;
        let selected = match self.take_snapshot(id, MAX_PART) {
            Some(selected) => selected,
            None => {
                _turn = self.large_snapshots.acquire().await.ok();
                self.take_snapshot(id, usize::MAX).unwrap_or_default()
            }
        };
        if selected.is_empty() && snapshot == Snapshot::First {
            return true;
        }
        for (part, range) in parts(&selected) {
            let body = notification(id.as_str(), AVAILABLE_AT_SUBSCRIPTION, &selected[range], Some(part));
            if !self.attempt(id, receiver, body.into(), patience).await {
                return false;
            }
        }
        true
    }

    /// Everything a subscription selects, unless there is more than `most`; changes are queued from then on.
    fn take_snapshot(&self, id: &SubscriptionId, most: usize) -> Option<Vec<Registration>> {
        let registry = self.registry.read();
        let selected = registry.selected_by(id).unwrap_or_default();
        if selected.len() > most {
            return None;
        }
        self.outbox.snapshot_taken(id);
        Some(selected)
    }

    /// Sends one notification; whether the subscriber took it. One that takes none for too long loses its subscription.
    async fn attempt(&self, id: &SubscriptionId, receiver: &Receiver, body: Bytes, patience: &mut Patience) -> bool {
        let Err(failure) = self.post(receiver, body).await else {
            self.gauges.delivered.inc();
            *patience = Patience::default();
            return true;
        };
        self.gauges.undelivered.inc();
        if patience.failing_since.is_none() {
            let error = &failure as &dyn std::error::Error;
            tracing::warn!(subscription = %id, reference = %receiver.url, error, "not delivered, trying again");
        }
        if patience.failing_for() > failure.limit() {
            tracing::warn!(subscription = %id, reference = %receiver.url, "the subscriber is gone: its subscription ends");
            if let Err(error) = self.unsubscribe(id).await {
                tracing::error!(subscription = %id, %error, "the subscription may return after a restart");
            }
        }
        false
    }

    async fn post(&self, receiver: &Receiver, body: Bytes) -> Result<(), Failure> {
        let request = Request::post(&*receiver.url).header(CONTENT_TYPE, "application/json").body(body);
        let Ok(request) = request else { return Err(Failure::Refused { status: StatusCode::BAD_REQUEST, code: None }) };
        let _turn = receiver.turns.acquire().await;
        let answer = self.node.client.send(request).await?;
        let code = response_code(answer.body());
        if answer.status() == StatusCode::OK && code == Some(200) {
            return Ok(());
        }
        Err(Failure::Refused { status: answer.status(), code })
    }
}

/// The code in `{"responseCode":{"code":200}}`.
fn response_code(body: &[u8]) -> Option<u16> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(rename = "responseCode")]
        response_code: ngsi::v1::StatusCode,
    }
    ngsi::json::parse::<Answer>(body).ok().map(|answer| answer.response_code.code)
}
