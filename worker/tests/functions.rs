//! Functions from command to output, against a recording broker.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use flow::{InstanceStatus, Message, TaskInstance};
use http::StatusCode;
use serde_json::json;
use support::{Site, function, sensor};
use testkit::Behaviour;

const DOUBLE: &str = "exports.handler = (e, publish) => publish({ attributes: { twice: { type: 'integer', value: 2 * e.attributes.t.value } } });";

fn functions_only() -> serde_json::Value {
    json!({ "container_management": "function", "capacity": 3 })
}

#[tokio::test(flavor = "multi_thread")]
async fn worker_joins_with_its_whole_profile() {
    let data = tempfile::tempdir().unwrap();
    let mut site = Site::start(data.path(), functions_only()).await;
    let (kind, profile) = site.heartbeat().await;
    assert_eq!(kind, "WORKER_JOIN");
    assert_eq!((profile.id.as_str(), profile.capacity, profile.silence_limit_s), (support::WORKER, 3, 30));
    assert_eq!(profile.engines, [flow::Engine::Function]);
    assert_eq!(profile.instances, Some(Vec::new()));
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn command_leads_to_subscription_and_notification_to_output() {
    let data = tempfile::tempdir().unwrap();
    let mut site = Site::start(data.path(), functions_only()).await;
    site.command(Message::AddTask(function("Task.top.main.1", 1, DOUBLE))).await;
    site.reported("Task.top.main.1", InstanceStatus::Running).await;

    let subscription = site.broker_gets("/ngsi10/subscribeContext", 1).await.remove(0);
    assert_eq!(subscription["entities"], json!([{ "id": "Sensor.1", "type": "Sensor", "isPattern": false }]));
    assert_eq!(subscription["attributes"], json!(["t"]));
    assert_eq!(subscription["reference"], format!("{}/tasks/Task.top.main.1", site.url));
    let subscribing = site.broker.received().into_iter().find(|r| r.path == "/ngsi10/subscribeContext");
    let headers = subscribing.unwrap().headers;
    assert_eq!(
        (&headers["fiware-correlator"], &headers["require-reliability"]),
        (&"Task.top.main.1".parse().unwrap(), &"true".parse().unwrap())
    );

    assert_eq!(site.notify("Task.top.main.1", sensor(21)).await, StatusCode::OK);
    let update = site.broker_got("/ngsi10/updateContext").remove(0);
    assert_eq!(update["updateAction"], "UPDATE");
    let element = &update["contextElements"][0];
    assert_eq!(element["entityId"], json!({ "id": "Out.1", "type": "Out", "isPattern": false }));
    assert_eq!(element["attributes"], json!([{ "name": "twice", "type": "integer", "value": 42 }]));
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn removal_cancels_the_subscription_and_deletes_the_outputs() {
    let data = tempfile::tempdir().unwrap();
    let mut site = Site::start(data.path(), functions_only()).await;
    site.command(Message::AddTask(function("t", 1, DOUBLE))).await;
    site.reported("t", InstanceStatus::Running).await;
    site.broker_gets("/ngsi10/subscribeContext", 1).await;
    site.command(Message::RemoveTask(function("t", 2, ""))).await;
    let cancelled = site.broker_gets("/ngsi10/unsubscribeContext", 1).await;
    assert_eq!(cancelled[0], json!({ "subscriptionId": "sub-1" }));
    let deletion = site.broker_gets("/ngsi10/updateContext", 1).await;
    assert_eq!(
        (&deletion[0]["updateAction"], &deletion[0]["contextElements"][0]["entityId"]["id"]),
        (&json!("DELETE"), &json!("Out.1"))
    );
    assert_eq!(site.notify("t", sensor(1)).await, StatusCode::NOT_FOUND);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notification_is_handed_back_while_the_broker_is_down() {
    let data = tempfile::tempdir().unwrap();
    let mut site = Site::start(data.path(), functions_only()).await;
    site.command(Message::AddTask(function("t", 1, DOUBLE))).await;
    site.reported("t", InstanceStatus::Running).await;
    site.broker_gets("/ngsi10/subscribeContext", 1).await;
    site.broker.behave(Behaviour::Refuse(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(site.notify("t", sensor(1)).await, StatusCode::SERVICE_UNAVAILABLE);
    site.broker.behave(Behaviour::Answer(json!({ "contextResponses": [] })));
    assert_eq!(site.notify("t", sensor(1)).await, StatusCode::OK);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn function_that_keeps_failing_is_reported_with_the_line_and_hurts_no_other() {
    let data = tempfile::tempdir().unwrap();
    let mut site = Site::start(data.path(), functions_only()).await;
    let bad = "exports.handler = (e, publish) => {\n  if (e.attributes.t.value < 0) throw new Error('below zero');\n};";
    site.command(Message::AddTask(function("bad", 1, bad))).await;
    site.command(Message::AddTask(function("good", 1, DOUBLE))).await;
    site.reported("good", InstanceStatus::Running).await;
    for _ in 0..3 {
        assert_eq!(site.notify("bad", sensor(-1)).await, StatusCode::OK, "an error is not for the broker to repeat");
    }
    let report = site.reported("bad", InstanceStatus::Failed).await;
    assert!(report.reason.contains("below zero (line 2"), "{}", report.reason);
    assert_eq!(site.notify("good", sensor(1)).await, StatusCode::OK);
    site.notify("bad", sensor(1)).await;
    site.reported("bad", InstanceStatus::Running).await;
    let logs = site.node.client.get(&format!("{}/tasks/bad/logs", site.url)).await.unwrap();
    assert!(String::from_utf8_lossy(logs.body()).contains("below zero"));
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn function_that_loops_is_ended_and_others_go_on() {
    let data = tempfile::tempdir().unwrap();
    let mut site = Site::start(data.path(), functions_only()).await;
    let mut endless = function("endless", 1, "exports.handler = () => { for (;;) {} };");
    endless.parameters = vec![flow::Parameter { name: "timeout_ms".into(), value: "50".into() }];
    site.command(Message::AddTask(endless)).await;
    site.command(Message::AddTask(function("good", 1, DOUBLE))).await;
    site.reported("good", InstanceStatus::Running).await;
    let looping = async {
        tokio::join!(
            site.notify("endless", sensor(1)),
            site.notify("endless", sensor(2)),
            site.notify("endless", sensor(3))
        )
    };
    let (_, good) = tokio::join!(looping, site.notify("good", sensor(1)));
    assert_eq!(good, StatusCode::OK);
    let report = site.reported("endless", InstanceStatus::Failed).await;
    assert_eq!(report.reason, "the call took longer than 50 ms");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unusable_commands_are_reported_with_the_reason() {
    let data = tempfile::tempdir().unwrap();
    let mut site = Site::start(data.path(), functions_only()).await;
    let image = TaskInstance { docker_image: "counter:latest".into(), ..function("image", 1, "") };
    for (instance, expected) in [
        (image, "image counter:latest needs Docker"),
        (function("syntax", 1, "exports.handler = ("), "SyntaxError"),
        (function("nothing", 1, ""), "neither an image nor function code"),
    ] {
        let id = instance.id.to_string();
        site.command(Message::AddTask(instance)).await;
        let reason = site.reported(&id, InstanceStatus::Failed).await.reason;
        assert!(reason.contains(expected), "{reason}");
    }
    site.command(Message::AddTask(function("fourth", 1, DOUBLE))).await;
    let reason = site.reported("fourth", InstanceStatus::Refused).await.reason;
    assert!(reason.contains("capacity"), "{reason}");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_on_bus_and_http_is_survived() {
    let data = tempfile::tempdir().unwrap();
    let mut site = Site::start(data.path(), functions_only()).await;
    for (kind, payload) in [("ADD_TASK", "[]"), ("ADD_TASK", r#"{"ID":7}"#), ("NONSENSE", "{}"), ("REPORT", "null")] {
        let text = format!(r#"{{"Type":"{kind}","RoutingKey":"{}.","PayLoad":{payload}}}"#, support::WORKER);
        site.bus.publish(flow::Envelope::parse(text.as_bytes()).unwrap()).await.unwrap();
    }
    let url = format!("{}/tasks/t/notifyContext", site.url);
    let answer = site.node.client.post_json(&url, &[], "[[[").await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    site.command(Message::AddTask(function("t", 1, DOUBLE))).await;
    site.reported("t", InstanceStatus::Running).await;
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_worker_says_good_bye_and_leaves_nothing_behind() {
    let data = tempfile::tempdir().unwrap();
    let mut site = Site::start(data.path(), functions_only()).await;
    site.command(Message::AddTask(function("t", 1, DOUBLE))).await;
    site.reported("t", InstanceStatus::Running).await;
    site.broker_gets("/ngsi10/subscribeContext", 1).await;
    let mut heartbeats = site.bus.subscribe("Master.other", &["heartbeat.*"]);
    let broker = site.stop().await;
    let mut kinds = Vec::new();
    while let Ok(Some(delivery)) = tokio::time::timeout(std::time::Duration::from_millis(100), heartbeats.next()).await
    {
        kinds.push(delivery.envelope.message_type.clone());
        delivery.ack();
    }
    assert!(kinds.contains(&"WORKER_LEAVE".to_owned()), "{kinds:?}");
    let paths: Vec<String> = broker.received().into_iter().map(|r| r.path).collect();
    assert!(paths.contains(&"/ngsi10/unsubscribeContext".to_owned()), "{paths:?}");
    assert!(!paths.contains(&"/ngsi10/updateContext".to_owned()), "what it wrote stays: {paths:?}");

    let mut site = Site::with_broker(data.path(), "test", functions_only(), broker).await;
    assert_eq!(site.heartbeat().await.1.instances, Some(Vec::new()));
    site.stop().await;
}

/// Killed: nothing is said and nothing is ended. Needs runtimes of its own, which can be dropped with all that runs in them.
#[test]
fn killed_worker_takes_up_its_functions_and_renews_their_subscriptions() {
    let outer = tokio::runtime::Runtime::new().unwrap();
    let data = tempfile::tempdir().unwrap();
    let broker = outer.block_on(testkit::Receiver::start()).unwrap();
    support::accept_all(&broker);

    let first_life = tokio::runtime::Runtime::new().unwrap();
    let (broker, url) = first_life.block_on(async {
        let mut site = Site::with_broker(data.path(), "test", functions_only(), broker).await;
        site.command(Message::AddTask(function("t", 1, DOUBLE))).await;
        site.reported("t", InstanceStatus::Running).await;
        site.broker_gets("/ngsi10/subscribeContext", 1).await;
        site.kill()
    });
    first_life.shutdown_timeout(std::time::Duration::from_secs(1));

    outer.block_on(async {
        let mut site = Site::with_broker(data.path(), "test", functions_only(), broker).await;
        assert_eq!(site.url, url, "it listens where its subscriptions lead");
        site.reported("t", InstanceStatus::Running).await;
        assert_eq!(site.notify("t", sensor(4)).await, StatusCode::OK);
        assert_eq!(site.broker_got("/ngsi10/updateContext").len(), 1);
        // A function that starts anew is told again how its inputs stand.
        site.broker_gets("/ngsi10/unsubscribeContext", 1).await;
        site.broker_gets("/ngsi10/subscribeContext", 2).await;
        site.stop().await;
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn worker_stops_quickly_though_its_broker_is_gone_and_cancels_later() {
    let data = tempfile::tempdir().unwrap();
    let mut site = Site::start(data.path(), functions_only()).await;
    site.command(Message::AddTask(function("t", 1, DOUBLE))).await;
    site.reported("t", InstanceStatus::Running).await;
    site.broker_gets("/ngsi10/subscribeContext", 1).await;
    site.broker.behave(Behaviour::Refuse(StatusCode::BAD_GATEWAY));
    let begun = std::time::Instant::now();
    let broker = site.stop().await;
    assert!(begun.elapsed() < std::time::Duration::from_secs(4), "{:?}", begun.elapsed());
    let _ = broker.take();
    support::accept_all(&broker);
    let site = Site::with_broker(data.path(), "test", functions_only(), broker).await;
    site.broker_gets("/ngsi10/unsubscribeContext", 1).await;
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn worker_for_tests_of_scale_only_pretends() {
    let data = tempfile::tempdir().unwrap();
    let settings = json!({ "container_management": "function", "start_actual_task": false });
    let mut site = Site::start(data.path(), settings).await;
    let image = TaskInstance { docker_image: "nowhere:latest".into(), ..function("t", 1, "") };
    site.command(Message::AddTask(image)).await;
    site.reported("t", InstanceStatus::Running).await;
    assert_eq!(site.broker_got("/ngsi10/subscribeContext"), Vec::<serde_json::Value>::new());
    site.stop().await;
}
