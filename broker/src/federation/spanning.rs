//! Subscriptions that reach entities of other brokers: one driver per subscription while there is something to do.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use context::Subscribed;
use http::StatusCode;
use ngsi::SubscriptionId;
use ngsi::v1::ngsi9::AvailabilityRequest;
use ngsi::v1::ngsi10::{SubscribeContextRequest, SubscribeContextResponse, UnsubscribeContextRequest};
use storage::Batch;
use tokio::time::Instant;

use super::link::{LinkRecord, RemoteSubscription, Step};
use super::remote;
use super::whole::{ENTITY_FORM, WHOLE};
use crate::broker::Broker;
use crate::ledger::Kind;
use crate::notifier::Subscriber;

const FIRST_RETRY: Duration = Duration::from_millis(200);
const LAST_RETRY: Duration = Duration::from_secs(5);
/// How often cancelling at a peer is tried before the subscription there is left to itself.
const CANCEL_ATTEMPTS: u32 = 100;

/// Peers that failed, and when to try them again.
#[derive(Default)]
struct Failing(HashMap<String, (Instant, u32)>);

impl Failing {
    fn may(&self, peer: &str) -> bool {
        self.0.get(peer).is_none_or(|(again, _)| *again <= Instant::now())
    }

    fn note(&mut self, peer: &str) -> u32 {
        let (again, attempts) = self.0.entry(peer.to_owned()).or_insert((Instant::now(), 0));
        *again = Instant::now() + (FIRST_RETRY * 2_u32.pow((*attempts).min(8))).min(LAST_RETRY);
        *attempts += 1;
        *attempts
    }

    fn next(&self) -> Instant {
        self.0
            .values()
            .map(|(again, _)| *again)
            .filter(|again| *again > Instant::now())
            .min()
            .unwrap_or_else(Instant::now)
    }
}

/// Makes sure that somebody looks at what the subscription wants.
pub(super) fn wake(broker: &Arc<Broker>, id: &SubscriptionId) {
    if broker.federation.links.start_driving(id) {
        let (broker, id) = (broker.clone(), id.clone());
        broker.clone().node.tasks.spawn(async move {
            tokio::select! {
                () = drive(&broker, &id) => {}
                () = broker.node.shutdown.cancelled() => {}
            }
        });
    }
}

/// Every subscription at discovery is to be made anew.
pub(super) fn renew_all(broker: &Arc<Broker>) {
    for id in broker.federation.links.ids() {
        broker.federation.links.renew(&id);
        wake(broker, &id);
    }
}

async fn drive(broker: &Broker, id: &SubscriptionId) {
    let links = &broker.federation.links;
    let mut failing = Failing::default();
    loop {
        let mut nudged = std::pin::pin!(links.nudge.notified());
        nudged.as_mut().enable();
        let step = match links.next(id, |peer| failing.may(peer)) {
            None => return,
            Some(Ok(step)) => step,
            Some(Err(_)) => {
                let _ = tokio::time::timeout_at(failing.next(), nudged).await;
                continue;
            }
        };
        match take(broker, id, &step).await {
            Ok(()) => drop(failing.0.remove(step.peer())),
            Err(problem) => {
                let attempts = failing.note(step.peer());
                if attempts == 1 {
                    tracing::warn!(subscription = %id, problem, "a subscription does not reach all brokers, will try again");
                }
                if let Step::Cancel(remote) = &step
                    && attempts >= CANCEL_ATTEMPTS
                {
                    keep(broker, id, links.cancelled(id, &remote.id)).await;
                }
            }
        }
    }
}

