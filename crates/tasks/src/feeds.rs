//! The subscriptions that feed an instance.

use std::collections::btree_map::Entry;

use flow::InputStream;

use crate::record::{Feed, Phase, Record};
use crate::{Action, Subscription};

impl Record {
    pub(crate) fn active_feeds(&self) -> impl Iterator<Item = (&InputStream, &Subscription)> {
        self.feeds.iter().filter_map(|(input, feed)| match feed {
            Feed::Active(subscription) => Some((input, subscription)),
            Feed::Asked => None,
        })
    }

    /// The URL to notify, while there is one.
    pub(crate) fn reference(&self) -> Option<&str> {
        match &self.phase {
            Phase::Running { address, .. } => Some(&address.reference),
            _ => None,
        }
    }

    /// Makes subscriptions agree with the inputs, and with where the instance is reached if it runs.
    pub(crate) fn align_feeds(&mut self, actions: &mut Vec<Action>) {
        let surplus: Vec<InputStream> =
            self.feeds.keys().filter(|input| !self.instance.inputs.contains(input)).cloned().collect();
        for input in surplus {
            self.drop_feed(&input, actions);
        }
        let Some(reference) = self.reference().map(str::to_owned) else { return };
        for input in self.instance.clone().inputs.iter() {
            self.feed(input, &reference, actions);
        }
    }

    fn feed(&mut self, input: &InputStream, reference: &str, actions: &mut Vec<Action>) {
        if self.feeds.get(input).is_some_and(|feed| matches!(feed, Feed::Active(s) if s.reference != reference)) {
            self.drop_feed(input, actions);
        }
        if let Entry::Vacant(slot) = self.feeds.entry(input.clone()) {
            slot.insert(Feed::Asked);
            let (task, input, reference) = (self.instance.id.clone(), input.clone(), reference.to_owned());
            actions.push(Action::Subscribe { task, input, reference });
        }
    }

    /// Asks anew for what was asked for while the instance was reached elsewhere.
    pub(crate) fn restart_feeds(&mut self, actions: &mut Vec<Action>) {
        self.feeds.retain(|_, feed| *feed != Feed::Asked);
        self.align_feeds(actions);
    }

    /// An instance that starts anew has to be told how its inputs stand, as brokers do at the start of a subscription.
    pub(crate) fn unsubscribe_active(&mut self, actions: &mut Vec<Action>) {
        let active: Vec<InputStream> = self.active_feeds().map(|(input, _)| input.clone()).collect();
        for input in active {
            self.drop_feed(&input, actions);
        }
    }

    pub(crate) fn unsubscribe_all(&mut self, actions: &mut Vec<Action>) {
        let inputs: Vec<InputStream> = self.feeds.keys().cloned().collect();
        for input in inputs {
            self.drop_feed(&input, actions);
        }
    }

    fn drop_feed(&mut self, input: &InputStream, actions: &mut Vec<Action>) {
        let task = self.instance.id.clone();
        match self.feeds.remove(input) {
            Some(Feed::Active(subscription)) => self.cancel(subscription, actions),
            Some(Feed::Asked) => actions.push(Action::AbandonSubscribe { task, input: input.clone() }),
            None => {}
        }
    }

    /// Cancels a subscription that nothing uses.
    pub(crate) fn cancel(&mut self, subscription: Subscription, actions: &mut Vec<Action>) {
        self.dirty = true;
        if self.stale.insert(subscription.clone()) {
            actions.push(Action::Unsubscribe { task: self.instance.id.clone(), subscription });
        }
    }

    /// Takes a new subscription into use, or cancels it when it came too late.
    pub(crate) fn subscribed(&mut self, input: &InputStream, subscription: Subscription, actions: &mut Vec<Action>) {
        self.dirty = true;
        let current = self.reference() == Some(&subscription.reference);
        match self.feeds.get_mut(input) {
            Some(feed @ Feed::Asked) if current => *feed = Feed::Active(subscription),
            Some(Feed::Active(known)) if *known == subscription => {}
            _ => self.cancel(subscription, actions),
        }
    }

    /// Asks again for a subscription that its broker has lost.
    pub(crate) fn lost(&mut self, subscription: &Subscription, actions: &mut Vec<Action>) {
        self.feeds.retain(|_, feed| !matches!(feed, Feed::Active(known) if known == subscription));
        self.dirty = true;
        self.align_feeds(actions);
    }
}
