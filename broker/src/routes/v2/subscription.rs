//! `/v2/subscriptions/{id}`: one subscription of NGSIv2.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use context::{Record, Request, Subscribed, Subscription};
use http::HeaderMap;
use ngsi::v2::Kind;
use ngsi::v2::subscription::{self, Notification, Subject};
use ngsi::{SubscriptionId, Timestamp};
use serde::Serialize;

use super::answer::{Failure, no_content, unsaved};
use super::body;
use super::params::Params;
use super::subscriptions::SKIP_INITIAL;
use crate::notifier::{Counters, Subscriber};
use crate::subscriptions::NotAmended;
use crate::{Shared, answer};

pub(super) async fn get(State(broker): State<Shared>, Path(id): Path<String>) -> Result<Response, Failure> {
    let subscriber = find(&broker, &id)?;
    Ok(answer::json(shown(&subscriber)?))
}

pub(super) async fn update(
    State(broker): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    params: Params,
    body: Bytes,
) -> Result<Response, Failure> {
    body::check_json(&headers, &body)?;
    params.options(&[SKIP_INITIAL])?;
    let changed = broker.amend(&id, |record| changed(record, &body)).await;
    match changed {
        Ok(()) => Ok(no_content()),
        Err(NotAmended::Unknown) => Err(unknown()),
        Err(NotAmended::Refused(failure)) => Err(failure),
        Err(NotAmended::Unsaved(error)) => Err(unsaved(error)),
    }
}

fn changed(mut record: Record, patch: &[u8]) -> Result<Subscription, Failure> {
    let Request::NgsiV2(request) = &mut record.request else { return Err(unknown()) };
    **request = subscription::merged(request, patch)?;
    Ok(Subscription::compile(record)?)
}

pub(super) async fn delete(State(broker): State<Shared>, Path(id): Path<String>) -> Result<Response, Failure> {
    find(&broker, &id)?;
    match broker.unsubscribe(&SubscriptionId::from(id)).await.map_err(unsaved)? {
        true => Ok(no_content()),
        false => Err(unknown()),
    }
}

fn find(broker: &Shared, id: &str) -> Result<Arc<Subscriber>, Failure> {
    let found = broker.subscribers.read().get(id).cloned();
    found.filter(|subscriber| subscriber.subscription().v2().is_some()).ok_or_else(unknown)
}

fn unknown() -> Failure {
    Failure::new(Kind::NotFound, "The requested subscription has not been found. Check id")
}

/// A subscription as its owner sees it.
#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    subject: &'a Subject,
    notification: ShownNotification,
    #[serde(skip_serializing_if = "str::is_empty")]
    expires: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    throttling: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownNotification {
    #[serde(flatten)]
    notification: Notification,
    times_sent: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_notification: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_success: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_success_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fails_counter: Option<u64>,
}

/// What is answered of a subscription.
pub(super) fn shown(subscriber: &Subscriber) -> Result<Vec<u8>, Failure> {
    let subscription = subscriber.subscription();
    let request = subscription.v2().ok_or_else(unknown)?;
    let counters = subscriber.counters();
    let shown = Shown {
        id: subscriber.id().as_str(),
        description: &request.description,
        subject: &request.subject,
        status: status(subscriber, request.status, &counters),
        notification: ShownNotification::new(request.notification.shown(), counters),
        expires: &request.expires,
        throttling: (request.throttling > 0).then_some(request.throttling),
    };
    serde_json::to_vec(&shown).map_err(|error| Failure::new(Kind::ServiceUnavailable, error.to_string()))
}

fn status(subscriber: &Subscriber, wanted: subscription::Status, counters: &Counters) -> &'static str {
    if subscriber.subscription().is_expired(service::now()) {
        "expired"
    } else if !subscriber.listens() {
        "inactive"
    } else if counters.fails_counter > 0 {
        "failed"
    } else if wanted == subscription::Status::Oneshot {
        "oneshot"
    } else {
        "active"
    }
}

impl ShownNotification {
    fn new(notification: Notification, counters: Counters) -> Self {
        let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
        Self {
            notification,
            times_sent: counters.times_sent,
            last_notification: text(counters.last_notification),
            last_success: text(counters.last_success),
            last_success_code: counters.last_success_code,
            last_failure: text(counters.last_failure),
            last_failure_reason: counters.last_failure_reason,
            fails_counter: (counters.fails_counter > 0).then_some(counters.fails_counter),
        }
    }
}
