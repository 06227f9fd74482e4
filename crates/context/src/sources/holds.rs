//! What is subscribed at sources, and what is still to be done there.
//!
//! A pair of a subscription and a registration is looked at whenever one of them may have changed: what the source is
//! subscribed to is made equal to what is wished. A subscription at a source has its identifier before the source is asked, and is
//! on disk before, so that one whose answer was lost is found again. What is not wished any more parts from its pair and is ended
//! by itself, wherever the source has moved meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;
use ngsi::registration::Operation;
use ngsi::{Registration, RegistrationId, SubscriptionId};
use serde::{Deserialize, Serialize};

use super::Wish;

/// A subscription at a source, as it is on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// What its notifications are known by; nobody can guess it.
    pub key: String,
    /// The subscription of ours that it is for.
    pub subscription: SubscriptionId,
    /// Its identifier at the source.
    pub id: String,
    /// How the source is reached: its registration without what it has.
    pub place: Registration,
    /// What the source has confirmed; nothing while it is not known whether it has the subscription.
    pub told: Option<Wish>,
    /// Whether it has been asked for something else since, of which it is not known whether it was done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsure: bool,
}

/// A subscription of ours and a registration.
pub type Pair = (SubscriptionId, RegistrationId);

/// Something to be done at a source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Errand {
    /// To see whether it has what it should have for a pair.
    Look(Pair),
    /// To end the subscription of that key, which is for no pair any more.
    End(String),
}

/// What makes a source have what it should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It has.
    Nothing,
    /// It is subscribed at.
    Create,
    /// Its subscription is changed.
    Update,
    /// Its subscription is for the pair no more; then the pair is looked at again.
    Part,
}

impl Hold {
    /// What of a registration it takes to reach its source.
    #[must_use]
    pub fn place_of(registration: &Registration) -> Registration {
        Registration {
            information: Vec::new(),
            places: Vec::new(),
            properties: Vec::new(),
            data_sets: Vec::new(),
            scopes: Vec::new(),
            ..registration.clone()
        }
    }

    /// What its source has for certain.
    #[must_use]
    pub fn certain(&self) -> Option<&Wish> {
        self.told.as_ref().filter(|_| !self.unsure)
    }

    /// The pair that it is or was for.
    #[must_use]
    pub fn pair(&self) -> Pair {
        (self.subscription.clone(), self.place.id.clone())
    }

    /// Whether its source may be told to end it.
    #[must_use]
    pub fn may_be_ended(&self) -> bool {
        self.place.allowed().has(Operation::DeleteSubscription)
    }

    fn is_at(&self, registration: &Registration) -> bool {
        self.place.endpoint == registration.endpoint && self.place.tenant == registration.tenant
    }
}

/// What is to be done for a pair that has that hold, where that is wished of the source of the registration. A hold `in_doubt` may
/// have been forgotten by its source.
#[must_use]
pub fn step(hold: Option<&Hold>, in_doubt: bool, wished: Option<(&Registration, &Wish)>) -> Step {
    match (hold, wished) {
        (None, None) => Step::Nothing,
        (None, Some(_)) => Step::Create,
        (Some(hold), Some((registration, wish))) if hold.is_at(registration) => match &hold.told {
            None => Step::Create,
            Some(_) if hold.certain() == Some(wish) && !in_doubt => Step::Nothing,
            Some(_) if registration.allowed().has(Operation::UpdateSubscription) => Step::Update,
            // Another one in its place would be one too many.
            Some(told) if told == wish && !hold.may_be_ended() => Step::Nothing,
            Some(_) => Step::Part,
        },
        (Some(_), _) => Step::Part,
    }
}

/// What one source, known by the URL of its interface, is still to be asked.
#[derive(Debug, Default)]
struct Errands {
    due: BTreeSet<Errand>,
    /// Somebody is doing them.
    driven: bool,
}

/// All holds, and all errands.
#[derive(Debug, Default)]
pub struct Holds {
    all: HashMap<String, Hold>,
    of_pairs: BTreeMap<Pair, String>,
    of_sources: BTreeSet<(RegistrationId, SubscriptionId)>,
    in_doubt: BTreeSet<Pair>,
    errands: HashMap<String, Errands>,
}

impl Holds {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Number of holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Adds a hold, or changes the one of its key. Of several for one pair only the first one is that of the pair.
    pub fn put(&mut self, hold: Hold) {
        let pair = hold.pair();
        if !self.all.contains_key(&hold.key) && !self.of_pairs.contains_key(&pair) {
            self.of_sources.insert((pair.1.clone(), pair.0.clone()));
            self.of_pairs.insert(pair, hold.key.clone());
        }
        self.all.insert(hold.key.clone(), hold);
    }

