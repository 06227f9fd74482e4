#![allow(clippy::unwrap_used)]

use flow::{MasterRole, ReportedInstance, TaskInfo, TaskUpdate};
use serde_json::json;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(second * 1_000)
}

fn update(id: &str, status: InstanceStatus) -> Message {
    let intent = "ServiceIntent.1".to_owned();
    Message::TaskUpdate(TaskUpdate { task_id: id.into(), status, service_intent_id: intent, ..TaskUpdate::default() })
}

fn failed(id: &str, reason: &str) -> Message {
    let Message::TaskUpdate(update) = update(id, InstanceStatus::Failed) else { unreachable!() };
    Message::TaskUpdate(TaskUpdate { reason: reason.to_owned(), topology_name: "shop".to_owned(), ..update })
}

fn profile(worker: &str) -> WorkerProfile {
    WorkerProfile { id: worker.into(), silence_limit_s: 30, ..WorkerProfile::default() }
}

fn heartbeat(worker: &str, instances: &[&str]) -> Message {
    let report = |id: &&str| ReportedInstance {
        id: (*id).into(),
        status: InstanceStatus::Running,
        ..ReportedInstance::default()
    };
    let instances = Some(instances.iter().map(report).collect());
    Message::WorkerHeartbeat(WorkerProfile { instances, ..profile(worker) })
}

fn shown(model: &Model) -> Vec<(&str, &str)> {
    model.instances().map(|instance| (instance.id.as_str(), instance.worker.as_str())).collect()
}

fn alerts(model: &Model) -> Vec<(&str, bool)> {
    model.alerts.log().values().map(|alert| (alert.text.as_str(), alert.until.is_some())).collect()
}

#[test]
fn a_farewell_of_the_old_worker_does_not_hide_a_migrated_instance() {
    let mut model = Model::default();
    model.note("Worker.a", update("t", InstanceStatus::Running), at(0));
    model.note("Worker.b", update("t", InstanceStatus::Running), at(1));
    model.note("Worker.a", update("t", InstanceStatus::Removed), at(2));
    assert_eq!(shown(&model), [("t", "Worker.b")]);
}

#[test]
fn a_heartbeat_repairs_what_updates_left_behind() {
    let mut model = Model::default();
    model.note("Worker.a", update("lost", InstanceStatus::Running), at(0));
    model.note("Worker.a", heartbeat("Worker.a", &["kept"]), at(1));
    assert_eq!(shown(&model), [("kept", "Worker.a")]);
}

#[test]
fn a_heartbeat_that_says_nothing_new_of_instances_changes_none() {
    let mut model = Model::default();
    model.note("Worker.a", heartbeat("Worker.a", &["t"]), at(0));
    let before = model.instances_version();
    model.note("Worker.a", heartbeat("Worker.a", &["t"]), at(10));
    assert_eq!(model.instances_version(), before);
}

#[test]
fn masters_that_are_silent_are_forgotten_and_the_active_one_comes_first() {
    let mut model = Model::default();
    let master = |id: &str, role| MasterProfile { id: id.into(), role, ..MasterProfile::default() };
    let ids = |model: &mut Model, second| {
        model.tick(at(second));
        model.masters().iter().map(|master| master.id.clone()).collect::<Vec<_>>()
    };
    model.note("a", Message::MasterHeartbeat(master("a", Some(MasterRole::Standby))), at(0));
    model.note("b", Message::MasterJoin(master("b", Some(MasterRole::Active))), at(0));
    model.note("go", Message::MasterJoin(master("go", None)), at(0));
    assert_eq!(ids(&mut model, 10), ["b", "go", "a"]);
    model.note("a", Message::MasterHeartbeat(master("a", Some(MasterRole::Active))), at(10));
    assert_eq!(ids(&mut model, 10), ["a", "go", "b"]);
    assert_eq!(ids(&mut model, 11), ["a", "go"]);
    model.note("a", Message::MasterLeave(master("a", Some(MasterRole::Active))), at(12));
    assert_eq!(ids(&mut model, 12), ["go"]);
}

