//! `/live`: what pages are told of the running system.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use crate::common::events::Events;
use crate::common::system::{System, element, notification};
use crate::common::{Designer, eventually, publish};
use flow::{InstanceStatus, Message, TaskUpdate, WorkerProfile};
use message_bus::Bus;
use serde_json::{Value, json};

fn running(id: &str, status: InstanceStatus) -> Message {
    Message::TaskUpdate(TaskUpdate { task_id: id.into(), status, ..TaskUpdate::default() })
}

async fn notify(designer: &Designer, reference: &str, subscription: &str, elements: &[Value]) {
    let url = format!("{reference}/notifyContext");
    let answer = designer.node.client.post_json(&url, &[], &notification(subscription, elements)).await.unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn a_page_gets_a_snapshot_first_and_then_what_changes() {
    let bus = Bus::in_process();
    let dir = tempfile::tempdir().unwrap();
    let designer = Designer::start_with(dir.path(), bus.clone(), json!({})).await;
    let told = async || {
        publish(&bus, "task.", "Worker.a", &running("t1", InstanceStatus::Running)).await;
        designer.get("/instance").await.1
    };
    eventually(told, |list| list[0].is_object()).await;
    let mut events = Events::open(&designer.url, "/live").await;
    for header in ["200 OK", "content-type: text/event-stream", "cache-control: no-store", "x-accel-buffering: no"] {
        assert!(events.head.contains(header), "{}", events.head);
    }
    let (name, snapshot) = events.next().await.unwrap();
    assert_eq!((name.as_str(), &snapshot["site"]), ("snapshot", &json!("test")));
    assert_eq!(snapshot["instances"][0]["ID"], "t1");
    for member in ["services", "brokers", "masters", "workers", "alerts", "history"] {
        assert!(snapshot[member].is_array(), "{member}: {snapshot}");
    }
    let documents =
        json!({ "operator": 0, "service": 0, "intent": 0, "fogfunction": 0, "device": 0, "subscription": 0 });
    assert_eq!(snapshot["revisions"], documents);

    publish(&bus, "task.", "Worker.a", &running("t2", InstanceStatus::Starting)).await;
    let changed = events.wait_for("instances", |_| true).await;
    assert_eq!((&changed["set"][0]["ID"], &changed["set"][0]["Status"]), (&json!("t2"), &json!("scheduled")));
    publish(&bus, "task.", "Worker.a", &running("t1", InstanceStatus::Removed)).await;
    events.wait_for("instances", |changed| changed["removed"] == json!(["t1"])).await;
    let worker = WorkerProfile { id: "Worker.a".into(), capacity: 7, ..WorkerProfile::default() };
    publish(&bus, "heartbeat.", "Worker.a", &Message::WorkerHeartbeat(worker)).await;
    let changed = events.wait_for("workers", |_| true).await;
    assert_eq!((&changed["set"][0]["capacity"], &changed["set"][0]["state"]), (&json!(7), &json!("ready")));
    assert_eq!(designer.post("/operator", crate::common::OPERATOR).await.0, 200);
    assert_eq!(events.wait_for("revisions", |_| true).await["operator"], 1);
    designer.stop().await;
}

#[tokio::test]
async fn services_brokers_and_what_they_do_are_sampled() {
    let (_dir, designer, system) = System::start().await;
    system.change(|state| {
        state.counts = json!([{ "type": "Panel", "entities": 5 }]);
        state.metrics = "fogflow_broker_updates_total 10\nfogflow_broker_entities 5\n".to_owned();
    });
    let mut events = Events::open(&designer.url, "/live").await;
    let services = events.wait_for("services", |_| true).await;
    assert_eq!((&services[1]["name"], &services[1]["state"]), (&json!("broker"), &json!("running")));
    let sample = events.wait_for("sample", |_| true).await;
    assert_eq!((&sample["entities"], &sample["types"]), (&json!(10), &json!({ "Panel": 5 })));
    assert_eq!(sample["unreachable"], json!([]), "the node's own broker is not asked through its proxy");
    system.change(|state| state.metrics = "fogflow_broker_updates_total 1000\nfogflow_broker_entities 5\n".to_owned());
    events.wait_for("sample", |sample| sample["updates"].as_f64() > Some(100.0)).await;
    let brokers = events.wait_for("brokers", |_| true).await;
    assert_eq!((&brokers[0]["id"], &brokers[0]["state"]), (&json!("Broker.a"), &json!("ready")));
    designer.stop().await;
}

#[tokio::test]
async fn what_the_master_has_planned_is_shown_with_inputs_and_outputs() {
    let (_dir, designer, system) = System::start().await;
    let planned = json!({
        "id": "t", "topology": "shop", "task": "count", "intent": "i", "worker": null, "reason": "no worker is free",
        "inputs": [{ "Type": "Panel", "ID": "p" }], "outputs": [{ "Type": "Sum", "StreamID": "s" }],
    });
    system.change(|state| state.plan = json!([planned]));
    let mut events = Events::open(&designer.url, "/live").await;
    let shown = &events.wait_for("instances", |_| true).await["set"][0];
    assert_eq!((&shown["Status"], &shown["Worker"]), (&json!("scheduled"), &json!("")));
    assert_eq!(shown["Reason"], "no worker is free");
    assert_eq!((&shown["Inputs"], &shown["Outputs"][0]["ID"]), (&planned["inputs"], &json!("s")));
    assert_eq!(&designer.get("/instance").await.1[0], shown);
    designer.stop().await;
}

#[tokio::test]
async fn entities_of_a_watched_type_come_as_they_stand_and_change() {
    let (_dir, designer, system) = System::start().await;
    let mut events = Events::open(&designer.url, "/live?watch=Panel").await;
    let live = events.wait_for("watch", |_| true).await;
    assert_eq!(live, json!({ "type": "Panel", "state": "live" }));
    let mut second = Events::open(&designer.url, "/live?watch=Panel&watch=Panel").await;
    second.wait_for("watch", |_| true).await;
    assert_eq!(system.look(|state| state.made), 1, "pages share a subscription");

    let (id, reference) = system.subscription().unwrap();
    notify(&designer, &reference, &id, &[element("a", 1), element("b", 1)]).await;
    let first = events.wait_for("entities", |_| true).await;
    assert_eq!(first, json!({ "set": [element("a", 1), element("b", 1)], "removed": [], "updates": {} }));
    second.wait_for("entities", |_| true).await;
    for value in 2..=30 {
        notify(&designer, &reference, &id, &[element("a", value)]).await;
    }
    let (mut updates, mut told) = (0, 0);
    while updates < 29 {
        let changed = events.wait_for("entities", |_| true).await;
        updates += changed["updates"]["a"].as_u64().unwrap();
        told += 1;
    }
    assert!(updates == 29 && told < 15, "{updates} updates in {told} events");
    let gone = json!({ "entityId": { "id": "b", "type": "Panel" }, "attributes": [] });
    notify(&designer, &reference, &id, &[gone]).await;
    events.wait_for("entities", |changed| changed["removed"] == json!(["b"])).await;

    drop((events, second));
    let cancelled = |subscription: &Option<_>| subscription.is_none();
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert!(system.subscription().is_some(), "a page that opens another stream finds it again");
    eventually(async || system.subscription(), cancelled).await;
    designer.stop().await;
}

#[tokio::test]
async fn a_type_with_too_many_entities_and_a_broker_that_is_away_are_said() {
    let (_dir, designer, system) = System::start().await;
    system.change(|state| state.counts = json!([{ "type": "Many", "entities": 20_001 }]));
    let mut events = Events::open(&designer.url, "/live?watch=Many&watch=Few").await;
    let refused = events.wait_for("watch", |watch| watch["type"] == "Many").await;
    assert_eq!(refused["state"], "refused");
    assert!(refused["reason"].as_str().unwrap().contains("20001 entities"), "{refused}");
    assert_eq!(system.look(|state| state.made), 1, "the other type is subscribed to");
    drop(events);
    system.change(|state| state.away = true);
    let mut events = Events::open(&designer.url, "/live?watch=New").await;
    assert_eq!(events.wait_for("watch", |watch| watch["type"] == "New").await["state"], "failed");
    system.change(|state| state.away = false);
    events.wait_for("watch", |watch| watch["type"] == "New" && watch["state"] == "live").await;
    for (path, field) in [("/live?watch=", "watch"), (&*format!("/live?{}", many_types()), "watch")] {
        let (status, answer) = designer.get(path).await;
        assert_eq!((status, &answer["field"]), (400, &json!(field)), "{path}");
    }
    designer.stop().await;
}

fn many_types() -> String {
    (0..65).map(|number| format!("watch=T{number}&")).collect()
}

#[tokio::test]
async fn a_slow_page_gets_the_latest_state_and_costs_no_memory() {
    let (_dir, designer, system) = System::start().await;
    let mut events = Events::open(&designer.url, "/live?watch=Panel").await;
    events.wait_for("watch", |_| true).await;
    let (id, reference) = system.subscription().unwrap();
    let large = |value: i64| {
        let mut element = element(&(value % 20).to_string(), value);
        element["attributes"][0]["metadata"] = json!([{ "name": "m", "type": "t", "value": "x".repeat(10_000) }]);
        element
    };
    // 20 MB of notifications while the page reads nothing.
    for round in 0..100 {
        let elements: Vec<Value> = (0..20).map(|number| large(round * 20 + number)).collect();
        notify(&designer, &reference, &id, &elements).await;
    }
    let mut told = 0;
    let mut updates = 0;
    while updates < 20 * 99 {
        let changed = events.wait_for("entities", |_| true).await;
        updates += changed["updates"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum::<u64>();
        told += changed.to_string().len();
    }
    assert!(told < 10_000_000, "{told} bytes were told");
    designer.stop().await;
}

#[tokio::test]
async fn streams_end_when_the_designer_stops_and_do_not_hold_it_up() {
    let dir = tempfile::tempdir().unwrap();
    let designer = Designer::start(dir.path()).await;
    let mut events = Events::open(&designer.url, "/live").await;
    let unread = Events::open(&designer.url, "/live").await;
    tokio::time::timeout(Duration::from_secs(8), designer.stop()).await.expect("not drained");
    while events.next().await.is_some() {}
    drop(unread);
}

#[tokio::test]
async fn too_many_pages_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let designer = Designer::start(dir.path()).await;
    let mut open = Vec::new();
    for _ in 0..256 {
        open.push(Events::open(&designer.url, "/live").await);
    }
    let (status, answer) = designer.get("/live").await;
    assert_eq!((status, answer["error"].is_string()), (503, true));
    open.pop();
    eventually(async || Events::open(&designer.url, "/live").await.head, |head| head.contains("200 OK")).await;
    designer.stop().await;
}

#[tokio::test]
async fn what_an_earlier_designer_left_at_the_broker_is_cancelled() {
    let (dir, designer, system) = System::start().await;
    designer.stop().await;
    let foreign = json!({ "request": { "reference": "http://elsewhere" }, "correlator": "Task.x", "statistics": {} });
    let left = json!({
        "request": { "reference": "http://127.0.0.1:1/live/old" }, "correlator": "Designer.test.live", "statistics": {},
    });
    system.change(|state| state.subscriptions.extend([("foreign".to_owned(), foreign), ("left".to_owned(), left)]));
    let designer = system.designer(dir.path()).await;
    let mut events = Events::open(&designer.url, "/live?watch=Panel").await;
    events.wait_for("watch", |_| true).await;
    let ids = async || system.look(|state| state.subscriptions.keys().cloned().collect::<Vec<_>>());
    eventually(ids, |ids| *ids == ["foreign", "s1"]).await;

    // One that notifies this designer, although nobody asked.
    let (_, reference) = system.look(|state| {
        let entry = &state.subscriptions["s1"];
        ((), entry["request"]["reference"].as_str().unwrap().to_owned())
    });
    let stray = reference.rsplit_once('/').unwrap().0.to_owned() + "/unknown";
    let entry = json!({ "request": { "reference": stray }, "statistics": {} });
    system.change(|state| drop(state.subscriptions.insert("stray".to_owned(), entry)));
    notify(&designer, &stray, "stray", &[element("a", 1)]).await;
    notify(&designer, &stray, "foreign", &[element("a", 1)]).await;
    eventually(ids, |ids| *ids == ["foreign", "s1"]).await;
    designer.stop().await;
    let left = system.look(|state| state.subscriptions.keys().cloned().collect::<Vec<_>>());
    assert_eq!(left, ["foreign"], "a designer that stops cancels what it has");
}
