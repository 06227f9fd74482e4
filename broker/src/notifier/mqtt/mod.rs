//! Publishing to MQTT brokers (MQTT 3.1.1): one connection for each broker and user, made when something is published and
//! closed when nothing has been for a while.
//!
//! A connection that breaks fails everything that waits for an acknowledgement on it; the drivers of the subscribers back off
//! and try again, and the first of them connects anew. So there is one rule of patience for HTTP and MQTT.

mod connection;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use context::outgoing::{MqttBroker, MqttMessage};
use parking_lot::Mutex;
use service::Node;

use connection::Connection;

/// How long an acknowledgement is waited for, the connection included.
const ACKNOWLEDGED: Duration = Duration::from_secs(10);

pub(crate) struct Mqtt {
    node: Node,
    connections: Mutex<HashMap<MqttBroker, Arc<Connection>>>,
}

impl Mqtt {
    pub(crate) fn new(node: Node) -> Arc<Self> {
        Arc::new(Self { node, connections: Mutex::default() })
    }

    /// Publishes a message and waits until it is acknowledged as its quality of service asks; of quality 0 it is sent, no more.
    ///
    /// # Errors
    /// In words.
    pub(super) async fn publish(self: &Arc<Self>, mut message: MqttMessage) -> Result<(), String> {
        let broker = message.broker.take().ok_or("the URL does not name an MQTT broker")?;
        let connection = self.connection(broker);
        match tokio::time::timeout(ACKNOWLEDGED, connection.publish(message)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(format!("no acknowledgement within {ACKNOWLEDGED:?}")),
        }
    }

    fn connection(self: &Arc<Self>, broker: MqttBroker) -> Arc<Connection> {
        let mut connections = self.connections.lock();
        if let Some(connection) = connections.get(&broker).filter(|connection| !connection.has_ended()) {
            return connection.clone();
        }
        let connection = Connection::open(&self.node, &broker);
        connections.insert(broker.clone(), connection.clone());
        let (mqtt, ended) = (self.clone(), connection.clone());
        self.node.tasks.spawn(async move {
            ended.run(&mqtt.node).await;
            let mut connections = mqtt.connections.lock();
            if connections.get(&broker).is_some_and(|present| Arc::ptr_eq(present, &ended)) {
                connections.remove(&broker);
            }
        });
        connection
    }
}