#[test]
fn a_silent_worker_loses_its_instances_at_once_and_its_place_after_ten_minutes() {
    let mut model = Model::default();
    model.note("Worker.a", heartbeat("Worker.a", &["t"]), at(0));
    model.tick(at(30));
    assert_eq!((model.present_workers().count(), model.instances.all().len()), (1, 1));
    model.tick(at(31));
    assert_eq!((model.present_workers().count(), model.instances.all().len()), (0, 0));
    let worker = |model: &Model| serde_json::to_value(model.worker("Worker.a").unwrap()).unwrap();
    assert_eq!((&worker(&model)["state"], &worker(&model)["seen"]), (&json!("silent"), &json!(0)));
    model.note("Worker.a", Message::WorkerLeave(profile("Worker.a")), at(40));
    assert_eq!(worker(&model)["state"], "left");
    model.tick(at(641));
    assert!(model.worker("Worker.a").is_none());
}

#[test]
fn nobody_is_silent_while_nobody_can_be_heard() {
    let mut model = Model::default();
    model.note("Worker.a", heartbeat("Worker.a", &["t"]), at(0));
    let master = MasterProfile { id: "m".into(), role: Some(MasterRole::Active), ..MasterProfile::default() };
    model.note("m", Message::MasterHeartbeat(master), at(0));
    model.hears(false, at(5));
    model.tick(at(100));
    model.hears(true, at(100));
    model.hears(true, at(109));
    model.tick(at(110));
    assert_eq!((model.present_workers().count(), model.masters().len()), (1, 1));
    model.tick(at(131));
    assert_eq!((model.present_workers().count(), model.masters().len()), (0, 0));
}

#[test]
fn instances_that_a_quicker_master_moved_before_the_silence_was_noticed_are_counted() {
    let mut model = Model::default();
    model.note("Worker.edge", heartbeat("Worker.edge", &["t1", "t2"]), at(0));
    model.note("Worker.b", update("t1", InstanceStatus::Running), at(30));
    model.note("Worker.b", update("t2", InstanceStatus::Running), at(30));
    model.tick(at(31));
    let expected = "Worker.edge silent for 31 s: 2 task instances moved. Is its node up and connected?";
    assert_eq!(alerts(&model), [(expected, false)]);
}

#[test]
fn instances_that_left_a_worker_in_order_are_not_mourned() {
    let mut model = Model::default();
    model.note("Worker.edge", heartbeat("Worker.edge", &["t1"]), at(0));
    model.note("Worker.b", update("t1", InstanceStatus::Running), at(1));
    model.note("Worker.edge", heartbeat("Worker.edge", &[]), at(2));
    model.tick(at(33));
    let expected = "Worker.edge silent for 31 s: it had no task instances. Is its node up and connected?";
    assert_eq!(alerts(&model), [(expected, false)]);
}

#[test]
fn an_alert_follows_a_worker_through_silence_and_back() {
    let mut model = Model::default();
    model.note("Worker.edge", heartbeat("Worker.edge", &["t1", "t2"]), at(0));
    model.tick(at(31));
    let ask = ". Is its node up and connected?";
    let expected = format!("Worker.edge silent for 31 s: its 2 task instances wait for other workers{ask}");
    assert_eq!(alerts(&model), [(expected.as_str(), false)]);
    model.note("Worker.b", update("t1", InstanceStatus::Running), at(32));
    model.tick(at(32));
    let expected =
        format!("Worker.edge silent for 31 s: 1 of 2 task instances moved, the others wait for other workers{ask}");
    assert_eq!(alerts(&model), [(expected.as_str(), false)]);
    model.note("Worker.b", update("t2", InstanceStatus::Running), at(33));
    model.tick(at(33));
    let expected = format!("Worker.edge silent for 31 s: 2 task instances moved{ask}");
    assert_eq!(alerts(&model), [(expected.as_str(), false)]);
    model.note("Worker.edge", heartbeat("Worker.edge", &[]), at(40));
    model.tick(at(40));
    assert_eq!(alerts(&model), [("Worker.edge is back after 40 s", true)]);
}

