//! What each subscription of ours wants from other brokers, and what it holds there.
//!
//! Messages only change what is wanted; [`super::spanning`] then makes what is held equal to it, step by step, so an answer
//! that was lost or a broker that was away is made up for by looking again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ngsi::v1::EntityRef;
use ngsi::{EntityId, SubscriptionId};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::link::{Link, LinkRecord, Part, RemoteSubscription, Step};

/// How long a message about an identifier may get ahead of the answer that tells it.
const EARLY: Duration = Duration::from_secs(3);

#[derive(Default)]
struct Table {
    links: HashMap<SubscriptionId, Link>,
    by_availability: HashMap<SubscriptionId, SubscriptionId>,
    by_remote: HashMap<SubscriptionId, SubscriptionId>,
}

#[derive(Default)]
pub(crate) struct Links {
    table: Mutex<Table>,
    learned: Notify,
    /// Subscriptions elsewhere that are being made: their identifiers are not known yet.
    in_the_making: AtomicUsize,
    /// Something to do has turned up.
    pub(super) nudge: Notify,
}

impl Links {
    /// Takes over what was held before a restart. The subscription at discovery is made anew: only that tells what changed
    /// meanwhile.
    pub(crate) fn recover(&self, links: HashMap<SubscriptionId, LinkRecord>) {
        let mut table = self.table.lock();
        for (id, held) in links {
            for remote in &held.remotes {
                table.by_remote.insert(remote.id.clone(), id.clone());
            }
            table.links.insert(id, Link::recovered(held));
        }
    }

    pub(super) fn ids(&self) -> Vec<SubscriptionId> {
        self.table.lock().links.keys().cloned().collect()
    }

    pub(super) fn begin(&self, id: &SubscriptionId) {
        self.table.lock().links.entry(id.clone()).or_default();
    }

    /// The subscription is over; whether it holds anything.
    pub(super) fn end(&self, id: &SubscriptionId) -> bool {
        let mut table = self.table.lock();
        let Some(link) = table.links.get_mut(id) else { return false };
        link.ended = true;
        self.nudge.notify_waiters();
        true
    }

    pub(super) fn renew(&self, id: &SubscriptionId) {
        if let Some(link) = self.table.lock().links.get_mut(id) {
            link.renew = true;
        }
        self.nudge.notify_waiters();
    }

    /// Whether the caller is to start the driver.
    pub(super) fn start_driving(&self, id: &SubscriptionId) -> bool {
        self.table.lock().links.get_mut(id).is_some_and(|link| !std::mem::replace(&mut link.driving, true))
    }

    /// What is to be done, for peers that `may` be talked to now. `None` ends the driver, unless steps were left out.
    pub(super) fn next(&self, id: &SubscriptionId, may: impl Fn(&str) -> bool) -> Option<Result<Step, LeftOut>> {
        let mut table = self.table.lock();
        let link = table.links.get_mut(id)?;
        let mut left_out = false;
        for step in link.steps() {
            if may(step.peer()) {
                return Some(Ok(step));
            }
            left_out = true;
        }
        if left_out {
            return Some(Err(LeftOut));
        }
        link.driving = false;
        None
    }

