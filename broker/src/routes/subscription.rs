//! `/ngsi10/subscription`: the subscriptions of this broker.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use context::{Request, Subscribed};
use ngsi::SubscriptionId;
use serde::{Deserialize, Serialize};

use crate::Shared;
use crate::answer::{self, Failure};
use crate::notifier::{Report, Status, Subscriber};

/// Serializes the request of a subscription without copying it.
struct Listed(Arc<Subscriber>);

impl Serialize for Listed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.subscription().record.as_ngsi10().serialize(serializer)
    }
}

/// A subscription and how notifying its subscriber has gone.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Observed {
    request: Listed,
    /// Of a task: its identifier.
    #[serde(skip_serializing_if = "String::is_empty")]
    correlator: String,
    /// Whether another broker made it, for a subscription of its own.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    for_broker: bool,
    statistics: Report,
}

impl From<Arc<Subscriber>> for Listed {
    fn from(subscriber: Arc<Subscriber>) -> Self {
        Self(subscriber)
    }
}

impl From<Arc<Subscriber>> for Observed {
    fn from(subscriber: Arc<Subscriber>) -> Self {
        let delivery = &subscriber.subscription().record.delivery;
        let (correlator, for_broker) = (delivery.correlator.clone(), delivery.from_broker);
        Self { correlator, for_broker, statistics: subscriber.report(), request: Listed(subscriber) }
    }
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    statistics: bool,
    /// Only those that fare so.
    status: Option<Status>,
}

pub(super) async fn list(
    State(broker): State<Shared>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(Wanted { statistics, status }) = wanted?;
    if statistics {
        written(&current::<Observed>(&broker, status, |_| true))
    } else {
        written(&current::<Listed>(&broker, status, is_ngsi10))
    }
}

/// Those of other dialects are shown only where all are to be seen.
fn is_ngsi10(subscriber: &Subscriber) -> bool {
    matches!(subscriber.subscription().record.request, Request::Ngsi10(_))
}

fn current<T: From<Arc<Subscriber>>>(
    broker: &Shared,
    status: Option<Status>,
    wanted: impl Fn(&Subscriber) -> bool,
) -> BTreeMap<SubscriptionId, T> {
    let now = service::now();
    let fares_so = |subscriber: &&Arc<Subscriber>| status.is_none_or(|status| subscriber.status() == status);
    let subscribers: Vec<_> = broker.subscribers.read().iter().filter(fares_so).cloned().collect();
    let current =
        subscribers.into_iter().filter(|subscriber| wanted(subscriber) && !subscriber.subscription().is_expired(now));
    current.map(|subscriber| (subscriber.id().clone(), T::from(subscriber))).collect()
}

pub(super) async fn get(
    State(broker): State<Shared>,
    Path(id): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Failure> {
    let subscriber = broker.subscribers.read().get(&id).cloned();
    let current = subscriber.filter(|subscriber| !subscriber.subscription().is_expired(service::now()));
    let statistics = wanted?.statistics;
    let current = current.filter(|subscriber| statistics || is_ngsi10(subscriber)).ok_or_else(|| unknown(&id))?;
    if statistics { written(&Observed::from(current)) } else { written(&Listed(current)) }
}

pub(super) async fn delete(State(broker): State<Shared>, Path(id): Path<String>) -> Result<Response, Failure> {
    if broker.unsubscribe(&SubscriptionId::from(id.as_str())).await? {
        return Ok(answer::fixed("{\"code\":200,\"reasonPhrase\":\"OK\"}"));
    }
    Err(unknown(&id))
}

fn written<T: Serialize>(value: &T) -> Result<Response, Failure> {
    let body = serde_json::to_vec(value).map_err(|error| Failure::unavailable(error.to_string()))?;
    Ok(answer::json(body))
}

fn unknown(id: &str) -> Failure {
    Failure::not_found(format!("this broker has no subscription `{id}`"))
}
