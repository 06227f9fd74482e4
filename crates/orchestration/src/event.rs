//! What happens to an orchestrator, and what it wants done.

use std::sync::Arc;

use flow::{InstanceStatus, Message, ServiceIntent, TaskId, TaskUpdate, Topology, WorkerId, WorkerProfile};
use ngsi::v1::EntityRef;
use ngsi::v1::ngsi9::AvailabilityRequest;
use ngsi::{EntityId, JsonText};
use serde::{Deserialize, Serialize};

use crate::Registration;

/// The identifier of an intent: `ServiceIntent.<uuid>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct IntentId(Arc<str>);

impl IntentId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for IntentId {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl std::fmt::Display for IntentId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One request for availability made for an intent. The same intent and request give the same key after a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriptionKey(pub u64);

impl std::fmt::Display for SubscriptionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl std::str::FromStr for SubscriptionKey {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

/// An intent as it is kept across restarts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredIntent {
    /// The intent.
    pub intent: ServiceIntent,
    /// Its topology, with operators.
    pub topology: Topology,
    /// 0 for the first intent on a topology; ids of instances depend on it.
    pub ordinal: u32,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// An intent was submitted, changed or announced again.
    Intent {
        /// The intent.
        intent: Box<ServiceIntent>,
        /// Its topology, with operators.
        topology: Box<Topology>,
    },
    /// An intent was withdrawn.
    IntentDeleted(IntentId),
    /// The complete set is being asked for, or begins to arrive; what is notified from here on is newer than that set.
    SnapshotBegun(SubscriptionKey),
    /// A part of the complete set, as it was at some time after [`Event::SnapshotBegun`].
    Snapshot {
        /// For which request.
        key: SubscriptionKey,
        /// What matches.
        registrations: Vec<Registration>,
        /// Whether this is the last part: what no part has named is gone.
        last: bool,
    },
    /// Registrations were created or changed.
    Available {
        /// For which request.
        key: SubscriptionKey,
        /// Those concerned.
        registrations: Vec<Registration>,
    },
    /// Registrations are gone.
    Unavailable {
        /// For which request.
        key: SubscriptionKey,
        /// The entities concerned.
        entities: Vec<EntityId>,
    },
    /// The answer to [`Effect::FetchEntity`].
    EntityFetched {
        /// For which request.
        key: SubscriptionKey,
        /// The entity.
        entity: EntityId,
        /// Its attributes by name.
        attributes: Vec<(String, JsonText)>,
    },
    /// `WORKER_JOIN`.
    WorkerJoined(Box<WorkerProfile>),
    /// `WORKER_HEARTBEAT`.
    Worker(Box<WorkerProfile>),
    /// `WORKER_LEAVE`.
    WorkerLeft(Box<WorkerProfile>),
    /// `TASK_UPDATE`.
    TaskUpdate {
        /// Who sent it.
        worker: WorkerId,
        /// What it says.
        update: Box<TaskUpdate>,
    },
    /// The bus is out of reach: the silence of workers means nothing.
    BusLost,
    /// The bus is there, or there again, and what is said on it arrives.
    BusBack,
    /// Time has passed; expected about once a second.
    Tick,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Keep a subscription at discovery until told otherwise; answer with a snapshot and all later changes.
    Subscribe {
        /// To be named in events.
        key: SubscriptionKey,
        /// What to subscribe to; the reference is the shell's to fill in.
        request: Box<AvailabilityRequest>,
    },
    /// End it.
    Unsubscribe(SubscriptionKey),
    /// Ask a broker for an entity whose attribute decides its group.
    FetchEntity {
        /// To be named in the answer.
        key: SubscriptionKey,
        /// The entity.
        entity: EntityRef,
        /// The broker that has it, with `/ngsi10`; empty when unknown.
        provider: String,
    },
    /// Send a message to a worker.
    Send {
        /// The worker.
        worker: WorkerId,
        /// The message.
        message: Box<Message>,
    },
    /// Keep this intent across restarts.
    PersistIntent(Box<StoredIntent>),
    /// Keep it no more.
    ForgetIntent(IntentId),
    /// Keep across restarts that this worker exists.
    RememberWorker(WorkerId),
    /// Keep it no more.
    ForgetWorker(WorkerId),
    /// For the log and the metrics.
    Changed(Box<InstanceChange>),
}

/// A task instance changed its worker or status.
#[derive(Debug, Clone, PartialEq)]
pub struct InstanceChange {
    /// The task instance.
    pub task: TaskId,
    /// Where it is; `None` while it waits.
    pub worker: Option<WorkerId>,
    /// Where it is to come from, when it migrates.
    pub from: Option<WorkerId>,
    /// What it does.
    pub status: InstanceStatus,
    /// Why.
    pub reason: String,
}
