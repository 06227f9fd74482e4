//! What each subscription of ours wants from other brokers, and what it holds there.
//!
//! Messages only change what is wanted; [`super::spanning`] then makes what is held equal to it, step by step, so an answer
//! that was lost or a broker that was away is made up for by looking again.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ngsi::v1::EntityRef;
use ngsi::{EntityId, Name, SubscriptionId};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// Entities in one subscription at another broker.
const BATCH: usize = 1_000;
/// How long a message about an identifier may get ahead of the answer that tells it.
const EARLY: Duration = Duration::from_secs(3);

/// What a subscription holds elsewhere, as it is written to disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LinkRecord {
    /// Its subscription at discovery.
    pub(super) availability: Option<SubscriptionId>,
    /// Its subscriptions at other brokers.
    pub(super) remotes: Vec<RemoteSubscription>,
}

/// A subscription at another broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RemoteSubscription {
    pub(super) provider: String,
    pub(super) id: SubscriptionId,
    pub(super) entities: Vec<EntityId>,
    /// An entity of it was announced again: its broker may have been restarted, and the original broker forgets
    /// subscriptions then.
    #[serde(skip)]
    pub(super) in_doubt: bool,
}

/// The next thing to do for a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Subscribe to availability, in place of the subscription named.
    Watch(Option<SubscriptionId>),
    Unwatch(SubscriptionId),
    Subscribe {
        provider: String,
        entities: Vec<EntityRef>,
    },
    Cancel(RemoteSubscription),
    Verify(RemoteSubscription),
    /// Nothing is held any more.
    Forget,
}

impl Step {
    /// Whom the step talks to; discovery is the empty name.
    pub(super) fn peer(&self) -> &str {
        match self {
            Self::Subscribe { provider, .. } => provider,
            Self::Cancel(remote) | Self::Verify(remote) => &remote.provider,
            Self::Watch(_) | Self::Unwatch(_) | Self::Forget => "",
        }
    }
}

/// An entity that lives elsewhere.
struct Wanted {
    provider: String,
    entity_type: Name,
    announcement: u64,
}

#[derive(Default)]
struct Link {
    held: LinkRecord,
    wanted: HashMap<EntityId, Wanted>,
    /// The parts so far of everything that is available.
    snapshot: HashMap<EntityId, Wanted>,
    /// How often entities were said to be available: tells an announcement from the one before.
    announcements: u64,
    renew: bool,
    ended: bool,
    driving: bool,
}

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
            let mut wanted = HashMap::new();
            for remote in &held.remotes {
                table.by_remote.insert(remote.id.clone(), id.clone());
                let provider = &remote.provider;
                let entities = remote.entities.iter();
                wanted.extend(entities.map(|e| (e.clone(), Wanted::new(provider.clone(), Name::default(), 0))));
            }
            table.links.insert(id, Link { held, wanted, renew: true, ..Link::default() });
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
        Making(&self.in_the_making)
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
        let known = gone.into_iter().filter_map(|entity| {
            let announcement = link.wanted.get(&entity)?.announcement;
            Some((entity, announcement))
        });
        known.collect()
    }

    /// Entities that are gone, unless they were announced again since.
    pub(super) fn unwant(&self, id: &SubscriptionId, gone: &[(EntityId, u64)]) {
        if let Some(link) = self.table.lock().links.get_mut(id) {
            for (entity, announcement) in gone {
                if link.wanted.get(entity).is_some_and(|wanted| wanted.announcement == *announcement) {
                    link.wanted.remove(entity);
                }
            }
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

    async fn look_up(&self, find: impl Fn(&Table) -> Option<SubscriptionId>) -> Option<SubscriptionId> {
        let deadline = tokio::time::Instant::now() + EARLY;
        loop {
            let mut learned = std::pin::pin!(self.learned.notified());
            learned.as_mut().enable();
            let found = find(&self.table.lock());
            if found.is_some() || tokio::time::timeout_at(deadline, learned).await.is_err() {
                return found;
            }
        }
    }
}

/// See [`Links::making`].
pub(super) struct Making<'a>(&'a AtomicUsize);

impl Drop for Making<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Steps remain that may not be taken yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LeftOut;

/// How much of what is available a message tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Something more.
    Some,
    /// A part of all there is.
    OfAll { first: bool, last: bool },
}

impl Wanted {
    fn new(provider: String, entity_type: Name, announcement: u64) -> Self {
        Self { provider, entity_type, announcement }
    }
}

impl Link {
    fn want(&mut self, found: Vec<(String, EntityRef)>, part: Part) {
        self.doubt(&found);
        self.announcements += 1;
        let announcement = self.announcements;
        let found = found.into_iter().map(|(provider, e)| (e.id, Wanted::new(provider, e.entity_type, announcement)));
        let Part::OfAll { first, last } = part else {
            self.wanted.extend(found);
            return;
        };
        if first {
            self.snapshot.clear();
        }
        self.snapshot.extend(found);
        if last {
            self.wanted = std::mem::take(&mut self.snapshot);
        }
    }

    fn doubt(&mut self, announced: &[(String, EntityRef)]) {
        let announced: HashSet<_> =
            announced.iter().map(|(provider, entity)| (provider.as_str(), &entity.id)).collect();
        for remote in &mut self.held.remotes {
            let provider = remote.provider.as_str();
            remote.in_doubt |= remote.entities.iter().any(|entity| announced.contains(&(provider, entity)));
        }
    }

    fn steps(&self) -> Vec<Step> {
        if self.ended {
            return self.last_steps();
        }
        let mut steps = Vec::new();
        if self.renew || self.held.availability.is_none() {
            steps.push(Step::Watch(self.held.availability.clone()));
        }
        let serves = |remote: &RemoteSubscription, entity: &EntityId| {
            self.wanted.get(entity).is_some_and(|wanted| wanted.provider == remote.provider)
        };
        let useless = self.held.remotes.iter().filter(|remote| !remote.entities.iter().any(|e| serves(remote, e)));
        steps.extend(useless.cloned().map(Step::Cancel));
        let doubtful = self.held.remotes.iter().filter(|remote| remote.in_doubt);
        steps.extend(doubtful.cloned().map(Step::Verify));
        let missing = self.missing().into_iter();
        steps.extend(missing.map(|(provider, entities)| Step::Subscribe { provider, entities }));
        steps
    }

    fn last_steps(&self) -> Vec<Step> {
        let unwatch = self.held.availability.clone().map(Step::Unwatch);
        let mut steps: Vec<_> =
            unwatch.into_iter().chain(self.held.remotes.iter().cloned().map(Step::Cancel)).collect();
        if steps.is_empty() {
            steps.push(Step::Forget);
        }
        steps
    }

    /// What is wanted and not subscribed yet, by provider.
    fn missing(&self) -> HashMap<String, Vec<EntityRef>> {
        let covered: HashSet<(&str, &EntityId)> = self
            .held
            .remotes
            .iter()
            .flat_map(|remote| remote.entities.iter().map(|entity| (remote.provider.as_str(), entity)))
            .collect();
        let mut missing: HashMap<String, Vec<EntityRef>> = HashMap::new();
        for (id, Wanted { provider, entity_type, .. }) in &self.wanted {
            if covered.contains(&(provider.as_str(), id)) {
                continue;
            }
            let entities = missing.entry(provider.clone()).or_default();
            if entities.len() < BATCH {
                entities.push(EntityRef { id: id.clone(), entity_type: entity_type.clone(), is_pattern: false });
            }
        }
        missing
    }
}