async fn take(broker: &Broker, id: &SubscriptionId, step: &Step) -> Result<(), String> {
    let links = &broker.federation.links;
    let held = match step {
        Step::Watch(former) => {
            let _making = links.making();
            let availability = watch(broker, id).await?;
            let held = links.watched(id, availability);
            if let Some(former) = former {
                // Discovery may have forgotten it; if not, its notifications meet an unknown identifier.
                let _ = broker.federation.discovery.unsubscribe(former).await;
            }
            held
        }
        Step::Unwatch(availability) => {
            broker.federation.discovery.unsubscribe(availability).await.map_err(|error| error.to_string())?;
            links.unwatched(id)
        }
        Step::Subscribe { provider, entities } => {
            let Some(subscriber) = broker.subscribers.read().get(id.as_str()).cloned() else { return Ok(()) };
            let request = SubscribeContextRequest { entities: entities.clone(), ..request_for(broker, &subscriber) };
            let _making = links.making();
            let remote = subscribe(broker, &subscriber, provider, &request).await?;
            let entities = entities.iter().map(|entity| entity.id.clone()).collect();
            let provider = provider.clone();
            links.subscribed(id, RemoteSubscription { provider, id: remote, entities, in_doubt: false })
        }
        Step::Cancel(remote) => {
            let request = UnsubscribeContextRequest { subscription_id: remote.id.clone() };
            remote::post::<_, serde::de::IgnoredAny>(broker, &remote.provider, "unsubscribeContext", "", &request)
                .await?;
            links.cancelled(id, &remote.id)
        }
        Step::Verify(remote) => {
            if is_kept(broker, remote).await? {
                links.verified(id, &remote.id);
                return Ok(());
            }
            links.cancelled(id, &remote.id)
        }
        Step::Forget => {
            links.forgotten(id);
            None
        }
    };
    keep(broker, id, held).await;
    Ok(())
}

/// Writes down what is held. When that fails the next restart finds less and subscribes again.
async fn keep(broker: &Broker, id: &SubscriptionId, held: Option<LinkRecord>) {
    let mut batch = Batch::new();
    match held {
        Some(held) => broker.ledger.put_link(&mut batch, id, &held),
        None => broker.ledger.delete(&mut batch, Kind::Link, id.as_str()),
    }
    if let Err(error) = broker.ledger.commit(batch).await {
        tracing::warn!(subscription = %id, %error, "what a subscription holds elsewhere is not stored");
    }
}

async fn watch(broker: &Broker, id: &SubscriptionId) -> Result<SubscriptionId, String> {
    let Some(subscriber) = broker.subscribers.read().get(id.as_str()).cloned() else {
        return Err("the subscription has ended".to_owned());
    };
    let request = request_of(&subscriber);
    let wanted = AvailabilityRequest {
        entities: request.entities,
        attributes: request.attributes,
        restriction: request.restriction,
        reference: format!("{}/notifyContextAvailability", broker.own_url()),
    };
    broker.federation.discovery.subscribe(&wanted).await.map_err(|error| error.to_string())
}

/// What another broker is asked for on behalf of a subscriber: all but whom, when and for how long, which we see to.
fn request_for(broker: &Broker, subscriber: &Subscriber) -> SubscribeContextRequest {
    let request = request_of(subscriber);
    SubscribeContextRequest {
        attributes: request.attributes,
        notify_conditions: request.notify_conditions,
        reference: broker.own_url().to_owned(),
        ..SubscribeContextRequest::default()
    }
}

/// What it takes to serve a subscriber of any dialect: of one of NGSIv2 we look at the whole entity ourselves.
fn request_of(subscriber: &Subscriber) -> SubscribeContextRequest {
    let request = subscriber.subscription().record.as_ngsi10().into_owned();
    match subscriber.subscription().outgoing() {
        None => request,
        Some(_) => SubscribeContextRequest { entities: request.entities, ..SubscribeContextRequest::default() },
    }
}

async fn subscribe(
    broker: &Broker,
    subscriber: &Subscriber,
    provider: &str,
    request: &SubscribeContextRequest,
) -> Result<SubscriptionId, String> {
    let delivery = &subscriber.subscription().record.delivery;
    let reliable = if delivery.reliable { "true" } else { "" };
    // What NGSI-10 has no words for, only the other dialects need.
    let form = if subscriber.subscription().outgoing().is_some() { WHOLE } else { "" };
    let correlator = delivery.correlator.as_str();
    let headers = [("Fiware-Correlator", correlator), ("Require-Reliability", reliable), (ENTITY_FORM, form)];
    let answer: Option<SubscribeContextResponse> =
        remote::post_with(broker, provider, "subscribeContext", &headers, request).await?;
    let id = answer.map(|answer| answer.subscribe_response.subscription_id).filter(|id| !id.is_empty());
    id.ok_or_else(|| format!("{provider}: gave no subscriptionId"))
}

/// Whether the other broker still has the subscription.
async fn is_kept(broker: &Broker, remote: &RemoteSubscription) -> Result<bool, String> {
    let url = format!("{}/subscription/{}", remote.provider.trim_end_matches('/'), remote.id);
    let answer = broker.node.client.get(&url).await.map_err(|error| error.to_string())?;
    Ok(answer.status() != StatusCode::NOT_FOUND)
}
