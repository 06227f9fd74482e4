//! One attempt to notify a subscriber.

use std::error::Error;
use std::iter::successors;
use std::sync::Arc;

use bytes::Bytes;
use context::outgoing::{HttpMessage, Message, MqttMessage};
use context::{Notice, Outgoing, Subscribed};
use http::{HeaderName, HeaderValue, Request, StatusCode};
use service::http::{Client, ClientError, Timeout};

use super::{Subscriber, ngsi10};
use crate::broker::Broker;
use crate::routes::joined;

pub(super) enum Outcome {
    Delivered,
    /// It may succeed later.
    Failed(String),
    /// It never will, as it is.
    Unsendable(String),
    /// A broker that does not know the subscription any more.
    Gone,
}

pub(super) async fn attempt(broker: &Arc<Broker>, subscriber: &Subscriber, batch: &[Notice]) -> Outcome {
    match subscriber.subscription().outgoing() {
        Some(outgoing) => custom(broker, subscriber, outgoing, batch).await,
        None => match ngsi10::request(subscriber, batch, broker.own_url()) {
            Ok(Some(request)) => http(subscriber, &broker.node.client, of_tenant(&broker.tenant, request)).await,
            Ok(None) => Outcome::Delivered,
            Err(error) => Outcome::Failed(error.to_string()),
        },
    }
}

async fn custom(broker: &Arc<Broker>, subscriber: &Subscriber, outgoing: &Outgoing, batch: &[Notice]) -> Outcome {
    let joined = match outgoing.joins(batch) {
        Some(joins) => Some(Box::pin(joined(broker, &joins)).await),
        None => None,
    };
    let (id, tenant) = (subscriber.id(), &broker.tenant);
    match outgoing.message(id, batch, broker.own_url(), tenant, joined.as_ref(), service::now()) {
        None => Outcome::Delivered,
        Some(Message::Http(message)) => match request(message) {
            Ok(request) => http(subscriber, broker.node.outside(), request).await,
            Err(error) => Outcome::Unsendable(format!("not a request that can be sent: {error}")),
        },
        Some(Message::Mqtt(message)) => mqtt(broker, subscriber, message).await,
    }
}

async fn mqtt(broker: &Broker, subscriber: &Subscriber, message: MqttMessage) -> Outcome {
    if message.topic.is_empty() || message.topic.contains(['+', '#', '\0']) {
        return Outcome::Unsendable(format!("`{}` is not a topic to publish to", message.topic));
    }
    subscriber.statistics().sending(service::now());
    match broker.mqtt.publish(message).await {
        Ok(()) => {
            subscriber.statistics().delivered(None, service::now());
            Outcome::Delivered
        }
        Err(reason) => Outcome::Failed(reason),
    }
}

fn request(message: HttpMessage) -> Result<Request<Bytes>, http::Error> {
    let mut request = Request::builder().method(message.method.as_str()).uri(message.url);
    for (name, value) in message.headers {
        request = request.header(name, value);
    }
    if let Some(timeout) = message.timeout {
        request = request.extension(Timeout(timeout));
    }
    request.body(Bytes::from(message.body))
}

async fn http(subscriber: &Subscriber, client: &Client, request: Request<Bytes>) -> Outcome {
    let statistics = subscriber.statistics();
    statistics.sending(service::now());
    match client.send(request).await {
        Ok(response) if response.status().is_success() => {
            statistics.delivered(Some(response.status().as_u16()), service::now());
            Outcome::Delivered
        }
        Ok(response) if response.status() == StatusCode::NOT_FOUND && subscriber.is_broker() => Outcome::Gone,
        Ok(response) => Outcome::Failed(format!("answered {}", response.status())),
        Err(error) => Outcome::Failed(in_words(&error)),
    }
}

/// What went wrong and, if there is more to it, why in the end: a certificate that is not trusted, a port where nobody listens.
fn in_words(error: &ClientError) -> String {
    match successors(error.kind.source(), |&cause| cause.source()).last() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// A subscriber of a tenant is told which one.
fn of_tenant(tenant: &str, mut request: Request<Bytes>) -> Request<Bytes> {
    let Ok(tenant) = HeaderValue::try_from(tenant) else { return request };
    if !tenant.is_empty() {
        for name in ["fiware-service", "ngsild-tenant"] {
            request.headers_mut().entry(HeaderName::from_static(name)).or_insert(tenant.clone());
        }
    }
    request
}
