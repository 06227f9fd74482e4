//! Dead brokers: what they registered goes with them.

use std::sync::Arc;
use std::time::Duration;

use availability::{Heartbeat, SilentBroker, origin};
use storage::Batch;
use tokio::time::{Interval, MissedTickBehavior};

use crate::refusal::Refusal;
use crate::state::Discovery;

/// How often the gauges are brought up to date.
const MEASURE_EVERY: Duration = Duration::from_secs(1);

/// Looks at every interval for brokers that fell silent, and keeps the gauges, until shutdown.
pub(crate) async fn run(discovery: Arc<Discovery>) {
    let shutdown = discovery.node.shutdown.clone();
    let mut look = ticks(Duration::from_secs(discovery.node.config.broker.heartbeat_interval));
    let mut measure = ticks(MEASURE_EVERY);
    let watch = async {
        loop {
            tokio::select! {
                _ = look.tick() => discovery.bury_silent_brokers(service::now()).await,
                _ = measure.tick() => discovery.measure(),
            }
        }
    };
    shutdown.run_until_cancelled(watch).await;
}

fn ticks(interval: Duration) -> Interval {
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

impl Discovery {
    /// Notes a heartbeat.
    pub(crate) async fn heartbeat(&self, id: &str, url: &str) -> Result<Heartbeat, Refusal> {
        let heartbeat = self.brokers.lock().heartbeat(id, url, service::now())?;
        if !heartbeat.known {
            tracing::info!(broker = id, url, "a broker is heard of");
            let mut batch = Batch::new();
            self.tables.put_broker(&mut batch, id, url);
            self.observe(self.store.commit(batch).await)?;
        }
        Ok(heartbeat)
    }

    /// Drops brokers silent for too long, with their registrations. What fails is tried again at the next call.
    pub(crate) async fn bury_silent_brokers(self: &Arc<Self>, now: ngsi::Timestamp) {
        let silent = self.brokers.lock().sweep(now);
        for broker in silent {
            tracing::warn!(broker = %broker.id, url = %broker.url, "a broker is silent and taken for dead");
            if let Err(error) = self.bury(&broker).await {
                tracing::error!(broker = %broker.id, error = &error as &dyn std::error::Error, "cannot drop it now");
                self.brokers.lock().restore(broker);
            }
        }
    }

    async fn bury(self: &Arc<Self>, broker: &SilentBroker) -> Result<(), Refusal> {
        let at = origin(&broker.url);
        while self.unregister_some_of_dead(&at).await? > 0 {}
        let mut batch = Batch::new();
        self.tables.delete_broker(&mut batch, &broker.id, &broker.url);
        Ok(self.observe(self.store.commit(batch).await)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ngsi::v1::ngsi9::RegisterContextRequest;
    use service::{Config, Node};

    const BROKER: &str = "http://10.0.0.1:8070/ngsi10";

    fn recover(directory: &std::path::Path) -> Arc<Discovery> {
        let config = Config::parse(r#"{"site_id":"test","broker":{"heartbeat_interval":10}}"#, |_| None).unwrap();
        let store = storage::Store::open(directory).unwrap();
        Arc::new(Discovery::recover(Node::new(config, 1).unwrap(), store).unwrap())
    }

    async fn register(discovery: &Arc<Discovery>, id: &str, provider: &str) {
        let json = format!(
            r#"{{"contextRegistrations":[{{"entities":[{{"id":"{id}"}}],"providingApplication":"{provider}"}}]}}"#
        );
        let request: RegisterContextRequest = ngsi::json::parse(json.as_bytes()).unwrap();
        discovery.register(availability::parse_registrations(request).unwrap()).await.unwrap();
    }

    #[tokio::test]
    async fn dead_broker_takes_its_registrations_along() {
        let directory = tempfile::tempdir().unwrap();
        let discovery = recover(directory.path());
        let start = service::now();
        discovery.heartbeat("Broker.one", "http://10.0.0.1:8070").await.unwrap();
        for n in 0..1500 {
            register(&discovery, &format!("Car{n}"), BROKER).await;
        }
        register(&discovery, "Bus", "http://10.0.0.2:8070/ngsi10").await;
        for tick in 0..=6 {
            discovery.bury_silent_brokers(start.after(Duration::from_secs(10 * tick))).await;
            assert_eq!(discovery.registry.read().len(), 1501, "after {tick} intervals");
        }
        discovery.bury_silent_brokers(start.after(Duration::from_secs(70))).await;
        assert_eq!(discovery.registry.read().len(), 1);
        assert!(!discovery.heartbeat("Broker.one", BROKER).await.unwrap().known);
        drop(discovery);
        let discovery = recover(directory.path());
        assert_eq!(discovery.registry.read().len(), 1);
        assert!(discovery.heartbeat("Broker.one", BROKER).await.unwrap().known);
    }
}