#[test]
fn a_worker_that_never_came_back_and_one_that_was_stopped() {
    let mut model = Model::default();
    model.note("Worker.a", heartbeat("Worker.a", &["t"]), at(0));
    model.note("Worker.idle", heartbeat("Worker.idle", &[]), at(0));
    model.note("Worker.a", Message::WorkerLeave(profile("Worker.a")), at(1));
    model.note("Worker.idle", Message::WorkerLeave(profile("Worker.idle")), at(1));
    model.tick(at(1));
    assert_eq!(alerts(&model), [("Worker.a has been stopped: its 1 task instance wait for other workers", false)]);
    model.tick(at(602));
    assert_eq!(alerts(&model), [("Worker.a was away for 10 min and is not waited for any more", true)]);
}

#[test]
fn many_silent_workers_have_twenty_alerts_and_one_more() {
    let mut model = Model::default();
    for number in 0..50 {
        let name = format!("Worker.{number:02}");
        model.note(&name, heartbeat(&name, &[]), at(0));
    }
    model.tick(at(31));
    assert_eq!(alerts(&model).len(), 21);
    assert_eq!(alerts(&model)[20].0, "30 further workers are silent. Is their network up?");
}

#[test]
fn failed_instances_have_one_alert_an_intent() {
    let mut model = Model::default();
    for id in ["t1", "t2", "t3"] {
        model.note("Worker.a", failed(id, "image not found"), at(0));
        model.tick(at(1));
    }
    let text = "3 task instances of intent ServiceIntent.1 (topology shop) failed: image not found. They are tried again; \
                their logs say more";
    assert_eq!(alerts(&model), [(text, false)]);
    for id in ["t1", "t2", "t3"] {
        model.note("Worker.a", update(id, InstanceStatus::Running), at(5));
    }
    model.tick(at(5));
    assert_eq!(alerts(&model), [("No task instance of intent ServiceIntent.1 fails any more, after 5 s", true)]);
}

fn plan(text: &str) -> Vec<Planned> {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_plan_tells_what_instances_read_and_write_and_which_wait() {
    let mut model = Model::default();
    model.note("Worker.c", heartbeat("Worker.c", &[]), at(0));
    model.note("Worker.a", update("told", InstanceStatus::Starting), at(0));
    let planned = r#"[
        {"id":"told","topology":"shop","task":"count","intent":"i","worker":"Worker.a",
         "inputs":[{"Type":"Panel","ID":"p"}],"outputs":[{"Type":"Sum","StreamID":"s"}]},
        {"id":"waits","topology":"shop","task":"count","intent":"i","worker":null,"reason":"no worker"},
        {"id":"on its way","topology":"shop","task":"count","intent":"i","worker":"Worker.b","status":"running"},
        {"id":"untold","topology":"shop","task":"count","intent":"i","worker":"Worker.c","status":"running"}]"#;
    model.planned(plan(planned), at(1));
    let expected = [("told", "Worker.a"), ("untold", "Worker.c"), ("waits", "")];
    assert_eq!(shown(&model), expected, "a worker that is not known here may be gone");
    let views: Vec<_> = model.instances().map(|instance| serde_json::to_value(instance.view()).unwrap()).collect();
    let expected = json!({
        "ID": "told", "TopologyName": "", "TaskName": "", "ServiceIntentID": "ServiceIntent.1", "Worker": "Worker.a",
        "Status": "scheduled", "Since": 0,
        "Inputs": [{ "Type": "Panel", "ID": "p" }], "Outputs": [{ "Type": "Sum", "ID": "s" }],
    });
    assert_eq!(views[0], expected);
    assert_eq!((&views[2]["Reason"], &views[2]["Since"]), (&json!("no worker"), &json!(1_000)));
    let before = model.instances_version();
    model.planned(plan(planned), at(2));
    assert_eq!(model.instances_version(), before, "the same plan is no news");
    model.note("Worker.b", update("waits", InstanceStatus::Running), at(3));
    model.planned(plan("[]"), at(4));
    model.note("Worker.c", heartbeat("Worker.c", &[]), at(5));
    assert_eq!(shown(&model), [("told", "Worker.a"), ("waits", "Worker.b")], "workers have the last word");
}