    /// Adds a hold that was on disk. Its source may have forgotten it meanwhile.
    pub fn recover(&mut self, hold: Hold) {
        self.in_doubt.insert(hold.pair());
        self.put(hold);
    }

    /// The hold of that key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Hold> {
        self.all.get(key)
    }

    /// The hold of a pair.
    #[must_use]
    pub fn of_pair(&self, pair: &Pair) -> Option<&Hold> {
        self.all.get(self.of_pairs.get(pair)?)
    }

    /// Whether the hold is that of its pair still.
    #[must_use]
    pub fn is_current(&self, hold: &Hold) -> bool {
        self.of_pairs.get(&hold.pair()) == Some(&hold.key)
    }

    /// The registrations of the sources at which there is something for a subscription.
    #[must_use]
    pub fn of_subscription(&self, id: &SubscriptionId) -> Vec<RegistrationId> {
        let from = (id.clone(), RegistrationId::default());
        let pairs = self.of_pairs.range(from..).take_while(|((subscription, _), _)| subscription == id);
        pairs.map(|((_, registration), _)| registration.clone()).collect()
    }

    /// The subscriptions for which there is something at the source of a registration.
    #[must_use]
    pub fn of_source(&self, id: &RegistrationId) -> Vec<SubscriptionId> {
        let from = (id.clone(), SubscriptionId::default());
        let pairs = self.of_sources.range(from..).take_while(|(registration, _)| registration == id);
        pairs.map(|(_, subscription)| subscription.clone()).collect()
    }

    /// Every hold that is that of its pair.
    pub fn current(&self) -> impl Iterator<Item = &Hold> {
        self.of_pairs.values().filter_map(|key| self.all.get(key))
    }

    /// Every hold that is for no pair any more.
    pub fn parted(&self) -> impl Iterator<Item = &Hold> {
        self.all.values().filter(|hold| !self.is_current(hold))
    }

    /// Doubts that the source of a registration has what it confirmed: it may have begun anew.
    pub fn doubt(&mut self, id: &RegistrationId) {
        let pairs = self.of_source(id).into_iter().map(|subscription| (subscription, id.clone()));
        self.in_doubt.extend(pairs);
    }

    /// Ends the doubt.
    pub fn believe(&mut self, pair: &Pair) {
        self.in_doubt.remove(pair);
    }

    /// What is to be done for a pair.
    #[must_use]
    pub fn step(&self, pair: &Pair, wished: Option<(&Registration, &Wish)>) -> Step {
        step(self.of_pair(pair), self.in_doubt.contains(pair), wished)
    }

    /// Takes the hold of a pair away from it. It is to be ended.
    pub fn part(&mut self, pair: &Pair) -> Option<&Hold> {
        let key = self.of_pairs.remove(pair)?;
        self.of_sources.remove(&(pair.1.clone(), pair.0.clone()));
        self.in_doubt.remove(pair);
        self.all.get(&key)
    }

    /// Forgets a hold.
    pub fn forget(&mut self, key: &str) {
        let Some(hold) = self.all.remove(key) else { return };
        let pair = hold.pair();
        if self.of_pairs.get(&pair).is_some_and(|current| current == key) {
            self.part(&pair);
        }
    }

    /// Notes that something is to be done at a source; whether somebody is to begin doing it.
    pub fn note(&mut self, peer: &str, errand: Errand) -> bool {
        let errands = self.errands.entry_ref(peer).or_default();
        errands.due.insert(errand);
        !std::mem::replace(&mut errands.driven, true)
    }

    /// Takes what is to be done next at a source. Nothing ends the doing.
    pub fn next(&mut self, peer: &str) -> Option<Errand> {
        let next = self.errands.get_mut(peer)?.due.pop_first();
        if next.is_none() {
            self.errands.remove(peer);
        }
        next
    }

    /// Gives up ending anything at a source; what that was.
    pub fn give_up_ending(&mut self, peer: &str) -> Vec<String> {
        let Some(errands) = self.errands.get_mut(peer) else { return Vec::new() };
        let (ends, looks): (BTreeSet<_>, BTreeSet<_>) =
            std::mem::take(&mut errands.due).into_iter().partition(|errand| matches!(errand, Errand::End(_)));
        errands.due = looks;
        let key = |errand| match errand {
            Errand::End(key) => Some(key),
            Errand::Look(_) => None,
        };
        ends.into_iter().filter_map(key).collect()
    }
}
