//! Whatever happens to requests, sources and the broker: sources end up with what is wished of them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};

use context::sources::{Errand, Hold, Holds, Pair, Step, Wish, wish};
use ngsi::{Registration, RegistrationId, SubscriptionId};
use proptest::prelude::*;
use serde_json::json;

use super::following::{NOW, compiled, source, subscription};

/// What becomes of one request to a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answered,
    /// It does not arrive.
    Lost,
    /// It arrives, and the answer is lost.
    Unanswered,
    /// It arrives, and the broker is killed before the answer is written down.
    Killed,
}

#[derive(Debug, Clone)]
enum Event {
    /// A subscription wishes this, or has ended.
    Subscription(usize, Option<u8>),
    /// A registration names this source, or has ended.
    Registration(usize, Option<(usize, bool)>),
    /// A source has forgotten everything, and registers again.
    Forgets(usize),
    Work(Fate),
    Killed,
}

fn event() -> impl Strategy<Value = Event> {
    let fate = prop_oneof![4 => Just(Fate::Answered), 1 => Just(Fate::Lost), 1 => Just(Fate::Unanswered), 1 => Just(Fate::Killed)];
    prop_oneof![
        2 => (0..3_usize, proptest::option::weighted(0.8, 0..3_u8)).prop_map(|(one, wish)| Event::Subscription(one, wish)),
        2 => (0..2_usize, proptest::option::weighted(0.8, (0..2_usize, any::<bool>())))
            .prop_map(|(one, place)| Event::Registration(one, place)),
        1 => (0..2_usize).prop_map(Event::Forgets),
        8 => fate.prop_map(Event::Work),
        1 => Just(Event::Killed),
    ]
}

/// A broker and two sources, with what each has.
#[derive(Default)]
struct World {
    holds: Holds,
    disk: BTreeMap<String, Hold>,
    subscriptions: BTreeMap<usize, u8>,
    registrations: BTreeMap<usize, (usize, bool)>,
    sources: [BTreeMap<String, Wish>; 2],
    made: usize,
}

fn wish_of(number: u8) -> Wish {
    let source = source(&json!({ "information": [{ "entities": [{ "type": "Car" }] }] }));
    let members = json!({ "entities": [{ "type": "Car" }], "watchedAttributes": [format!("a{number}")] });
    wish(&compiled(&subscription(&members), false, &[]), &source, "http://here/", NOW).unwrap()
}

fn pair(subscription: usize, registration: usize) -> Pair {
    (SubscriptionId::from(format!("s{subscription}")), RegistrationId::from(format!("r{registration}")))
}

fn numbers((subscription, registration): &Pair) -> (usize, usize) {
    (subscription.as_str()[1..].parse().unwrap(), registration.as_str()[1..].parse().unwrap())
}

impl World {
    fn wished(&self, of: &Pair) -> Option<(Registration, Wish)> {
        let (subscription, number) = numbers(of);
        let (place, updates) = self.registrations.get(&number)?;
        let operations = if *updates { "federationOps" } else { "createSubscription" };
        let mut operations = vec![operations.to_owned()];
        if !updates {
            operations.push("deleteSubscription".to_owned());
        }
        let registration =
            Registration { id: of.1.clone(), endpoint: place.to_string(), operations, ..Registration::default() };
        Some((registration, wish_of(*self.subscriptions.get(&subscription)?)))
    }

    fn look_at(&mut self, pair: &Pair) {
        let place = self.wished(pair).map(|(registration, _)| registration.endpoint);
        let place = place.or_else(|| Some(self.holds.of_pair(pair)?.place.endpoint.clone()));
        if let Some(place) = place {
            self.holds.note(&place, Errand::Look(pair.clone()));
        }
    }

    fn look_at_all(&mut self) {
        (0..3).for_each(|one| (0..2).for_each(|other| self.look_at(&pair(one, other))));
    }

    fn keep(&mut self, hold: Hold) {
        self.disk.insert(hold.key.clone(), hold.clone());
        self.holds.put(hold);
    }

    fn forget(&mut self, key: &str) {
        self.disk.remove(key);
        self.holds.forget(key);
    }

    fn restart(&mut self) {
        self.holds = Holds::default();
        self.disk.values().cloned().for_each(|hold| self.holds.recover(hold));
        let parted: Vec<_> = self.holds.parted().map(|hold| (hold.place.endpoint.clone(), hold.key.clone())).collect();
        for (place, key) in parted {
            self.holds.note(&place, Errand::End(key));
        }
        self.look_at_all();
    }

    /// Does one thing, if there is anything to do.
    fn work(&mut self, fate: Fate) -> bool {
        let Some((place, errand)) = (0..2).find_map(|place| Some((place, self.holds.next(&place.to_string())?))) else {
            return false;
        };
        if !self.carry_out(place, &errand, fate) {
            self.holds.note(&place.to_string(), errand);
        }
        if fate == Fate::Killed {
            self.restart();
        }
        true
    }

