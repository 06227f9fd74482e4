//! Asks the services how they are, and draws the conclusions of time.
//!
//! Every two seconds while a page follows, every ten while none does: then it only keeps the history and the alerts going.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use flow::{Message, TaskId, WorkerProfile};
use futures_util::StreamExt;
use futures_util::stream;
use http::Request;
use ngsi::Timestamp;
use serde_json::{Map, Value};
use service::http::Timeout;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::brokers::Brokers;
use super::history::Sample;
use super::rates::{Figures, Rate};
use super::statistics::{Failures, Inputs, Observed};
use super::{Model, services};
use crate::state::Designer;
use crate::{discovery, master};

const TICK: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_secs(2);
const INTERVAL_UNFOLLOWED: Duration = Duration::from_secs(10);
/// How long a service may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long the master may take for its list.
const PLAN_PATIENCE: Duration = Duration::from_secs(3);
/// Brokers asked in a round; of more, others in the next.
const BROKERS: usize = 32;
/// Brokers asked where they stand in a round.
const PLACES: usize = 8;
/// A broker with more subscriptions than this is not asked for them again and again.
const MOST_SUBSCRIPTIONS: u64 = 2_000;
/// Every so many rounds subscriptions are asked for.
const SUBSCRIPTIONS_EVERY: u64 = 2;
/// Every so many rounds the master is asked even if nothing is known to have changed.
const PLAN_EVERY: u64 = 5;
/// Types counted in a sample: those with the most entities.
const MAX_TYPES: usize = 100;

#[derive(Default)]
struct Sampler {
    round: u64,
    brokers: Brokers,
    bus: Rate,
    inputs: Inputs,
    failures: Failures,
    outputs: BTreeMap<TaskId, Rate>,
    planned_at: u64,
}

/// Samples until the node stops.
pub(crate) async fn run(designer: Arc<Designer>) {
    let mut sampler = Sampler::default();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let started = Instant::now();
    let mut last: Option<Instant> = None;
    loop {
        tokio::select! {
            () = designer.node.shutdown.cancelled() => return,
            () = designer.live.opened.notified() => {}
            _ = ticks.tick() => {}
        }
        let followed = designer.live.is_followed();
        let pause = if followed { INTERVAL } else { INTERVAL_UNFOLLOWED };
        let is_due = match last {
            // A tick may come a little early.
            Some(last) => last.elapsed() + TICK / 2 >= pause,
            // While the node starts there is little to see.
            None => followed || started.elapsed() >= INTERVAL_UNFOLLOWED,
        };
        if is_due {
            last = Some(Instant::now());
            if designer.until_shutdown(sampler.sample(&designer)).await.is_none() {
                return;
            }
        }
        designer.live.change(|model| model.tick(service::now()));
    }
}

impl Sampler {
    async fn sample(&mut self, designer: &Designer) {
        self.round += 1;
        let (services, heard, counts) = tokio::join!(
            services::check(designer, PATIENCE),
            timeout(PATIENCE, discovery::brokers(designer)),
            timeout(PATIENCE, discovery::counts(designer))
        );
        self.brokers.listed(heard.unwrap_or_default(), service::now());
        self.ask_brokers(designer).await;
        self.ask_places(designer).await;
        let followed = designer.live.is_followed();
        if self.round.is_multiple_of(SUBSCRIPTIONS_EVERY) {
            self.ask_subscriptions(designer, followed).await;
        }
        if followed {
            ask_workers(designer).await;
            self.ask_plan(designer).await;
        }
        let now = service::now();
        let sample = self.summed(designer, counts.ok().flatten().unwrap_or_default(), now);
        designer.live.change(|model| {
            model.checked(services, now);
            model.brokers.set(self.brokers.views());
            model.push(sample);
        });
    }

    async fn ask_brokers(&mut self, designer: &Designer) {
        let answers = ask_each(designer, some(self.brokers.addresses(), self.round, BROKERS), "/metrics").await;
        let now = service::now();
        for (id, answer) in answers {
            match answer {
                Some(body) => self.brokers.answered(&id, Figures::parse(&String::from_utf8_lossy(&body)), now),
                None => self.brokers.missed(&id),
            }
        }
    }

    async fn ask_places(&mut self, designer: &Designer) {
        for id in some(self.brokers.without_place(), self.round, PLACES) {
            if let Ok(Some(place)) = timeout(PATIENCE, discovery::place(designer, &id)).await {
                self.brokers.located(&id, place);
            }
        }
    }

    async fn ask_subscriptions(&mut self, designer: &Designer, followed: bool) {
        let before = designer.live.look(|model| model.failing.clone());
        let brokers = self.brokers.to_inspect(followed || !before.is_empty(), MOST_SUBSCRIPTIONS);
        let brokers = some(brokers, self.round / SUBSCRIPTIONS_EVERY, BROKERS);
        let mut all = Vec::new();
        for (broker, body) in ask_each(designer, brokers, "/ngsi10/subscription?statistics=true").await {
            let entries = body.and_then(|body| serde_json::from_slice::<Map<String, Value>>(&body).ok());
            let Some(entries) = entries else { continue };
            let observed: Vec<Observed> = entries.into_iter().filter_map(|(_, entry)| Observed::parse(entry)).collect();
            self.failures.listed(&broker, &observed);
            all.extend(observed);
        }
        self.failures.keep(|broker| self.brokers.may_be_inspected(broker, MOST_SUBSCRIPTIONS));
        let now = service::now();
        let inputs = self.inputs.rates(&all, now);
        designer.live.change(|model| {
            model.failing = self.failures.receivers(&before, now);
            let outputs = output_rates(&mut self.outputs, model, now);
            model.rated(&inputs, &outputs);
        });
    }