    /// While this is kept, an unknown identifier may be one that is about to be told.
    pub(super) fn making(&self) -> Making<'_> {
        self.in_the_making.fetch_add(1, Ordering::AcqRel);
        Making(self)
    }

    pub(super) fn is_making(&self) -> bool {
        self.in_the_making.load(Ordering::Acquire) > 0
    }

    pub(super) fn verified(&self, id: &SubscriptionId, remote: &SubscriptionId) {
        if let Some(link) = self.table.lock().links.get_mut(id) {
            for held in link.held.remotes.iter_mut().filter(|held| held.id == *remote) {
                held.in_doubt = false;
            }
        }
    }

    pub(super) fn watched(&self, id: &SubscriptionId, availability: SubscriptionId) -> Option<LinkRecord> {
        let mut table = self.table.lock();
        let link = table.links.get_mut(id)?;
        let former = link.held.availability.replace(availability.clone());
        link.renew = false;
        let held = link.held.clone();
        if let Some(former) = former {
            table.by_availability.remove(&former);
        }
        table.by_availability.insert(availability, id.clone());
        self.learned.notify_waiters();
        Some(held)
    }

    pub(super) fn unwatched(&self, id: &SubscriptionId) -> Option<LinkRecord> {
        let mut table = self.table.lock();
        let link = table.links.get_mut(id)?;
        let former = link.held.availability.take();
        let held = link.held.clone();
        if let Some(former) = former {
            table.by_availability.remove(&former);
        }
        Some(held)
    }

    pub(super) fn subscribed(&self, id: &SubscriptionId, remote: RemoteSubscription) -> Option<LinkRecord> {
        let mut table = self.table.lock();
        table.by_remote.insert(remote.id.clone(), id.clone());
        let link = table.links.get_mut(id)?;
        link.held.remotes.push(remote);
        self.learned.notify_waiters();
        Some(link.held.clone())
    }

    pub(super) fn cancelled(&self, id: &SubscriptionId, remote: &SubscriptionId) -> Option<LinkRecord> {
        let mut table = self.table.lock();
        table.by_remote.remove(remote);
        let link = table.links.get_mut(id)?;
        link.held.remotes.retain(|held| held.id != *remote);
        Some(link.held.clone())
    }

    pub(super) fn forgotten(&self, id: &SubscriptionId) {
        self.table.lock().links.remove(id);
    }

    /// Entities that are available elsewhere.
    pub(super) fn want(&self, id: &SubscriptionId, found: Vec<(String, EntityRef)>, part: Part) {
        if let Some(link) = self.table.lock().links.get_mut(id) {
            link.want(found, part);
        }
        self.nudge.notify_waiters();
    }

    /// Entities that are said to be gone, each with its last announcement.
    pub(super) fn leaving(&self, id: &SubscriptionId, gone: Vec<EntityId>) -> Vec<(EntityId, u64)> {
        let table = self.table.lock();
        let Some(link) = table.links.get(id) else { return Vec::new() };
        link.leaving(gone)
    }

    /// Entities that are gone, unless they were announced again since.
    pub(super) fn unwant(&self, id: &SubscriptionId, gone: &[(EntityId, u64)]) {
        if let Some(link) = self.table.lock().links.get_mut(id) {
            link.unwant(gone);
        }
        self.nudge.notify_waiters();
    }

    /// The subscription of ours behind one at discovery.
    pub(super) async fn of_availability(&self, id: &SubscriptionId) -> Option<SubscriptionId> {
        self.look_up(|table| table.by_availability.get(id).cloned()).await
    }

    /// The subscription of ours behind one at another broker.
    pub(super) async fn of_remote(&self, id: &SubscriptionId) -> Option<SubscriptionId> {
        self.look_up(|table| table.by_remote.get(id).cloned()).await
    }

    /// Waits only while an identifier may be about to be told.
    async fn look_up(&self, find: impl Fn(&Table) -> Option<SubscriptionId>) -> Option<SubscriptionId> {
        let deadline = tokio::time::Instant::now() + EARLY;
        loop {
            let mut learned = std::pin::pin!(self.learned.notified());
            learned.as_mut().enable();
            let awaited = self.is_making();
            let found = find(&self.table.lock());
            if found.is_some() || !awaited || tokio::time::timeout_at(deadline, learned).await.is_err() {
                return found;
            }
        }
    }
}

/// See [`Links::making`].
pub(super) struct Making<'a>(&'a Links);

impl Drop for Making<'_> {
    fn drop(&mut self) {
        self.0.in_the_making.fetch_sub(1, Ordering::AcqRel);
        self.0.learned.notify_waiters();
    }
}

/// Steps remain that may not be taken yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LeftOut;

#[cfg(test)]
mod tests {
    use super::*;

    async fn told(links: &Links) -> Option<SubscriptionId> {
        links.of_remote(&SubscriptionId::from("unknown")).await
    }

    #[tokio::test]
    async fn an_identifier_is_waited_for_only_while_one_is_awaited() {
        let links = Links::default();
        assert_eq!(futures_util::FutureExt::now_or_never(told(&links)), Some(None), "answered at once");
        let making = links.making();
        let mut waiting = std::pin::pin!(told(&links));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        drop(making);
        assert_eq!(waiting.await, None);
    }
}
