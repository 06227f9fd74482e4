//! What the master's routes and drivers share.

use std::collections::HashMap;
use std::sync::Arc;

use flow::{Envelope, MasterProfile};
use message_bus::{Bus, Lock};
use ngsi::SubscriptionId;
use orchestration::{Event, IntentId, Orchestrator, StoredIntent, SubscriptionKey};
use parking_lot::Mutex;
use service::Node;
use service::http::Readiness;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::metrics::Gauges;
use crate::replica::Estate;
use crate::standing::Standing;
use crate::tables::Tables;

/// Inputs waiting for the reconciler; whoever has more waits.
const WAITING_INPUTS: usize = 4_096;
/// Questions asked of other services at once.
const QUESTIONS: usize = 64;

/// A look at the orchestrator from outside its owner.
type Look = Box<dyn FnOnce(&Orchestrator) + Send>;

/// Everything that can happen to the reconciler.
pub(crate) enum Input {
    /// Something for the orchestrator.
    Event(Event),
    /// An intent, with its topology if the sender knew it; answered when it is on disk.
    Announced {
        /// The message.
        intent: Box<flow::ServiceIntent>,
        /// Whether it came from a designer that can be asked for it later.
        by_designer: bool,
        /// To be told.
        stored: oneshot::Sender<()>,
    },
    /// The topology of an intent was found.
    Resolved {
        /// The intent.
        intent: Box<flow::ServiceIntent>,
        /// Its topology, with operators.
        topology: Box<flow::Topology>,
        /// Which search found it; a newer announcement has another.
        search: u64,
    },
    /// This master has become the active one.
    Promoted {
        /// What makes it that, and carries its commands.
        lock: Arc<Lock>,
        /// Whether another one was, or may have been, active before.
        contended: bool,
    },
    /// It is not the active one any more.
    Demoted,
    /// An intent as the active master keeps it.
    Copied {
        /// The intent.
        stored: Box<StoredIntent>,
        /// Whether a designer announced it.
        by_designer: bool,
    },
    /// A question about the state.
    Look(Look),
}

/// Where notifications of a request for availability are expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Channel {
    pub(crate) key: SubscriptionKey,
    /// Tells the drivers for a key one after the other apart.
    pub(crate) driver: u64,
    /// Tells the subscriptions made for a key one after the other apart.
    pub(crate) epoch: u64,
    /// The id discovery gave, once it has answered.
    pub(crate) id: Option<SubscriptionId>,
    /// Whether discovery sends notifications that are not snapshots where ours would be one.
    pub(crate) plain: bool,
    /// Whether a complete set has arrived.
    pub(crate) complete: bool,
}

pub(crate) struct Master {
    pub(crate) node: Node,
    pub(crate) id: String,
    pub(crate) bus: Bus,
    pub(crate) tables: Tables,
    pub(crate) gauges: Gauges,
    pub(crate) questions: Arc<Semaphore>,
    pub(crate) discovery_ready: Readiness,
    pub(crate) channels: Mutex<HashMap<SubscriptionKey, Channel>>,
    pub(crate) standing: Standing,
    /// What the active master leaves to its successor.
    pub(crate) estate: Mutex<Estate>,
    /// Another master has become active.
    pub(crate) news: mpsc::Sender<()>,
    inputs: mpsc::Sender<Input>,
}

impl Master {
    pub(crate) fn new(node: Node, tables: Tables, bus: Bus, news: mpsc::Sender<()>) -> (Self, mpsc::Receiver<Input>) {
        let (inputs, receiver) = mpsc::channel(WAITING_INPUTS);
        let discovery_ready = node.readiness("discovery");
        discovery_ready.set(Ok(()));
        let master = Self {
            id: node.id("Master"),
            gauges: Gauges::new(&node.metrics),
            questions: Arc::new(Semaphore::new(QUESTIONS)),
            channels: Mutex::default(),
            standing: Standing::default(),
            estate: Mutex::default(),
            node,
            bus,
            tables,
            news,
            discovery_ready,
            inputs,
        };
        (master, receiver)
    }

    /// How it describes itself.
    pub(crate) fn profile(&self) -> MasterProfile {
        let config = &self.node.config;
        MasterProfile {
            id: self.id.clone(),
            location: config.location,
            agent: config.master_agent_url(),
            rest: config.master_url(),
            role: Some(self.standing.role()),
        }
    }

    /// A message of this master.
    pub(crate) fn envelope(&self, key: String, message: &flow::Message) -> Option<Envelope> {
        let written = Envelope::new(key, self.id.as_str(), message);
        written.inspect_err(|error| tracing::error!(%error, "a message cannot be written")).ok()
    }

    /// Hands something to the reconciler; waits for room. Whether it is still there.
    pub(crate) async fn tell(&self, input: Input) -> bool {
        self.inputs.send(input).await.is_ok()
    }

    /// Hands an event to the orchestrator.
    pub(crate) async fn event(&self, event: Event) -> bool {
        self.tell(Input::Event(event)).await
    }

    /// Reads something of the state; `None` while the master stops.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Orchestrator) -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        let look = move |orchestrator: &Orchestrator| drop(answer.send(look(orchestrator)));
        self.tell(Input::Look(Box::new(look))).await;
        answered.await.ok()
    }
}

/// The intent a message names.
pub(crate) fn intent_id(intent: &flow::ServiceIntent) -> IntentId {
    IntentId::from(intent.id.as_str())
}