    /// Only when the instances have changed, or after a while: the list may be long.
    async fn ask_plan(&mut self, designer: &Designer) {
        let version = designer.live.look(Model::instances_version);
        if version == self.planned_at && !self.round.is_multiple_of(PLAN_EVERY) {
            return;
        }
        let Ok(Some(planned)) = timeout(PLAN_PATIENCE, master::planned(designer, "/instances")).await else { return };
        self.planned_at = designer.live.change(|model| {
            model.planned(planned, service::now());
            model.instances_version()
        });
    }

    fn summed(&mut self, designer: &Designer, mut counts: Vec<discovery::TypeCount>, now: Timestamp) -> Sample {
        counts.sort_by_key(|count| std::cmp::Reverse(count.entities));
        counts.truncate(MAX_TYPES);
        let (totals, bus) = (self.brokers.totals(), designer.bus.stats());
        Sample {
            at: now.as_micros() / 1_000,
            updates: totals.updates,
            notifications: totals.notifications,
            failures: totals.failures,
            queued: totals.queued,
            bus: self.bus.at(now, bus.published.max(bus.delivered)).unwrap_or_default(),
            entities: totals.entities,
            types: counts.into_iter().map(|count| (count.name, count.entities)).collect(),
            unreachable: self.brokers.unreachable(),
            ..Sample::default()
        }
    }
}

/// Workers tell of themselves, but not at once when the designer has just been started.
async fn ask_workers(designer: &Designer) {
    if designer.live.look(|model| model.present_workers().next().is_some()) {
        return;
    }
    let workers = timeout(PATIENCE, master::fetch(designer, "/workers")).await.ok().flatten();
    let workers = workers.and_then(|map| serde_json::from_value::<BTreeMap<String, WorkerProfile>>(map).ok());
    designer.live.change(|model| {
        for worker in workers.unwrap_or_default().into_values() {
            let from = worker.id.to_string();
            model.note(&from, Message::WorkerJoin(WorkerProfile { instances: None, ..worker }), service::now());
        }
    });
}

/// How fast instances write entities that are watched.
fn output_rates(followed: &mut BTreeMap<TaskId, Rate>, model: &Model, now: Timestamp) -> BTreeMap<TaskId, f64> {
    let written = |instance: &super::Instance| {
        let updates = instance.outputs.iter().map(|output| model.watches.updates(output.key().0, output.key().1));
        let sum = updates.sum::<Option<u64>>()?;
        (!instance.outputs.is_empty()).then_some(sum)
    };
    let counts: BTreeMap<TaskId, u64> =
        model.instances().filter_map(|instance| Some((instance.id.clone(), written(instance)?))).collect();
    followed.retain(|task, _| counts.contains_key(task));
    let rates = counts.into_iter().filter_map(|(task, count)| {
        let rate = followed.entry(task.clone()).or_default().at(now, count)?;
        Some((task, rate))
    });
    rates.collect()
}

/// At most so many of a list, others in the next round.
fn some<T>(mut list: Vec<T>, round: u64, most: usize) -> Vec<T> {
    if list.len() > most {
        let offset = usize::try_from(round).unwrap_or_default().wrapping_mul(most) % list.len();
        list.rotate_left(offset);
        list.truncate(most);
    }
    list
}

/// This node's own broker is asked behind the proxy that stands in front of it for others: that one hides figures.
fn reached_at(designer: &Designer, id: &str, url: String) -> String {
    let config = &designer.node.config;
    if id == config.node_id("Broker", 1) { config.broker_url() } else { url }
}

/// What each broker answers at a path; `None` of those that do not.
async fn ask_each(designer: &Designer, brokers: Vec<(String, String)>, path: &str) -> Vec<(String, Option<Bytes>)> {
    let asked = brokers.into_iter().map(|(id, url)| async move {
        let url = reached_at(designer, &id, url);
        let request = Request::get(format!("{url}{path}")).extension(Timeout(PATIENCE)).body(Bytes::new());
        let answer = match request {
            Ok(request) => designer.node.client.send(request).await.ok(),
            Err(_) => None,
        };
        (id, answer.map(http::Response::into_body))
    });
    stream::iter(asked).buffer_unordered(BROKERS).collect().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_one_of_a_long_list_has_its_turn() {
        let turns = |round| some((0..10).collect(), round, 4);
        assert_eq!((turns(1), turns(2), turns(3)), (vec![4, 5, 6, 7], vec![8, 9, 0, 1], vec![2, 3, 4, 5]));
        assert_eq!(some(vec![1, 2], 7, 4), [1, 2]);
    }
}
