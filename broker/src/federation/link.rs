//! What one subscription of ours wants from other brokers against what it holds there, and the steps from one to the other.

use std::collections::{HashMap, HashSet};

use ngsi::v1::EntityRef;
use ngsi::{EntityId, Name, SubscriptionId};
use serde::{Deserialize, Serialize};

/// Entities in one subscription at another broker.
const BATCH: usize = 1_000;

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
pub(super) struct Link {
    pub(super) held: LinkRecord,
    wanted: HashMap<EntityId, Wanted>,
    /// The parts so far of everything that is available.
    snapshot: HashMap<EntityId, Wanted>,
    /// How often entities were said to be available: tells an announcement from the one before.
    announcements: u64,
    /// The subscription at discovery is to be made anew.
    pub(super) renew: bool,
    pub(super) ended: bool,
    /// Somebody is taking its steps.
    pub(super) driving: bool,
}

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
    /// After a restart what is held is wanted until discovery, asked anew, says what has changed.
    pub(super) fn recovered(held: LinkRecord) -> Self {
        let entities =
            held.remotes.iter().flat_map(|remote| remote.entities.iter().map(move |e| (e, &remote.provider)));
        let wanted =
            entities.map(|(entity, provider)| (entity.clone(), Wanted::new(provider.clone(), Name::default(), 0)));
        Self { wanted: wanted.collect(), held, renew: true, ..Self::default() }
    }

    pub(super) fn want(&mut self, found: Vec<(String, EntityRef)>, part: Part) {
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

    pub(super) fn leaving(&self, gone: Vec<EntityId>) -> Vec<(EntityId, u64)> {
        let known = gone.into_iter().filter_map(|entity| {
            let announcement = self.wanted.get(&entity)?.announcement;
            Some((entity, announcement))
        });
        known.collect()
    }

    pub(super) fn unwant(&mut self, gone: &[(EntityId, u64)]) {
        for (entity, announcement) in gone {
            if self.wanted.get(entity).is_some_and(|wanted| wanted.announcement == *announcement) {
                self.wanted.remove(entity);
            }
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

    pub(super) fn steps(&self) -> Vec<Step> {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn found(provider: &str, ids: &[&str]) -> Vec<(String, EntityRef)> {
        ids.iter().map(|id| (provider.to_owned(), EntityRef::id(EntityId::from(*id)))).collect()
    }

    fn remote(provider: &str, id: &str, entities: &[&str]) -> RemoteSubscription {
        let entities = entities.iter().map(|id| EntityId::from(*id)).collect();
        RemoteSubscription { provider: provider.into(), id: SubscriptionId::from(id), entities, in_doubt: false }
    }

    fn watching() -> Link {
        let held = LinkRecord { availability: Some(SubscriptionId::from("a")), remotes: Vec::new() };
        Link { held, ..Link::default() }
    }

    #[test]
    fn a_new_link_watches_and_a_renewed_one_replaces_what_it_watched() {
        assert_eq!(Link::default().steps(), [Step::Watch(None)]);
        let link = Link { renew: true, ..watching() };
        assert_eq!(link.steps(), [Step::Watch(Some(SubscriptionId::from("a")))]);
    }

    #[test]
    fn what_is_wanted_is_subscribed_once_per_provider() {
        let mut link = watching();
        link.want(found("p", &["e"]), Part::Some);
        let entities = found("p", &["e"]).into_iter().map(|(_, entity)| entity).collect();
        assert_eq!(link.steps(), [Step::Subscribe { provider: "p".into(), entities }]);
        link.held.remotes.push(remote("p", "r", &["e"]));
        assert_eq!(link.steps(), []);
        let mut many = watching();
        let ids: Vec<String> = (0..BATCH + 1).map(|number| number.to_string()).collect();
        many.want(found("p", &ids.iter().map(String::as_str).collect::<Vec<_>>()), Part::Some);
        assert!(matches!(&many.steps()[..], [Step::Subscribe { entities, .. }] if entities.len() == BATCH));
    }

    #[test]
    fn a_complete_snapshot_makes_the_rest_useless() {
        let mut link = watching();
        link.want(found("p", &["e", "f"]), Part::Some);
        link.held.remotes = vec![remote("p", "r1", &["e"]), remote("p", "r2", &["f"])];
        link.want(found("q", &["g"]), Part::OfAll { first: true, last: false });
        link.want(found("p", &["f"]), Part::OfAll { first: false, last: true });
        let steps = link.steps();
        assert_eq!(steps[0], Step::Cancel(remote("p", "r1", &["e"])));
        assert!(matches!(&steps[1], Step::Verify(remote) if remote.id == "r2"));
        assert!(matches!(&steps[2], Step::Subscribe { provider, .. } if provider == "q"));
        assert_eq!(steps.len(), 3);
    }

    #[test]
    fn an_entity_that_moves_is_subscribed_where_it_is() {
        let mut link = watching();
        link.want(found("p", &["e"]), Part::Some);
        link.held.remotes.push(remote("p", "r", &["e"]));
        link.want(found("q", &["e"]), Part::Some);
        let steps = link.steps();
        assert_eq!(steps[0], Step::Cancel(remote("p", "r", &["e"])));
        assert!(matches!(&steps[1], Step::Subscribe { provider, .. } if provider == "q"));
    }

    #[test]
    fn what_is_announced_again_does_not_leave() {
        let mut link = watching();
        link.want(found("p", &["e", "f"]), Part::Some);
        let leaving = link.leaving(vec![EntityId::from("e"), EntityId::from("f"), EntityId::from("unknown")]);
        link.want(found("p", &["e"]), Part::Some);
        link.unwant(&leaving);
        assert!(matches!(&link.steps()[..], [Step::Subscribe { entities, .. }] if entities[0].id == "e"));
    }

    #[test]
    fn an_ended_link_gives_everything_back_and_is_forgotten() {
        let mut link = watching();
        link.held.remotes.push(remote("p", "r", &["e"]));
        link.ended = true;
        assert_eq!(link.steps(), [Step::Unwatch(SubscriptionId::from("a")), Step::Cancel(remote("p", "r", &["e"]))]);
        link.held = LinkRecord::default();
        assert_eq!(link.steps(), [Step::Forget]);
    }
}
