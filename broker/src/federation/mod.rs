//! What makes several brokers one: owners are looked up, updates forwarded, queries and subscriptions span them all.
//!
//! Nothing here is waited for by local work: while discovery or a peer is away, entities are taken, changed and notified
//! locally, and what others must learn of it is made up for later.

mod causes;
mod discovery;
mod everywhere;
mod heartbeat;
mod link;
mod linked;
mod links;
mod messages;
mod owners;
mod registrar;
mod remote;
mod spanning;
mod whole;

use std::sync::Arc;

use context::Subscribed;
use ngsi::SubscriptionId;
use service::Node;

pub(crate) use causes::tell as tell_cause;
pub(crate) use discovery::Discovery;
pub(crate) use everywhere::{Answered, Everywhere, ask_everywhere};
pub(crate) use link::LinkRecord;
pub(crate) use linked::{fetch_linked_one, linked_entity};
pub(crate) use links::Links;
pub(crate) use messages::{Recipient, availability, relay};
pub(crate) use owners::Owners;
pub(crate) use registrar::{BROKER_TYPE, Registrar};
pub(crate) use remote::{Located, entity, fetch, forward, locate, registrations, without_times};
pub(crate) use whole::{ENTITY_FORM, WHOLE, tell as tell_entity};

use crate::broker::Broker;
use crate::metrics::Counters;
use crate::notifier::Subscriber;

pub(crate) struct Federation {
    /// This broker as other nodes reach it, with `/ngsi10`.
    pub(crate) own_url: String,
    /// `Broker.<site>`.
    pub(crate) id: String,
    pub(crate) discovery: Discovery,
    pub(crate) owners: Owners,
    pub(crate) registrar: Registrar,
    pub(crate) links: Links,
    /// Discovery knows nothing of tenants: all but the default one know no other brokers.
    pub(crate) alone: bool,
}

impl Federation {
    pub(crate) fn new(node: &Node, counters: &Counters, alone: bool) -> Self {
        Self {
            own_url: format!("{}/ngsi10", node.config.broker_external_url()),
            id: node.id("Broker"),
            discovery: Discovery::new(node),
            owners: Owners::default(),
            registrar: Registrar::new(counters.unregistered.clone()),
            links: Links::default(),
            alone,
        }
    }
}

/// Starts the drivers.
pub(crate) fn run(broker: &Arc<Broker>) {
    if broker.federation.alone {
        return;
    }
    let registering = broker.clone();
    broker.node.tasks.spawn(async move { registrar::run(&registering).await });
    let beating = broker.clone();
    broker.node.tasks.spawn(async move { heartbeat::run(&beating).await });
    let subscribers: Vec<_> = broker.subscribers.read().iter().cloned().collect();
    for subscriber in subscribers.iter().filter(|subscriber| !subscriber.is_broker()) {
        span(broker, subscriber);
    }
    for id in broker.federation.links.ids() {
        if broker.subscribers.read().get(id.as_str()).is_none() {
            unspan(broker, &id);
        }
    }
}

/// Makes a subscription reach entities of other brokers.
pub(crate) fn span(broker: &Arc<Broker>, subscriber: &Arc<Subscriber>) {
    if broker.federation.alone || subscriber.subscription().query().selectors().is_empty() {
        return;
    }
    broker.federation.links.begin(subscriber.subscription().id());
    spanning::wake(broker, subscriber.id());
}

/// Looks anew where the entities are that a subscription of ours means.
pub(crate) fn respan(broker: &Arc<Broker>, id: &SubscriptionId) {
    broker.federation.links.renew(id);
    spanning::wake(broker, id);
}

/// Cancels what a subscription of ours holds elsewhere.
pub(crate) fn unspan(broker: &Arc<Broker>, id: &SubscriptionId) {
    if broker.federation.links.end(id) {
        spanning::wake(broker, id);
    }
}
