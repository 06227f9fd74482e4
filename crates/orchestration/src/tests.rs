//! The behaviour seen from outside: events in, commands out.

use flow::{InstanceStatus, Message, TaskUpdate};

use crate::fixtures::*;
use crate::{Event, IntentId, Orchestrator, Settings, StoredIntent, group_hash};
use ngsi::JsonText;

fn detector() -> flow::Topology {
    topology("anomaly", vec![task("detect", &[stream("Panel", "EntityID"), stream("Rule", "ALL")], "Anomaly")])
}

fn running(bench: &mut Bench) -> flow::TaskInstance {
    bench.handle(intent("i1", &detector()));
    bench.joins(worker("Worker.a", 10, Some((50.0, 8.0))));
    bench.available(entity("p1", "Panel", Some((50.0, 8.0))));
    let messages = bench.available(entity("r1", "Rule", None));
    added(&messages)[0].clone()
}

#[test]
fn instance_starts_when_every_input_has_an_entity() {
    let mut bench = Bench::new();
    let task = running(&mut bench);
    let hash = group_hash(&[JsonText::string("p1"), JsonText::string("ALL")], "");
    assert_eq!(task.id.as_str(), format!("Task.anomaly.detect.{hash}"));
    assert_eq!(task.outputs[0].stream_id, format!("Anomaly.{hash}.1"));
    assert_eq!(task.docker_image, "fogflow/op:v1");
    assert_eq!(task.inputs.iter().map(|input| input.id.as_str()).collect::<Vec<_>>(), ["p1", "r1"]);
    assert_eq!((task.generation, task.status.as_str(), task.worker_id.as_str()), (1, "scheduled", "Worker.a"));
}

