//! Dead brokers: what they registered goes with them.

use std::sync::Arc;
use std::time::Duration;

use availability::{Heartbeat, SilentBroker, origin};
use storage::Batch;
use tokio::time::MissedTickBehavior;

use crate::refusal::Refusal;
use crate::state::Discovery;

/// Looks at every interval for brokers that fell silent, until shutdown.
pub(crate) async fn run(discovery: Arc<Discovery>) {
    let shutdown = discovery.node.shutdown.clone();
    let mut ticks = tokio::time::interval(Duration::from_secs(discovery.node.config.broker.heartbeat_interval));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let watch = async {
        loop {
            ticks.tick().await;
            discovery.bury_silent_brokers(service::now()).await;
            discovery.measure();
        }
    };
    shutdown.run_until_cancelled(watch).await;
}

impl Discovery {
    /// Notes a heartbeat.
    pub(crate) async fn heartbeat(&self, id: &str, url: &str) -> Result<Heartbeat, Refusal> {
        let heartbeat = self.brokers.lock().heartbeat(id, url, service::now())?;
        if !heartbeat.known {
            tracing::info!(broker = id, url, "a broker is heard of");
            let mut batch = Batch::new();
            self.tables.put_broker(&mut batch, id, url);
            self.store.commit(batch).await?;
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
        Ok(self.store.commit(batch).await?)
    }
}
