//! Which broker owns an entity. One look-up is under way at a time; whoever asks meanwhile shares the next one.

use std::collections::HashMap;
use std::sync::Arc;

use ngsi::EntityId;
use ngsi::v1::EntityRef;
use ngsi::v1::ngsi9::AvailabilityRequest;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::broker::Broker;

/// Entities asked for in one look-up.
const BATCH: usize = 1_000;

/// The owner's URL by entity; entities nobody owns are missing.
type Found = Arc<HashMap<EntityId, String>>;

#[derive(Default)]
pub(crate) struct Owners(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    asked: Vec<(Vec<EntityId>, oneshot::Sender<Found>)>,
    under_way: bool,
}

impl Owners {
    /// The other brokers that own some of these entities. When discovery is away nobody does.
    pub(crate) async fn look_up(broker: &Arc<Broker>, ids: Vec<EntityId>) -> Found {
        if broker.federation.alone {
            return Found::default();
        }
        let (answer, found) = oneshot::channel();
        let start = {
            let mut waiting = broker.federation.owners.0.lock();
            waiting.asked.push((ids, answer));
            !std::mem::replace(&mut waiting.under_way, true)
        };
        if start {
            let broker = broker.clone();
            tokio::spawn(async move { answer_all(&broker).await });
        }
        found.await.unwrap_or_default()
    }

    fn next(&self) -> Vec<(Vec<EntityId>, oneshot::Sender<Found>)> {
        let mut waiting = self.0.lock();
        let mut size = 0;
        let fits = waiting.asked.iter().take_while(|(ids, _)| {
            size += ids.len();
            size <= BATCH
        });
        let count = fits.count().max(1).min(waiting.asked.len());
        waiting.under_way = count > 0;
        waiting.asked.drain(..count).collect()
    }
}

async fn answer_all(broker: &Broker) {
    loop {
        let asked = broker.federation.owners.next();
        if asked.is_empty() {
            return;
        }
        let found = Arc::new(discover(broker, asked.iter().flat_map(|(ids, _)| ids)).await);
        for (_, answer) in asked {
            let _ = answer.send(found.clone());
        }
    }
}

async fn discover(broker: &Broker, ids: impl Iterator<Item = &EntityId>) -> HashMap<EntityId, String> {
    let request = AvailabilityRequest { entities: ids.cloned().map(EntityRef::id).collect(), ..Default::default() };
    let Ok(answer) = broker.federation.discovery.discover(&request).await else { return HashMap::new() };
    let registrations = answer.context_registration_responses.into_iter().map(|response| response.context_registration);
    let elsewhere = registrations.filter(|registration| {
        let provider = &registration.providing_application;
        !provider.is_empty() && *provider != broker.federation.own_url
    });
    elsewhere
        .flat_map(|registration| {
            let provider = registration.providing_application;
            registration.entities.into_iter().map(move |entity| (entity.id, provider.clone()))
        })
        .collect()
}
