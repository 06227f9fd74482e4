//! What goes wrong, what changes, and what starts again.

use flow::Message;
use orchestration::{Event, IntentId};

use crate::master::{Disk, Master};
use crate::network::Arrival;
use crate::support::{Thing, intent, topology};
use crate::world::{World, wish};

impl World {
    pub(crate) fn start_worker(&mut self, index: usize) {
        if self.workers[index].process.is_some() {
            return;
        }
        let (now, faults, keeps) = (self.now(), self.faults(), self.chance.percent(70));
        let next = self.workers[index].start(keeps, now, &mut self.chance, faults);
        self.follow(index, next);
        let life = self.workers[index].life;
        let profile = self.workers[index].profile();
        self.say(index, Message::WorkerJoin(profile));
        self.agenda.at(self.ms + 500, Arrival::WorkerTick { worker: index, life });
        self.agenda.at(self.ms + 2_000, Arrival::Heartbeat { worker: index, life });
    }

    pub(crate) fn start_master(&mut self) {
        if self.master.is_some() {
            return;
        }
        self.lives += 1;
        let (master, effects) = Master::start(self.lives, &self.disk, self.now());
        self.master = Some(master);
        self.perform(effects);
        self.tell_master(Event::BusBack);
        self.agenda.at(self.ms + 1_000, Arrival::MasterTick { life: self.lives });
        self.later(500, Arrival::Announce);
        self.wake_outboxes();
    }

    /// The designer says everything again.
    pub(crate) fn announce(&mut self) {
        for index in self.withdrawn.clone() {
            self.tell_master(Event::IntentDeleted(IntentId::from(intent(index).id.as_str())));
        }
        for (index, variant) in self.intents.clone() {
            let (intent, topology) = (Box::new(wish(index, variant)), Box::new(topology(variant)));
            self.tell_master(Event::Intent { intent, topology });
        }
    }

    pub(crate) fn fault(&mut self) {
        let worker = usize::try_from(self.chance.below(self.workers.len() as u64)).unwrap();
        match self.chance.below(100) {
            0..45 => self.change_thing(),
            45..57 => self.change_intents(),
            57..67 => {
                let leaves = self.chance.percent(30);
                if leaves && self.workers[worker].process.is_some() {
                    let profile = self.workers[worker].profile();
                    self.say(worker, Message::WorkerLeave(profile));
                }
                self.workers[worker].process = None;
                self.later(12_000, Arrival::WorkerStart { worker });
            }
            67..77 => {
                let disk = if self.chance.percent(85) { self.disk.clone() } else { Disk::default() };
                (self.master, self.disk) = (None, disk);
                self.later(6_000, Arrival::MasterStart);
            }
            77..82 => {
                self.discovery_up = false;
                self.discovery.restart();
                self.later(5_000, Arrival::Reregister);
            }
            82..85 => {
                self.discovery_up = false;
                if self.chance.percent(50) {
                    self.discovery.lose_all();
                } else {
                    self.discovery.lose_registrations();
                }
                self.discovery.restart();
                self.later(5_000, Arrival::Reregister);
            }
            _ => self.exit(worker),
        }
    }

    /// A container ends by itself.
    fn exit(&mut self, worker: usize) {
        let Some((task, (_, run))) = self.workers[worker].running.pop_first() else { return };
        self.tell_worker(worker, tasks::Event::Exited { task, run, reason: "exit code 1".to_owned() });
    }

    /// A broker tells what it could not while discovery was away.
    pub(crate) fn tell_discovery_all(&mut self) {
        for thing in &Thing::all() {
            match self.things.get(&thing.name()) {
                Some(thing) => self.discovery.register(thing),
                None => self.discovery.unregister(&thing.name()),
            }
        }
    }

    fn change_thing(&mut self) {
        let mut small = |bound| u8::try_from(self.chance.below(bound)).unwrap();
        let (id, kind, city, place, gone) = (small(3), small(3), small(2), small(100), small(4) == 0);
        let thing = Thing { id, kind, city, place: (place < 80).then_some(place) };
        if gone {
            self.things.remove(&thing.name());
        } else {
            // A place once registered is not unregistered: metadata are merged.
            let before = self.things.get(&thing.name()).and_then(|before| before.place);
            self.things.insert(thing.name(), Thing { place: thing.place.or(before), ..thing });
        }
        if self.discovery_up {
            match self.things.get(&thing.name()) {
                Some(thing) => self.discovery.register(thing),
                None => self.discovery.unregister(&thing.name()),
            }
            self.wake_outboxes();
        }
    }

    fn change_intents(&mut self) {
        let index = u8::try_from(self.chance.below(6)).unwrap();
        if self.intents.contains_key(&index) && self.chance.percent(60) {
            self.intents.remove(&index);
            self.withdrawn.push(index);
        } else {
            let variant = if self.chance.percent(60) { index } else { index + 1 };
            self.intents.insert(index, variant);
            self.withdrawn.retain(|known| *known != index);
        }
        if !self.chance.percent(20) {
            self.announce();
        }
    }
}
