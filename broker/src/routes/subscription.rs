//! `/ngsi10/subscription`: the subscriptions of this broker.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use context::Subscribed;
use ngsi::SubscriptionId;
use ngsi::v1::ngsi10::SubscribeContextRequest;
use serde::Serialize;

use crate::Shared;
use crate::answer::{self, Failure};
use crate::notifier::Subscriber;

/// Serializes the request of a subscription without copying it.
struct Listed(Arc<Subscriber>);

impl Serialize for Listed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let request: &SubscribeContextRequest = &self.0.subscription().record.request;
        request.serialize(serializer)
    }
}

pub(super) async fn list(State(broker): State<Shared>) -> Result<Response, Failure> {
    let subscribers: BTreeMap<_, _> = {
        let (subscribers, now) = (broker.subscribers.read(), service::now());
        let current = subscribers.iter().filter(|subscriber| !subscriber.subscription().is_expired(now));
        current.map(|subscriber| (subscriber.id().clone(), Listed(subscriber.clone()))).collect()
    };
    written(&subscribers)
}

pub(super) async fn get(State(broker): State<Shared>, Path(id): Path<String>) -> Result<Response, Failure> {
    let subscriber = broker.subscribers.read().get(&id).cloned();
    let current = subscriber.filter(|subscriber| !subscriber.subscription().is_expired(service::now()));
    written(&Listed(current.ok_or_else(|| unknown(&id))?))
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
