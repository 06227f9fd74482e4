//! The real registry, and a queue for each subscriber that is delivered in order until it is taken.

use std::collections::{BTreeMap, VecDeque};

use availability::{Availability, Change, Notice, Query, Registry};
use ngsi::v1::ContextMetadata;
use ngsi::v1::ngsi9::{AvailabilityRequest, RegistrationAttribute};
use ngsi::{EntityId, JsonText, SubscriptionId};
use orchestration::{Registration, SubscriptionKey};

use crate::support::Thing;

/// What a subscriber is still to be told.
#[derive(Debug, Clone)]
pub(crate) enum Said {
    Available(Registration),
    Unavailable(EntityId),
    /// Everything, taken when it is sent.
    Snapshot,
}

pub(crate) struct Subscriber {
    pub(crate) life: u64,
    pub(crate) key: SubscriptionKey,
    request: AvailabilityRequest,
    pub(crate) queue: VecDeque<Said>,
}

#[derive(Default)]
pub(crate) struct Discovery {
    registry: Registry,
    pub(crate) subscribers: BTreeMap<u64, Subscriber>,
    next: u64,
}

fn id(number: u64) -> SubscriptionId {
    SubscriptionId::from(format!("s{number}").as_str())
}

fn understood(registration: &availability::Registration) -> Registration {
    Registration {
        id: registration.id.clone(),
        entity_type: registration.entity_type.clone(),
        location: registration.location().and_then(|place| place.center()),
        values: registration.metadata.iter().map(|m| (m.name.to_string(), m.value.clone())).collect(),
        provider: registration.provider.to_string(),
    }
}

impl Discovery {
    pub(crate) fn register(&mut self, thing: &Thing) {
        let metadatum = |name: &str, value_type: &str, value| ContextMetadata {
            name: name.into(),
            value_type: value_type.into(),
            value,
        };
        let mut metadata = vec![metadatum("city", "string", thing.city())];
        if let Some(place) = thing.place.map(crate::support::point) {
            let place = serde_json::json!({ "latitude": place.latitude, "longitude": place.longitude });
            metadata.push(metadatum("location", "point", JsonText::from(place)));
        }
        let attribute = RegistrationAttribute { name: "speed".into(), ..Default::default() };
        let change = Change {
            id: thing.name().as_str().into(),
            entity_type: thing.entity_type().into(),
            attributes: Some([attribute].into()),
            metadata,
            provider: "http://broker/ngsi10".into(),
        };
        let mut notices = Vec::new();
        self.registry.register(change, &mut notices);
        self.queue(notices);
    }

    pub(crate) fn unregister(&mut self, name: &str) {
        let mut notices = Vec::new();
        self.registry.unregister(name, "", &mut notices);
        self.queue(notices);
    }

    fn queue(&mut self, notices: Vec<Notice>) {
        for notice in notices {
            let number: u64 = notice.subscription.as_str()[1..].parse().unwrap();
            let Some(subscriber) = self.subscribers.get_mut(&number) else { continue };
            subscriber.queue.push_back(match notice.availability {
                Availability::Available => Said::Available(understood(&notice.registration)),
                Availability::Unavailable => Said::Unavailable(notice.registration.id),
            });
        }
    }

    /// The id of a new subscription, and whether it selects nothing yet.
    pub(crate) fn subscribe(&mut self, life: u64, key: SubscriptionKey, request: AvailabilityRequest) -> (u64, bool) {
        self.next += 1;
        self.registry.subscribe(id(self.next), Query::compile(&request).unwrap()).unwrap();
        let empty = self.registry.selected_by(&id(self.next)).unwrap().is_empty();
        let queue = if empty { VecDeque::new() } else { VecDeque::from([Said::Snapshot]) };
        self.subscribers.insert(self.next, Subscriber { life, key, request, queue });
        (self.next, empty)
    }

    pub(crate) fn unsubscribe(&mut self, number: u64) {
        self.registry.unsubscribe(&id(number));
        self.subscribers.remove(&number);
    }

    pub(crate) fn has(&self, number: u64) -> bool {
        self.subscribers.contains_key(&number)
    }

    /// Everything a subscription selects now; changes queued before are in it.
    pub(crate) fn snapshot(&mut self, number: u64) -> Vec<Registration> {
        if let Some(subscriber) = self.subscribers.get_mut(&number) {
            subscriber.queue.clear();
        }
        self.registry.selected_by(&id(number)).unwrap_or_default().iter().map(understood).collect()
    }

    /// Starts again with what was stored: what was queued is made good by a snapshot.
    pub(crate) fn restart(&mut self) {
        for subscriber in self.subscribers.values_mut() {
            subscriber.queue = VecDeque::from([Said::Snapshot]);
        }
    }

    /// Starts again with nothing.
    pub(crate) fn lose_all(&mut self) {
        let next = self.next;
        *self = Self { next, ..Self::default() };
    }

    pub(crate) fn lose_registrations(&mut self) {
        let mut registry = Registry::default();
        for (number, subscriber) in &self.subscribers {
            registry.subscribe(id(*number), Query::compile(&subscriber.request).unwrap()).unwrap();
        }
        self.registry = registry;
    }
}
