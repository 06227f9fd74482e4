//! Subscriptions whose sources are subscribed at, and what makes us look at them again: a change of one or the other.

use std::collections::BTreeSet;
use std::sync::Arc;

use context::Subscribed;
use context::sources::{Errand, HasSource, Pair, Wish, wish, wishes};
use ngsi::{RegistrationId, SubscriptionId};

use super::registered::{Registered, base_of};
use super::{MAX_FOLLOWED, NOTIFICATIONS, errands};
use crate::broker::Broker;
use crate::notifier::Subscriber;

/// Subscriptions that are looked at before others get their turn.
const AT_A_TIME: usize = 256;

impl Broker {
    /// Looks at all there is, after a start.
    pub(crate) async fn follow_all(self: &Arc<Self>) {
        let (parted, ids): (Vec<_>, BTreeSet<_>) = {
            let holds = self.sources.holds.lock();
            let parted = holds.parted().map(|hold| (base_of(&hold.place).to_owned(), hold.key.clone())).collect();
            (parted, holds.current().map(|hold| hold.subscription.clone()).collect())
        };
        for (peer, key) in parted {
            self.note_errand(&peer, Errand::End(key));
        }
        if self.sources.is_empty() && ids.is_empty() {
            return;
        }
        let all: Vec<_> = self.subscribers.read().iter().map(|subscriber| subscriber.id().clone()).chain(ids).collect();
        for some in all.chunks(AT_A_TIME) {
            some.iter().for_each(|id| self.follow_subscription(id));
            tokio::task::yield_now().await;
        }
    }

    /// A subscription was made, changed or ended.
    pub(crate) fn follow_subscription(self: &Arc<Self>, id: &SubscriptionId) {
        let held = self.sources.holds.lock().of_subscription(id);
        if held.is_empty() && self.sources.is_empty() {
            return;
        }
        let mut all: BTreeSet<RegistrationId> = held.into_iter().collect();
        let subscriber = self.subscribers.read().get(id.as_str()).cloned();
        if let Some(subscriber) = subscriber {
            let (reference, now) = (self.reference(), service::now());
            let wished =
                self.sources.with(|sources| wishes(sources, subscriber.subscription(), &reference, now, MAX_FOLLOWED));
            all.extend(wished.into_iter().map(|(source, _)| source.source().registration.id.clone()));
        }
        for registration in all {
            self.look_at((id.clone(), registration));
        }
    }

    /// A registration was made, changed or ended.
    pub(super) fn follow_source(self: &Arc<Self>, id: RegistrationId) {
        let broker = self.clone();
        self.node.tasks.spawn(async move {
            broker.sources.holds.lock().doubt(&id);
            let held = broker.sources.holds.lock().of_source(&id);
            let all: Vec<_> = broker.subscribers.read().iter().map(|subscriber| subscriber.id().clone()).collect();
            held.into_iter().for_each(|subscription| broker.look_at((subscription, id.clone())));
            for some in all.chunks(AT_A_TIME) {
                let pairs = some.iter().map(|subscription| (subscription.clone(), id.clone()));
                pairs.filter(|pair| broker.wished(pair).is_some()).for_each(|pair| broker.look_at(pair));
                tokio::task::yield_now().await;
            }
        });
    }

    /// Looks at pairs of which one or the other has ended by itself.
    pub(crate) fn follow_ended(self: &Arc<Self>) {
        let pairs: Vec<Pair> = self.sources.holds.lock().current().map(|hold| hold.pair()).collect();
        pairs.into_iter().filter(|pair| self.has_ended(pair)).for_each(|pair| self.look_at(pair));
    }

    fn has_ended(&self, (subscription, registration): &Pair) -> bool {
        let now = service::now();
        let subscriber = self.subscribers.read().get(subscription.as_str()).cloned();
        let source = self.sources.with(|sources| sources.get(registration.as_str()).cloned());
        subscriber.is_none_or(|subscriber| subscriber.subscription().is_expired(now))
            || source.is_none_or(|source| !source.source().is_current(now))
    }

    /// What is wished of a source for a pair.
    pub(super) fn wished(
        &self,
        (subscription, registration): &Pair,
    ) -> Option<(Arc<Subscriber>, Arc<Registered>, Wish)> {
        let subscriber = self.subscribers.read().get(subscription.as_str()).cloned()?;
        let source = self.sources.with(|sources| sources.get(registration.as_str()).cloned())?;
        let wish = wish(subscriber.subscription(), source.source(), &self.reference(), service::now())?;
        Some((subscriber, source, wish))
    }

    /// Sees to it that somebody looks at a pair.
    pub(super) fn look_at(self: &Arc<Self>, pair: Pair) {
        let source = self.sources.with(|sources| sources.get(pair.1.as_str()).cloned());
        let peer = match &source {
            Some(source) => Some(source.base().to_owned()),
            None => self.sources.holds.lock().of_pair(&pair).map(|hold| base_of(&hold.place).to_owned()),
        };
        if let Some(peer) = peer {
            self.note_errand(&peer, Errand::Look(pair));
        }
    }

    pub(super) fn note_errand(self: &Arc<Self>, peer: &str, errand: Errand) {
        if self.sources.holds.lock().note(peer, errand) {
            errands::drive(self, peer);
        }
    }

    /// Where notifications of sources go to, without what each is known by.
    pub(super) fn reference(&self) -> String {
        let base = self.own_url().trim_end_matches("/ngsi10");
        match self.tenant.as_str() {
            "" => format!("{base}{NOTIFICATIONS}"),
            tenant => format!("{base}{NOTIFICATIONS}{tenant}."),
        }
    }
}