    fn carry_out(&mut self, place: usize, errand: &Errand, fate: Fate) -> bool {
        let of = match errand {
            Errand::Look(pair) => pair,
            Errand::End(key) => {
                let Some(hold) = self.holds.get(key).cloned() else { return true };
                if fate != Fate::Lost {
                    self.sources[place].remove(&hold.id);
                }
                if fate == Fate::Answered {
                    self.forget(key);
                }
                return fate == Fate::Answered;
            }
        };
        let wished = self.wished(of);
        if wished.as_ref().is_some_and(|(registration, _)| registration.endpoint != place.to_string()) {
            self.look_at(of);
            return true;
        }
        let step = self.holds.step(of, wished.as_ref().map(|(registration, wish)| (registration, wish)));
        match (step, wished) {
            (Step::Create, Some((registration, wish))) => {
                self.made += 1;
                let hold = self.holds.of_pair(of).cloned().unwrap_or_else(|| Hold {
                    key: format!("k{}", self.made),
                    subscription: of.0.clone(),
                    id: format!("i{}", self.made),
                    place: Hold::place_of(&registration),
                    told: None,
                    unsure: false,
                });
                self.keep(hold.clone());
                self.tell(place, hold, wish, fate, true)
            }
            (Step::Update, Some((_, wish))) => {
                let hold = self.holds.of_pair(of).cloned().unwrap();
                self.keep(Hold { unsure: true, ..hold.clone() });
                self.tell(place, hold, wish, fate, false)
            }
            (Step::Part, _) => {
                let parted = self.holds.part(of).cloned().unwrap();
                self.holds.note(&parted.place.endpoint, Errand::End(parted.key));
                self.holds.note(&place.to_string(), Errand::Look(of.clone()));
                true
            }
            _ => true,
        }
    }

    fn tell(&mut self, place: usize, hold: Hold, wish: Wish, fate: Fate, creates: bool) -> bool {
        let has = self.sources[place].contains_key(&hold.id);
        if fate != Fate::Lost && (creates || has) {
            self.sources[place].insert(hold.id.clone(), wish.clone());
        }
        if fate != Fate::Answered {
            return false;
        }
        if !creates && !has {
            let pair = hold.pair();
            self.keep(Hold { told: None, unsure: false, ..hold });
            self.look_at(&pair);
            return true;
        }
        self.holds.believe(&hold.pair());
        self.keep(Hold { told: Some(wish), unsure: false, ..hold });
        true
    }

    fn happen(&mut self, event: &Event) {
        match event {
            Event::Subscription(one, wish) => {
                match wish {
                    Some(wish) => self.subscriptions.insert(*one, *wish),
                    None => self.subscriptions.remove(one),
                };
                (0..2).for_each(|other| self.look_at(&pair(*one, other)));
            }
            Event::Registration(one, place) => {
                match place {
                    Some(place) => self.registrations.insert(*one, *place),
                    None => self.registrations.remove(one),
                };
                self.holds.doubt(&pair(0, *one).1);
                (0..3).for_each(|other| self.look_at(&pair(other, *one)));
            }
            Event::Forgets(place) => {
                self.sources[*place].clear();
                // One that cannot be told of changes has to register anew.
                for number in [0, 1] {
                    if let Some((at, updates)) = self.registrations.get_mut(&number).filter(|(at, _)| at == place) {
                        (*at, *updates) = (*place, true);
                        self.happen(&Event::Registration(number, Some((*place, true))));
                    }
                }
            }
            Event::Work(fate) => drop(self.work(*fate)),
            Event::Killed => self.restart(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever happened: when all is done, each source has what is wished of it, once, and nothing else.
    #[test]
    fn sources_end_up_with_what_is_wished(events in proptest::collection::vec(event(), 0..60)) {
        let mut world = World::default();
        events.iter().for_each(|event| world.happen(event));
        let mut steps = 0;
        while world.work(Fate::Answered) {
            steps += 1;
            prop_assert!(steps < 1_000, "no end");
        }
        let mut expected = [Vec::new(), Vec::new()];
        for one in 0..3 {
            for other in 0..2 {
                let pair = pair(one, other);
                if let Some((registration, wish)) = world.wished(&pair) {
                    let place: usize = registration.endpoint.parse().unwrap();
                    let hold = world.holds.of_pair(&pair).expect("nothing is held");
                    prop_assert_eq!(world.sources[place].get(&hold.id), Some(&wish));
                    expected[place].push(hold.id.clone());
                }
            }
        }
        for (expected, source) in expected.into_iter().zip(&world.sources) {
            let expected: BTreeSet<_> = expected.into_iter().collect();
            prop_assert_eq!(&expected, &source.keys().cloned().collect());
        }
        let on_disk: BTreeSet<_> = world.disk.keys().cloned().collect();
        prop_assert_eq!(on_disk, world.holds.current().map(|hold| hold.key.clone()).collect());
        prop_assert_eq!(world.holds.len(), world.disk.len());
    }
}
