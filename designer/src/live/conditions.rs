//! What is wrong at present, in words that say what, since when, how many, and what to do.

use std::collections::BTreeMap;
use std::time::Duration;

use flow::{InstanceStatus, TaskId};
use ngsi::Timestamp;

use super::alerts::{Condition, Link, Severity, Subject, words};
use super::brokers::BrokerState;
use super::model::Model;
use super::services::{MESSAGE_BUS, ServiceState};
use super::statistics::Failing;
use super::workers::{Away, Worker};

/// Subjects of one kind that have an alert each.
const MAX_OF_A_KIND: usize = 20;

/// Everything that is wrong.
pub(super) fn present(model: &Model, now: Timestamp) -> BTreeMap<Subject, Condition> {
    let mut conditions = BTreeMap::new();
    conditions.extend(services(model));
    conditions.extend(workers(model));
    conditions.extend(brokers(model, now));
    conditions.extend(instances(model));
    conditions.extend(receivers(model));
    conditions
}

/// How to say that it is over.
pub(super) fn over(model: &Model, subject: &Subject, lasted: Duration) -> String {
    let lasted = words(lasted);
    match subject {
        Subject::MessageBus => format!("The message bus is back after {lasted}"),
        Subject::Service(name) => format!("{} is ready again after {lasted}", named(name)),
        Subject::Worker(id) if model.worker(id).is_none_or(|worker| worker.away.is_some()) => {
            format!("{id} was away for {lasted} and is not waited for any more")
        }
        Subject::Worker(id) => format!("{id} is back after {lasted}"),
        Subject::FurtherWorkers => format!("Further workers are back after {lasted}"),
        Subject::Broker(id) if !model.brokers.get().iter().any(|broker| broker.id == *id) => {
            format!("{id} was away for {lasted} and is not waited for any more")
        }
        Subject::Broker(id) => format!("{id} answers again after {lasted}"),
        Subject::Intent(id) => format!("No task instance of intent {id} fails any more, after {lasted}"),
        Subject::Receiver(url) => format!("Notifications to {url} do not fail any more, after {lasted}"),
    }
}

/// The broker of this node is among the brokers, and the designer tells this itself.
fn services(model: &Model) -> Vec<(Subject, Condition)> {
    let told = |name: &str| !matches!(name, "broker" | "designer");
    let down = model.services.get().iter().filter(|service| told(service.name));
    let down = down.filter_map(|service| {
        let (since, reason) = (*model.down_since.get(service.name)?, service.reason_text());
        let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        let (subject, text) = match (service.name, service.state) {
            (MESSAGE_BUS, _) => (
                Subject::MessageBus,
                format!(
                    "Message bus away since {} UTC{reason}. Running tasks go on, nothing is placed or moved: is RabbitMQ up?",
                    clock(since)
                ),
            ),
            (name, ServiceState::NotReady) => (
                Subject::Service(name.to_owned()),
                format!("{} is not ready since {} UTC{reason}", named(name), clock(since)),
            ),
            (name, _) => {
                let url = service.url.as_deref().unwrap_or_default();
                let text = format!(
                    "{} does not answer at {url} since {} UTC{reason}. Is it started?",
                    named(name),
                    clock(since)
                );
                (Subject::Service(name.to_owned()), text)
            }
        };
        let link = Some(Link { page: "overview", id: None });
        Some((subject, Condition { severity: Severity::Bad, since, text, link }))
    });
    down.collect()
}

fn workers(model: &Model) -> Vec<(Subject, Condition)> {
    let mut away: Vec<(&Worker, &Away)> =
        model.workers.values().filter_map(|worker| Some((worker, worker.away.as_ref()?))).collect();
    away.retain(|(_, away)| !away.left || !away.had.is_empty());
    away.sort_by_key(|(worker, away)| (away.noticed, worker.profile.id.clone()));
    let link = |id: Option<String>| Some(Link { page: "running", id });
    let mut conditions: Vec<(Subject, Condition)> = away
        .iter()
        .take(MAX_OF_A_KIND)
        .map(|(worker, away)| {
            let id = worker.profile.id.to_string();
            let severity = if away.left { Severity::Warn } else { Severity::Bad };
            let text = worker_text(model, worker, away);
            (Subject::Worker(id.clone()), Condition { severity, since: worker.seen, text, link: link(Some(id)) })
        })
        .collect();
    let further = away.len().saturating_sub(MAX_OF_A_KIND);
    if let Some((worker, _)) = away.get(MAX_OF_A_KIND) {
        let text = format!("{further} further workers are silent. Is their network up?");
        let condition = Condition { severity: Severity::Bad, since: worker.seen, text, link: link(None) };
        conditions.push((Subject::FurtherWorkers, condition));
    }
    conditions
}