#[test]
fn later_entities_join_and_leave_and_the_last_ends_the_instance() {
    let mut bench = Bench::new();
    let task = running(&mut bench);
    let joined = bench.available(entity("r2", "Rule", None));
    assert!(matches!(&joined[..], [Message::AddInput(c)] if c.input_stream.id == "r2" && c.generation == 2));
    let left = bench.unavailable("r1", "Rule");
    assert!(matches!(&left[..], [Message::RemoveInput(c)] if c.input_stream.r#type == "Rule" && c.generation == 3));
    let ended = bench.unavailable("r2", "Rule");
    assert_eq!(removed(&ended)[0].id, task.id);
    assert!(removed(&ended)[0].generation > 3);
    let again = bench.available(entity("r3", "Rule", None));
    assert!(added(&again)[0].generation > removed(&ended)[0].generation);
}

#[test]
fn grouping_by_a_metadatum_follows_its_value() {
    let mut bench = Bench::new();
    bench.handle(intent("i1", &topology("t", vec![task("count", &[stream("Car", "city")], "Count")])));
    bench.joins(worker("Worker.a", 10, None));
    let ulm = bench.available(with_value(entity("c1", "Car", None), "city", "Ulm"));
    assert_eq!(added(&ulm).len(), 1);
    assert!(matches!(
        &bench.available(with_value(entity("c2", "Car", None), "city", "Ulm"))[..],
        [Message::AddInput(_)]
    ));
    let moved = bench.available(with_value(entity("c2", "Car", None), "city", "Bonn"));
    assert!(matches!(
        &moved[..],
        [Message::RemoveInput(_), Message::AddTask(_)] | [Message::AddTask(_), Message::RemoveInput(_)]
    ));
}

#[test]
fn grouping_by_an_attribute_asks_for_the_entity() {
    let mut bench = Bench::new();
    bench.handle(intent("i1", &topology("t", vec![task("count", &[stream("Car", "color")], "Count")])));
    bench.joins(worker("Worker.a", 10, None));
    assert!(bench.available(entity("c1", "Car", None)).is_empty());
    let attributes = vec![("color".to_owned(), JsonText::string("red"))];
    let fetched = Event::EntityFetched { key: bench.keys[0].1, entity: "c1".into(), attributes };
    assert_eq!(added(&bench.handle(fetched)).len(), 1);
    assert!(bench.available(entity("c1", "Car", Some((1.0, 1.0)))).is_empty());
}

#[test]
fn instance_waits_for_a_worker_and_says_why() {
    let mut bench = Bench::new();
    bench.handle(intent("i1", &detector()));
    bench.available(entity("p1", "Panel", None));
    bench.available(entity("r1", "Rule", None));
    let view = bench.master.instances(None).next().unwrap();
    assert!(view.worker.is_none() && view.reason.contains("no worker is connected"), "{}", view.reason);
    bench.joins(worker("Worker.full", 0, None));
    let view = bench.master.instances(None).next().unwrap();
    assert!(view.reason.contains("Worker.full is full"), "{}", view.reason);
    assert_eq!(added(&bench.joins(worker("Worker.a", 1, None))).len(), 1);
}

#[test]
fn instance_goes_to_the_nearest_worker_with_room_and_ties_to_the_least_loaded() {
    let mut bench = Bench::new();
    bench.handle(intent("i1", &topology("t", vec![task("x", &[stream("Panel", "EntityID")], "Out")])));
    bench.joins(worker("Worker.far", 10, Some((10.0, 10.0))));
    bench.joins(worker("Worker.near", 1, Some((50.0, 8.0))));
    bench.joins(worker("Worker.nowhere", 10, None));
    let mut place = |id: &str, at| added(&bench.available(entity(id, "Panel", at)))[0].worker_id.to_string();
    assert_eq!(place("p1", Some((50.1, 8.0))), "Worker.near");
    assert_eq!(place("p2", Some((50.1, 8.0))), "Worker.far");
    assert_eq!(place("p3", None), "Worker.nowhere");
}

#[test]
fn dead_worker_loses_its_instances_and_gets_none_twice() {
    let mut bench = Bench::new();
    let task = running(&mut bench);
    for _ in 0..29 {
        assert!(bench.passes(1_000).is_empty());
    }
    bench.joins(worker("Worker.b", 10, Some((0.0, 0.1))));
    let moved = bench.passes(1_500);
    assert_eq!(added(&moved)[0].worker_id.as_str(), "Worker.b");
    let back = bench.handle(reporting(worker("Worker.a", 10, Some((50.0, 8.0))), &[&task]));
    assert_eq!(removed(&back)[0].worker_id.as_str(), "Worker.b", "names the new worker, so outputs stay");
    assert!(removed(&back)[0].generation > task.generation);
}

#[test]
fn leaving_worker_is_replaced_at_once() {
    let mut bench = Bench::new();
    running(&mut bench);
    bench.joins(worker("Worker.b", 10, None));
    let messages = bench.handle(Event::WorkerLeft(Box::new(worker("Worker.a", 10, None))));
    assert_eq!(added(&messages)[0].worker_id.as_str(), "Worker.b");
}

#[test]
fn lost_command_is_repeated_after_the_grace() {
    let mut bench = Bench::new();
    let task = running(&mut bench);
    let profile = || worker("Worker.a", 10, Some((50.0, 8.0)));
    assert!(bench.handle(reporting(profile(), &[])).is_empty());
    bench.ms += 2_500;
    let repeated = bench.handle(reporting(profile(), &[]));
    assert!(added(&repeated)[0].generation > task.generation);
    let task = added(&repeated)[0].clone();
    bench.ms += 2_500;
    assert!(bench.handle(reporting(profile(), &[&task])).is_empty());
    let mut wrong = task.clone();
    wrong.inputs.clear();
    assert_eq!(added(&bench.handle(reporting(profile(), &[&wrong]))).len(), 1);
}

#[test]
fn restarted_worker_gets_back_what_it_does_not_report() {
    let mut bench = Bench::new();
    running(&mut bench);
    let profile = flow::WorkerProfile { incarnation: 2, ..worker("Worker.a", 10, None) };
    assert_eq!(added(&bench.joins(profile)).len(), 1);
    assert!(bench.joins(worker("Worker.a", 10, None)).is_empty(), "an old message of the life before");
}

#[test]
fn unknown_instance_is_removed_once_intents_had_time_to_come() {
    let mut bench = Bench::new();
    let orphan = flow::TaskInstance { id: "Task.old.x.1".into(), generation: 4, ..Default::default() };
    let report = || reporting(worker("Worker.a", 10, None), &[&orphan]);
    assert!(bench.handle(report()).is_empty());
    bench.ms += 11_000;
    assert_eq!(removed(&bench.handle(report()))[0].id, orphan.id);
}

#[test]
fn restarted_master_adopts_and_restarts_nothing() {
    let mut bench = Bench::new();
    let effects = bench.master.handle(intent("i1", &detector()), at(0));
    let kept = effects
        .iter()
        .find_map(|e| if let crate::Effect::PersistIntent(kept) = e { Some(*kept.clone()) } else { None });
    bench.note(effects);
    let task = running(&mut bench);
    let (master, effects) =
        Orchestrator::new(Settings::default(), vec![kept.unwrap()], vec!["Worker.a".into()], at(100));
    let mut bench = Bench { master, ms: 100, keys: Vec::new() };
    bench.note(effects);
    let asked = bench.handle(Event::BusBack);
    assert!(matches!(&asked[..], [Message::Report(_)]));
    bench.available(entity("p1", "Panel", None));
    assert!(bench.available(entity("r1", "Rule", None)).is_empty(), "still settling");
    assert!(bench.handle(reporting(worker("Worker.a", 10, None), &[&task])).is_empty());
    let view = bench.master.instances(None).next().unwrap();
    assert_eq!((view.status, view.generation), (InstanceStatus::Running, task.generation));
    assert!(!bench.master.summary().settling);
}

#[test]
fn refusal_for_capacity_goes_elsewhere_and_failure_does_after_a_while() {
    let mut bench = Bench::new();
    let task = running(&mut bench);
    let says = |status, reason: &str, task: &flow::TaskInstance| {
        let (reason, generation) = (reason.to_owned(), task.generation);
        let update = TaskUpdate { task_id: task.id.clone(), status, reason, generation, ..Default::default() };
        Event::TaskUpdate { worker: task.worker_id.clone(), update: Box::new(update) }
    };
    bench.joins(worker("Worker.b", 10, Some((50.0, 9.0))));
    let refused = bench.handle(says(InstanceStatus::Refused, "no capacity", &task));
    let task = added(&refused)[0].clone();
    assert_eq!(task.worker_id.as_str(), "Worker.b");
    assert!(bench.handle(says(InstanceStatus::Failed, "image not found", &task)).is_empty());
    assert_eq!(bench.master.instances(None).next().unwrap().reason, "image not found");
    for _ in 0..6 {
        bench.ms += 10_000;
        bench.handle(reporting(worker("Worker.a", 10, Some((50.0, 8.0))), &[]));
        let mut failing = worker("Worker.b", 10, Some((50.0, 9.0)));
        failing.silence_limit_s = 1_000;
        let Event::Worker(mut failing) = reporting(failing, &[&task]) else { unreachable!() };
        failing.instances.as_mut().unwrap()[0].status = InstanceStatus::Failed;
        failing.instances.as_mut().unwrap()[0].reason = "image not found".into();
        bench.handle(Event::Worker(failing));
    }
    let moved = bench.passes(1_000);
    assert_eq!(added(&moved)[0].worker_id.as_str(), "Worker.a");
}

#[test]
fn moving_input_migrates_the_instance_and_the_old_copy_goes_last() {
    let mut bench = Bench::new();
    let task = running(&mut bench);
    bench.joins(worker("Worker.b", 10, Some((52.0, 13.0))));
    bench.handle(reporting(worker("Worker.a", 10, Some((50.0, 8.0))), &[&task]));
    bench.passes(6_000);
    assert!(bench.available(entity("p1", "Panel", Some((50.0, 8.001)))).is_empty());
    assert!(bench.passes(6_000).is_empty());
    bench.available(entity("p1", "Panel", Some((52.0, 13.0))));
    let moved = bench.passes(6_000);
    assert_eq!(added(&moved)[0].worker_id.as_str(), "Worker.b");
    assert!(removed(&moved).is_empty());
    let task = added(&moved)[0].clone();
    let arrived = bench.handle(reporting(worker("Worker.b", 10, Some((52.0, 13.0))), &[&task]));
    assert_eq!(removed(&arrived)[0].worker_id.as_str(), "Worker.b");
    assert_eq!(bench.master.summary().migrations, 1);
}

#[test]
fn second_intent_on_a_topology_has_instances_of_its_own() {
    let mut bench = Bench::new();
    bench.handle(intent("i1", &topology("t", vec![task("x", &[stream("Panel", "EntityID")], "Out")])));
    bench.handle(intent("i2", &topology("t", vec![task("x", &[stream("Panel", "EntityID")], "Out")])));
    bench.joins(worker("Worker.a", 10, None));
    bench.available(entity("p1", "Panel", None));
    let ids: Vec<_> = bench.master.instances(None).map(|view| view.id).collect();
    assert_eq!(ids.len(), 2);
    assert!(ids.iter().any(|id| id.as_str().ends_with(&group_hash(&[JsonText::string("p1")], ""))));
    assert!(ids.iter().any(|id| id.as_str().ends_with(&group_hash(&[JsonText::string("p1")], "i2"))));
    let ended = bench.handle(Event::IntentDeleted(IntentId::from("i1")));
    assert_eq!(removed(&ended).len(), 1);
}

#[test]
fn changed_intent_keeps_its_instances_in_place_and_announcing_again_changes_nothing() {
    let mut bench = Bench::new();
    let task = running(&mut bench);
    assert!(bench.handle(intent("i1", &detector())).is_empty());
    let mut changed = detector();
    changed.operators[0].parameters.push(flow::Parameter { name: "limit".into(), value: "3".into() });
    let messages = bench.handle(intent("i1", &changed));
    assert!(removed(&messages).is_empty());
    let again = added(&messages)[0];
    assert_eq!((&again.id, &again.inputs, again.parameters.len()), (&task.id, &task.inputs, 1));
    assert!(again.generation > task.generation);
}

#[test]
fn combinations_beyond_the_bound_are_an_error_and_come_when_there_is_room() {
    let settings = Settings { max_instances: 6, ..Settings::default() };
    let (master, _) = Orchestrator::new(settings, Vec::new(), Vec::new(), at(0));
    let mut bench = Bench { master, ms: 0, keys: Vec::new() };
    let pairs = topology("t", vec![task("pair", &[stream("A", "EntityID"), stream("B", "EntityID")], "Out")]);
    bench.handle(intent("i1", &pairs));
    for name in ["1", "2", "3"] {
        bench.available(entity(&format!("a{name}"), "A", None));
        bench.available(entity(&format!("b{name}"), "B", None));
    }
    assert_eq!(bench.master.summary().instances, 6);
    assert!(bench.master.intents()[0].errors[0].contains("more than 6"));
    bench.unavailable("a1", "A");
    assert_eq!(bench.master.summary().instances, 6);
    assert!(bench.master.intents()[0].errors.is_empty());
}

#[test]
fn snapshot_yields_to_newer_notifications_and_drops_what_is_gone() {
    let mut bench = Bench::new();
    running(&mut bench);
    let key = bench.keys.iter().find(|(name, _)| name == "Panel").unwrap().1;
    bench.handle(Event::SnapshotBegun(key));
    bench.available(entity("p3", "Panel", None));
    let old = vec![entity("p2", "Panel", None), entity("p3", "Panel", Some((1.0, 1.0)))];
    let messages = bench.handle(Event::Snapshot { key, registrations: old, last: true });
    assert_eq!((added(&messages).len(), removed(&messages).len()), (1, 1));
    assert_eq!(bench.master.summary().instances, 2);
}

#[test]
fn silence_does_not_count_while_the_bus_is_away_or_the_process_stood_still() {
    let mut bench = Bench::new();
    running(&mut bench);
    bench.joins(worker("Worker.b", 10, None));
    bench.passes(1_000);
    bench.handle(Event::BusLost);
    for _ in 0..100 {
        assert!(bench.passes(1_000).is_empty());
    }
    bench.handle(Event::BusBack);
    assert!(bench.passes(20_000).is_empty());
    assert!(bench.passes(3_600_000).is_empty());
    assert_eq!(bench.master.summary().workers, 2);
    for _ in 0..31 {
        bench.passes(1_000);
    }
    assert_eq!(bench.master.summary().workers, 0);
}

#[test]
fn images_are_fetched_ahead_of_need_once_by_each_worker_they_suit() {
    let mut bench = Bench::new();
    let mut wanted = detector();
    wanted.operators[0].dockerimages[0].prefetched = true;
    bench.joins(worker("Worker.a", 10, None));
    let arm = flow::DockerImage { hw_type: "ARM".into(), ..wanted.operators[0].dockerimages[0].clone() };
    wanted.operators[0].dockerimages.push(arm);
    wanted.operators[0].dockerimages[0].hw_type = "X86".into();
    let effects = bench.master.handle(intent("i1", &wanted), at(0));
    let messages = bench.note(effects);
    assert!(matches!(&messages[..], [Message::PrefetchImage(image)] if image.operator_name == "op"));
    assert!(bench.handle(reporting(worker("Worker.a", 10, None), &[])).is_empty());
    assert!(matches!(&bench.joins(worker("Worker.b", 10, None))[..], [Message::PrefetchImage(_)]));
}

#[test]
fn scoped_streams_and_selected_attributes_are_asked_of_discovery() {
    let mut bench = Bench::new();
    let mut wanted = detector();
    wanted.tasks[0].input_streams[0].scoped = true;
    wanted.tasks[0].input_streams[0].selected_attributes = vec!["usage".into()];
    wanted.tasks[0].input_streams[1].selected_attributes = vec!["all".into()];
    let Event::Intent { mut intent, topology } = intent("i1", &wanted) else { unreachable!() };
    let value = serde_json::json!({ "centerLatitude": 50.0, "centerLongitude": 8.0, "radius": 1000.0 });
    let scope = ngsi::v1::OperationScope { scope_type: "circle".into(), scope_value: JsonText::from(value) };
    intent.geoscope = Some(scope.clone());
    let requests = |effects: Vec<crate::Effect>| {
        let requests = effects.into_iter().filter_map(|effect| match effect {
            crate::Effect::Subscribe { request, .. } => Some(*request),
            _ => None,
        });
        requests.collect::<Vec<_>>()
    };
    let effects = bench.master.handle(Event::Intent { intent: intent.clone(), topology: topology.clone() }, at(0));
    let mut asked = requests(effects);
    asked.sort_by_key(|request| request.entities[0].entity_type.to_string());
    assert_eq!(asked[0].attributes, [ngsi::Name::from("usage")]);
    assert_eq!(asked[0].restriction.scopes, [scope]);
    assert!(asked[1].attributes.is_empty() && asked[1].restriction.is_empty());
    intent.geoscope = Some(ngsi::v1::OperationScope { scope_type: "sphere".into(), scope_value: JsonText::null() });
    let effects = bench.master.handle(Event::Intent { intent, topology }, at(0));
    assert!(requests(effects).is_empty());
    assert!(bench.master.intents()[0].errors[0].starts_with("geoscope"), "{:?}", bench.master.intents()[0].errors);
}

#[test]
fn worker_of_the_original_is_trusted_until_it_joins_again() {
    let mut bench = Bench::new();
    bench.handle(intent("i1", &detector()));
    let original =
        || flow::WorkerProfile { instances: None, incarnation: 0, engines: Vec::new(), ..worker("Worker.go", 3, None) };
    bench.joins(original());
    bench.available(entity("p1", "Panel", None));
    let messages = bench.available(entity("r1", "Rule", None));
    let task = added(&messages)[0].clone();
    let update = TaskUpdate { task_id: task.id.clone(), status: InstanceStatus::Running, ..Default::default() };
    bench.handle(Event::TaskUpdate { worker: "Worker.go".into(), update: Box::new(update) });
    for _ in 0..10 {
        bench.ms += 10_000;
        assert!(bench.handle(Event::Worker(Box::new(original()))).is_empty());
    }
    assert_eq!(added(&bench.joins(original())).len(), 1);
    bench.ms += 61_000;
    assert_eq!(added(&bench.handle(Event::Worker(Box::new(original())))).len(), 1, "nothing came of it");
}

#[test]
fn absurd_numbers_from_workers_do_no_harm() {
    let mut bench = Bench::new();
    let task = running(&mut bench);
    let mut profile = worker("Worker.a", u32::MAX, Some((f64::MAX, -1e9)));
    profile.silence_limit_s = u64::MAX;
    profile.workload = u32::MAX;
    let absurd = flow::TaskInstance { generation: u64::MAX, ..task.clone() };
    bench.ms += 5_000;
    bench.handle(reporting(profile.clone(), &[&absurd]));
    let update = TaskUpdate { task_id: task.id.clone(), generation: u64::MAX, ..Default::default() };
    bench.handle(Event::TaskUpdate { worker: "Worker.a".into(), update: Box::new(update) });
    bench.available(entity("r2", "Rule", None));
    bench.handle(Event::IntentDeleted(IntentId::from("i1")));
    profile.incarnation = u64::MAX;
    bench.joins(profile);
    assert_eq!(bench.master.summary().instances, 0);
}

#[test]
fn changed_grouping_asks_for_what_it_needs() {
    let mut bench = Bench::new();
    bench.handle(intent("i1", &topology("t", vec![task("count", &[stream("Car", "EntityID")], "Count")])));
    bench.joins(worker("Worker.a", 10, None));
    bench.available(entity("c1", "Car", None));
    let event = intent("i1", &topology("t", vec![task("count", &[stream("Car", "color")], "Count")]));
    let effects = bench.master.handle(event, at(0));
    assert!(
        effects.iter().any(|effect| matches!(effect, crate::Effect::FetchEntity { entity, .. } if entity.id == *"c1"))
    );
}

#[test]
fn restarted_master_does_not_settle_before_it_hears_the_bus() {
    let mut bench = Bench::new();
    let effects = bench.master.handle(intent("i1", &detector()), at(0));
    let kept = effects
        .iter()
        .find_map(|e| if let crate::Effect::PersistIntent(kept) = e { Some(*kept.clone()) } else { None });
    bench.note(effects);
    let task = running(&mut bench);
    let workers = vec!["Worker.a".into(), "Worker.b".into()];
    let (master, effects) = Orchestrator::new(Settings::default(), vec![kept.unwrap()], workers, at(100));
    let mut bench = Bench { master, ms: 100, keys: Vec::new() };
    bench.note(effects);
    bench.handle(Event::BusLost);
    bench.available(entity("p1", "Panel", None));
    bench.available(entity("r1", "Rule", None));
    for _ in 0..60 {
        bench.passes(1_000);
    }
    bench.handle(Event::BusBack);
    assert!(bench.joins(worker("Worker.b", 10, None)).is_empty(), "the other one may have it");
    assert!(bench.handle(reporting(worker("Worker.a", 10, None), &[&task])).is_empty());
    assert!(!bench.master.summary().settling);
}

/// The reasons of instances that wait.
fn waits(bench: &Bench) -> Vec<String> {
    bench.master.waiting(None).map(|view| view.reason).collect()
}

#[test]
fn an_instance_without_a_worker_says_why_of_each() {
    let mut bench = Bench::new();
    let wanted = topology("t", vec![task("x", &[stream("Panel", "EntityID")], "Out")]);
    bench.handle(intent("i1", &wanted));
    bench.available(entity("p1", "Panel", None));
    assert!(waits(&bench)[0].ends_with(": no worker is connected"), "{:?}", waits(&bench));
    bench.joins(flow::WorkerProfile { engines: vec![flow::Engine::Function], ..worker("Worker.f", 10, None) });
    assert!(waits(&bench)[0].ends_with(": Worker.f has no engine for this operator"), "{:?}", waits(&bench));
    bench.joins(worker("Worker.a", 1, None));
    bench.available(entity("p2", "Panel", None));
    assert!(waits(&bench)[0].contains("Worker.a is full (1 of 1), Worker.f has no engine"), "{:?}", waits(&bench));
    let demand = bench.master.demand().unwrap();
    assert_eq!((demand.instances, demand.waiting, demand.running, demand.failed), (2, 1, 0, 0));
}

#[test]
fn a_refusal_stays_visible_while_no_other_worker_does() {
    let mut bench = Bench::new();
    let task = running(&mut bench);
    let (reason, generation) = ("quota exceeded".to_owned(), task.generation);
    let update =
        TaskUpdate { task_id: task.id, status: InstanceStatus::Refused, reason, generation, ..Default::default() };
    bench.handle(Event::TaskUpdate { worker: "Worker.a".into(), update: Box::new(update) });
    let reason = waits(&bench).remove(0);
    assert!(reason.contains("Worker.a could not run it before; Worker.a refused it: quota exceeded"), "{reason}");
}

#[test]
fn demand_is_unknown_until_availability_is_known() {
    let (mut master, _) = Orchestrator::new(Settings::default(), Vec::new(), Vec::new(), at(0));
    let kept = StoredIntent {
        intent: flow::ServiceIntent { id: "i1".into(), topology: "t".into(), ..Default::default() },
        topology: topology("t", vec![task("x", &[stream("Panel", "EntityID")], "Out")]),
        ordinal: 0,
    };
    master.handle(Event::Tick, at(0));
    assert!(master.demand().is_some(), "there is nothing to know");
    let (mut master, effects) = Orchestrator::new(Settings::default(), vec![kept], Vec::new(), at(0));
    let Some(crate::Effect::Subscribe { key, .. }) = effects.first() else { panic!("{effects:?}") };
    master.handle(Event::Tick, at(1_000));
    assert_eq!(master.demand(), None);
    master.handle(Event::SnapshotBegun(*key), at(2_000));
    master.handle(Event::Snapshot { key: *key, registrations: Vec::new(), last: true }, at(2_000));
    assert_eq!(master.demand().unwrap().instances, 0);
}

#[test]
fn parameters_of_an_intent_take_the_place_of_the_operators_and_decide_on_the_worker() {
    let mut bench = Bench::new();
    let parameter = |name: &str, value: &str| flow::Parameter { name: name.into(), value: value.into() };
    let mut wanted = topology("t", vec![task("x", &[stream("Panel", "EntityID")], "Out")]);
    wanted.operators[0].parameters = vec![parameter("memory_mb", "32"), parameter("cpus", "1")];
    let with = |parameters: Vec<flow::Parameter>| {
        let Event::Intent { mut intent, topology } = intent("i1", &wanted) else { unreachable!() };
        intent.parameters = parameters;
        Event::Intent { intent, topology }
    };
    bench.handle(with(vec![parameter("memory_mb", "64")]));
    bench.joins(worker("Worker.a", 10, None));
    bench.joins(worker("Worker.b", 10, None));
    let started = bench.available(entity("p1", "Panel", None));
    assert_eq!(added(&started)[0].parameters, [parameter("cpus", "1"), parameter("memory_mb", "64")]);
    assert_eq!(added(&started)[0].worker_id.as_str(), "Worker.a");
    assert!(bench.handle(with(vec![parameter("memory_mb", "64")])).is_empty(), "nothing has changed");
    let moved = bench.handle(with(vec![parameter("site_id", "b")]));
    assert_eq!(added(&moved)[0].worker_id.as_str(), "Worker.b");
    assert_eq!(removed(&moved).len(), 1);
    bench.handle(with(vec![parameter("site_id", "c"), parameter("hardware", "arm64")]));
    let reason = waits(&bench).remove(0);
    assert!(reason.contains("(site_id=c, hardware=arm64): Worker.a is at another site"), "{reason}");
}