#[test]
fn services_that_are_down_are_named_with_what_they_lack() {
    let mut model = Model::default();
    let service =
        |name, state, reason: serde_json::Value| Service { name, url: Some("http://h".into()), state, reason };
    let down = vec![
        service("discovery", ServiceState::Away, json!("no connection")),
        service("master", ServiceState::NotReady, json!({ "message bus": "refused" })),
        service("message bus", ServiceState::Away, json!("refused")),
    ];
    model.checked(down, at(60));
    model.tick(at(61));
    let texts: Vec<&str> = alerts(&model).into_iter().map(|(text, _)| text).collect();
    assert_eq!(
        texts,
        [
            "Message bus away since 00:01:00 UTC: refused. Running tasks go on, nothing is placed or moved: is RabbitMQ up?",
            "Discovery does not answer at http://h since 00:01:00 UTC: no connection. Is it started?",
            "The master is not ready since 00:01:00 UTC: message bus: refused",
        ]
    );
    model.checked(vec![service("message bus", ServiceState::Ready, json!(null))], at(70));
    model.tick(at(70));
    assert!(alerts(&model).iter().all(|(_, over)| *over));
    assert_eq!(alerts(&model)[0].0, "The message bus is back after 10 s");
}

#[test]
fn an_alert_about_a_receiver_says_what_becomes_of_what_waits() {
    let mut model = Model::default();
    let instance = |id: &str, address: &str, second| {
        let info = format!("refURL={address}; containerID=");
        let told = TaskInfo { task_id: id.into(), info, ..TaskInfo::default() };
        [(update(id, InstanceStatus::Running), at(second)), (Message::TaskInfo(told), at(second))]
    };
    let moved = instance("Task.moved", "http://new:1/tasks/Task.moved", 0);
    let stays = instance("Task.stays", "http://old:1/tasks/Task.stays", 0);
    moved.into_iter().chain(stays).for_each(|(message, now)| model.note("Worker.b", message, now));
    let fed = |task: &str| (TaskId::from(task), format!("http://old:1/tasks/{task}"));
    for (second, subscriptions, tasks, expected) in [
        (1, 1, vec!["Task.gone"], "delete the subscriptions"),
        (2, 1, vec!["Task.moved"], "end within minutes"),
        (3, 2, vec!["Task.moved", "Task.gone"], "end within minutes"),
        (4, 2, vec!["Task.moved"], "is the receiver up?"),
        (5, 1, vec!["Task.stays"], "is the receiver up?"),
        (6, 2, vec!["Task.stays", "Task.gone"], "is the receiver up?"),
        (7, 1, vec![], "is the receiver up?"),
    ] {
        let fed = tasks.iter().copied().map(fed).collect();
        let failing = Failing { since: at(0), reason: "refused".to_owned(), subscriptions, fed };
        model.failing = BTreeMap::from([("http://old:1".to_owned(), failing)]);
        model.tick(at(second));
        let (text, over) = alerts(&model)[0];
        assert!(text.ends_with(expected) && !over, "{tasks:?}: {text}");
    }
    model.failing.clear();
    model.tick(at(60));
    assert_eq!(alerts(&model), [("Notifications to http://old:1 do not fail any more, after 60 s", true)]);
}
