//! Time, chance, and messages on their way.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use flow::Message;
use ngsi::v1::ngsi9::AvailabilityRequest;
use orchestration::SubscriptionKey;

/// SplitMix64.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// Something that arrives at a time.
#[derive(Debug, Clone)]
pub(crate) enum Arrival {
    /// On the bus, from a worker (its index and the life that sent it).
    AtMaster { from: usize, message: Message },
    /// On the bus, for a worker.
    AtWorker { to: usize, message: Message },
    /// The engine of a worker has something to say to the process that asked.
    Engine { worker: usize, life: u64, event: tasks::Event },
    /// The master's driver of a request should look at it.
    Driver { life: u64, key: SubscriptionKey },
    /// A subscription request reaches discovery.
    Subscribe { life: u64, key: SubscriptionKey, request: Box<AvailabilityRequest> },
    /// Discovery's answer.
    Subscribed { life: u64, key: SubscriptionKey, id: u64, empty: bool },
    /// Discovery should look at a subscriber's queue.
    Outbox { id: u64 },
    /// A worker process looks at the time.
    WorkerTick { worker: usize, life: u64 },
    /// A worker process sends a heartbeat.
    Heartbeat { worker: usize, life: u64 },
    /// The master looks at the time.
    MasterTick { life: u64 },
    /// Something goes wrong, or changes.
    Fault,
    /// A worker process starts again.
    WorkerStart { worker: usize },
    /// The master starts again.
    MasterStart,
    /// A broker registers everything again at a discovery that has lost it.
    Reregister,
    /// The designer says everything again.
    Announce,
}

/// Arrivals in order of time.
#[derive(Default)]
pub(crate) struct Agenda {
    order: BinaryHeap<Reverse<(i64, u64)>>,
    arrivals: BTreeMap<u64, Arrival>,
    next: u64,
}

impl Agenda {
    pub(crate) fn at(&mut self, ms: i64, arrival: Arrival) {
        self.next += 1;
        self.arrivals.insert(self.next, arrival);
        self.order.push(Reverse((ms, self.next)));
    }

    pub(crate) fn pop(&mut self) -> Option<(i64, Arrival)> {
        let Reverse((ms, number)) = self.order.pop()?;
        Some((ms, self.arrivals.remove(&number)?))
    }
}