fn worker_text(model: &Model, worker: &Worker, away: &Away) -> String {
    let (id, had) = (&worker.profile.id, away.had.len());
    let elsewhere = |task| model.instance(task).is_some_and(|now| !now.worker.is_empty() && now.worker != id.as_str());
    let moved = away.had.iter().filter(|task| elsewhere(task)).count();
    let begin = match away.left {
        true => format!("{id} has been stopped"),
        false => format!("{id} silent for {}", words(away.noticed.since(worker.seen))),
    };
    let instances = if had == 1 { "task instance" } else { "task instances" };
    let fate = match moved {
        _ if had == 0 => "it had no task instances".to_owned(),
        _ if moved == had => format!("{had} {instances} moved"),
        0 => format!("its {had} {instances} wait for other workers"),
        _ => format!("{moved} of {had} {instances} moved, the others wait for other workers"),
    };
    match away.left {
        true => format!("{begin}: {fate}"),
        false => format!("{begin}: {fate}. Is its node up and connected?"),
    }
}

fn brokers(model: &Model, now: Timestamp) -> Vec<(Subject, Condition)> {
    let silent = model.brokers.get().iter().filter(|broker| broker.state == BrokerState::Silent).take(MAX_OF_A_KIND);
    let condition = |broker: &super::brokers::Broker| {
        let since = Timestamp::from_millis(broker.seen).min(now);
        let text = format!(
            "{} does not answer at {} since {} UTC. Its entities cannot be read or updated until it does; is its node up?",
            broker.id,
            broker.url,
            clock(since)
        );
        let link = Some(Link { page: "overview", id: Some(broker.id.clone()) });
        (Subject::Broker(broker.id.clone()), Condition { severity: Severity::Bad, since, text, link })
    };
    silent.map(condition).collect()
}

fn instances(model: &Model) -> Vec<(Subject, Condition)> {
    let mut failed: BTreeMap<&str, Vec<&super::Instance>> = BTreeMap::new();
    for instance in model.instances().filter(|instance| instance.status == InstanceStatus::Failed) {
        failed.entry(&instance.intent).or_default().push(instance);
    }
    let condition = |(intent, failed): (&str, Vec<&super::Instance>)| {
        let first = failed.iter().min_by_key(|instance| instance.since)?;
        let (count, instances) = (failed.len(), if failed.len() == 1 { "task instance" } else { "task instances" });
        let reason = if first.reason.is_empty() { "no reason given" } else { &first.reason };
        let text = format!(
            "{count} {instances} of intent {intent} (topology {}) failed: {reason}. They are tried again; their logs say more",
            first.topology
        );
        let link = Some(Link { page: "running", id: Some(first.id.to_string()) });
        Some((
            Subject::Intent(intent.to_owned()),
            Condition { severity: Severity::Bad, since: first.since, text, link },
        ))
    };
    failed.into_iter().take(MAX_OF_A_KIND).filter_map(condition).collect()
}

fn receivers(model: &Model) -> Vec<(Subject, Condition)> {
    let condition = |(url, failing): (&String, &Failing)| {
        let (count, times) =
            (failing.subscriptions, if failing.subscriptions == 1 { "subscription" } else { "subscriptions" });
        let text = format!(
            "Notifications to {url} fail since {} UTC ({count} {times}): {}. {}",
            clock(failing.since),
            failing.reason,
            outlook(model, failing)
        );
        let link = Some(Link { page: "context", id: None });
        (Subject::Receiver(url.clone()), Condition { severity: Severity::Warn, since: failing.since, text, link })
    };
    model.failing.iter().take(MAX_OF_A_KIND).map(condition).collect()
}

/// What becomes of notifications that fail: those that fed task instances where they are no more wait in vain.
fn outlook(model: &Model, failing: &Failing) -> &'static str {
    let is_gone = |(task, _): &(TaskId, String)| model.instance(task).is_none();
    let is_elsewhere = |(task, reference): &(TaskId, String)| {
        let info = model.instance(task).map_or("", |instance| instance.info.as_str());
        info.strip_prefix("refURL=").is_some_and(|info| !info.starts_with(&format!("{reference};")))
    };
    let feeds_only = failing.fed.len() == failing.subscriptions;
    if feeds_only && failing.fed.iter().all(is_gone) {
        "They fed task instances that are not known any more: if those do not return, delete the subscriptions"
    } else if feeds_only && failing.fed.iter().all(|fed| is_gone(fed) || is_elsewhere(fed)) {
        "They fed task instances that are fed elsewhere now, and end within minutes"
    } else {
        "They wait and are sent again; is the receiver up?"
    }
}

/// A service at the beginning of a sentence.
fn named(service: &str) -> &str {
    match service {
        "discovery" => "Discovery",
        "master" => "The master",
        other => other,
    }
}

/// The time of day of a point in time.
fn clock(time: Timestamp) -> String {
    let text = time.to_string();
    text.get(11..19).unwrap_or(&text).to_owned()
}
