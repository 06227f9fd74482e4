//! Two brokers and a real discovery in one process.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::common::{SOON, Site, update, wait_elements};
use http::StatusCode;
use serde_json::{Value, json};
use service::{Config, Node, Running};
use storage::Store;
use testkit::{Behaviour, Receiver, wait_until};

struct Discovery {
    node: Node,
    running: Option<Running>,
    store: Option<Store>,
    port: u16,
    directory: tempfile::TempDir,
}

impl Discovery {
    async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), 0).await
    }

    async fn start_in(directory: tempfile::TempDir, port: u16) -> Self {
        let config = json!({ "site_id": "cloud", "bind_ip": "127.0.0.1", "discovery": { "http_port": port },
            "broker": { "heartbeat_interval": 1 } });
        let node = Node::new(Config::parse(&config.to_string(), |_| None).unwrap(), 1).unwrap();
        let store = Store::open(directory.path()).unwrap();
        let running = discovery::start(node.clone(), store.clone()).await.unwrap();
        let port = running.address.port();
        Self { node, running: Some(running), store: Some(store), port, directory }
    }

    async fn stop(&mut self) {
        self.node.shutdown.cancel();
        self.node.tasks.close();
        if let Some(running) = self.running.take() {
            running.drained().await;
        }
        self.node.tasks.wait().await;
        if let Some(store) = self.store.take() {
            store.close();
        }
    }

    /// Stops it and starts it again with nothing remembered.
    async fn restart_empty(mut self) -> Self {
        self.stop().await;
        Self::start_in(tempfile::tempdir().unwrap(), self.port).await
    }

    /// The provider it names for an entity.
    async fn provider(&self, id: &str) -> Option<String> {
        let body = json!({ "entities": [{ "id": id, "isPattern": false }] });
        let url = format!("http://127.0.0.1:{}/ngsi9/discoverContextAvailability", self.port);
        let answer = self.node.client.post_json(&url, &[], &body).await.unwrap();
        let answer: Value = serde_json::from_slice(answer.body()).unwrap();
        let provider = &answer["contextRegistrationResponses"][0]["contextRegistration"]["providingApplication"];
        provider.as_str().map(str::to_owned)
    }

    async fn wait_registered(&self, id: &str) -> String {
        wait_until(SOON, &format!("{id} is registered"), async || self.provider(id).await).await
    }
}

impl Drop for Discovery {
    fn drop(&mut self) {
        self.node.shutdown.cancel();
    }
}

async fn system() -> (Discovery, Site, Site) {
    let discovery = Discovery::start().await;
    let (one, two) = (Site::start("one", discovery.port).await, Site::start("two", discovery.port).await);
    discovery.wait_registered("Broker.one").await;
    discovery.wait_registered("Broker.two").await;
    (discovery, one, two)
}

fn all_rooms(receiver: &Receiver) -> Value {
    json!({ "entities": [{ "type": "Room", "isPattern": true }], "reference": receiver.url() })
}

async fn query_ids(site: &Site, query: &Value) -> (Vec<String>, Value) {
    let (mut ids, error) = query_page(site, "/ngsi10/queryContext", query).await;
    ids.sort_unstable();
    (ids, error)
}

async fn query_page(site: &Site, path: &str, query: &Value) -> (Vec<String>, Value) {
    let (status, answer) = site.post(path, query).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let responses = answer["contextResponses"].as_array().unwrap();
    let ids = responses.iter().map(|r| r["contextElement"]["entityId"]["id"].as_str().unwrap().to_owned());
    (ids.collect(), answer["errorCode"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_reaches_the_owner_whatever_it_is() {
    let (discovery, one, two) = system().await;
    one.set("Room.1", "Room", 1).await;
    discovery.wait_registered("Room.1").await;

    assert_eq!(two.set("Room.1", "Room", 2).await["code"], 200);
    assert_eq!(one.get("/ngsi10/entity/Room.1/value").await.1["value"], 2);
    assert_eq!(two.get("/ngsi10/entity/Room.1").await.0, StatusCode::NOT_FOUND);

    let mut append = update("Room.1", "Hall", 3);
    append["updateAction"] = json!("APPEND");
    two.post("/ngsi10/updateContext", &append).await;
    assert_eq!(one.get("/ngsi10/entity/Room.1").await.1["entityId"]["type"], "Hall");

    let delete = json!({ "contextElements": [{ "entityId": { "id": "Room.1" } }], "updateAction": "DELETE" });
    two.post("/ngsi10/updateContext", &delete).await;
    assert_eq!(one.get("/ngsi10/entity/Room.1").await.0, StatusCode::NOT_FOUND);
    wait_until(SOON, "Room.1 is unregistered", async || discovery.provider("Room.1").await.is_none().then_some(()))
        .await;

    one.set("Room.2", "Room", 1).await;
    discovery.wait_registered("Room.2").await;
    assert_eq!(two.delete("/ngsi10/entity/Room.2").await.0, StatusCode::OK);
    assert_eq!(one.get("/ngsi10/entity/Room.2").await.0, StatusCode::NOT_FOUND);
    assert_eq!(two.delete("/ngsi10/entity/Room.3").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_for_an_owner_that_is_away_is_an_error() {
    let (discovery, mut one, two) = system().await;
    one.set("Room.1", "Room", 1).await;
    discovery.wait_registered("Room.1").await;
    one.stop().await;
    let status = two.set("Room.1", "Room", 2).await;
    assert_eq!(status["code"], 503, "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_answered_from_all_brokers() {
    let (discovery, mut one, two) = system().await;
    for (site, id, latitude) in [(&one, "Room.1", 49.0), (&two, "Room.2", 50.0)] {
        let mut update = update(id, "Room", 1);
        let place = json!({ "latitude": latitude, "longitude": 8.0 });
        update["contextElements"][0]["domainMetadata"] =
            json!([{ "name": "location", "type": "point", "value": place }]);
        site.post("/ngsi10/updateContext", &update).await;
        discovery.wait_registered(id).await;
    }
    let rooms = json!({ "entities": [{ "type": "Room", "isPattern": true }] });
    for site in [&one, &two] {
        assert_eq!(query_ids(site, &rooms).await.0, ["Room.1", "Room.2"]);
    }
    let by_id = json!({ "entities": [{ "id": "Room.1" }] });
    assert_eq!(query_ids(&two, &by_id).await.0, ["Room.1"]);
    let mut nearest = rooms.clone();
    let here = json!({ "latitude": 48.0, "longitude": 8.0, "limit": 1 });
    nearest["restriction"] = json!({ "scopes": [{ "scopeType": "nearby", "scopeValue": here }] });
    for site in [&one, &two] {
        assert_eq!(query_ids(site, &nearest).await.0, ["Room.1"]);
    }
    one.stop().await;
    let (ids, error) = query_ids(&two, &rooms).await;
    assert_eq!(ids, ["Room.2"]);
    assert!(!error["details"].as_str().unwrap().is_empty(), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_run_over_all_brokers() {
    let (discovery, one, mut two) = system().await;
    for n in 0..10 {
        let (site, id) = (if n % 3 == 0 { &one } else { &two }, format!("Room.{n}"));
        site.set(&id, "Room", n).await;
        discovery.wait_registered(&id).await;
    }
    let everything = json!({ "entities": [{ "id": ".*", "isPattern": true }] });
    for site in [&one, &two] {
        let mut ids = Vec::new();
        for offset in [0, 4, 8, 12] {
            let path = format!("/ngsi10/queryContext?limit=4&offset={offset}&details=on");
            let (page, error) = query_page(site, &path, &everything).await;
            assert_eq!(error["details"], "Count: 10");
            ids.extend(page);
        }
        assert_eq!(ids, (0..10).map(|n| format!("Room.{n}")).collect::<Vec<_>>());
    }
    two.stop().await;
    let (page, error) = query_page(&one, "/ngsi10/queryContext?limit=4&details=on", &everything).await;
    assert_eq!(page, ["Room.0", "Room.3"]);
    assert!(error["details"].as_str().unwrap().starts_with("Count: 10; POST http://"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_reaches_entities_wherever_they_live() {
    let (discovery, one, two) = system().await;
    let receiver = Receiver::start().await.unwrap();
    one.set("Room.1", "Room", 1).await;
    discovery.wait_registered("Room.1").await;
    let headers = [("Fiware-Correlator", "task-1"), ("Require-Reliability", "true")];
    let id = two.subscribe(&all_rooms(&receiver), &headers).await;
    wait_elements(&receiver, 1).await;

    one.set("Room.1", "Room", 2).await;
    wait_elements(&receiver, 2).await;
    one.post_with("/ngsi10/updateContext", &[("Fiware-Correlator", "task-1")], &update("Room.1", "Room", 3)).await;
    one.set("Room.2", "Room", 4).await;
    let elements = wait_elements(&receiver, 3).await;
    let told: Vec<_> = elements.iter().map(|element| element["attributes"][0]["value"].clone()).collect();
    assert_eq!(told, [1, 2, 4].map(Value::from));
    assert!(receiver.received().iter().all(|request| request.json()["subscriptionId"] == id));
    one.delete("/ngsi10/entity/Room.2").await;
    let elements = wait_elements(&receiver, 4).await;
    assert_eq!(elements[3]["attributes"], json!([]));

    two.delete(&format!("/ngsi10/subscription/{id}")).await;
    wait_until(SOON, "nothing is left at the other broker", async || {
        (one.get("/ngsi10/subscription").await.1 == json!({})).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_goes_on_after_restarts_of_either_broker() {
    let (discovery, one, two) = system().await;
    let receiver = Receiver::start().await.unwrap();
    one.set("Room.1", "Room", 1).await;
    discovery.wait_registered("Room.1").await;
    two.subscribe(&all_rooms(&receiver), &[]).await;
    wait_elements(&receiver, 1).await;
    let two = two.restart().await;
    one.set("Room.1", "Room", 2).await;
    wait_elements(&receiver, 2).await;
    let one = one.restart().await;
    one.set("Room.1", "Room", 3).await;
    let elements = wait_elements(&receiver, 3).await;
    assert_eq!(elements[2]["attributes"][0]["value"], 3);
    drop(two);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discovery_that_forgot_everything_is_told_again() {
    let (discovery, one, two) = system().await;
    let receiver = Receiver::start().await.unwrap();
    one.set("Room.1", "Room", 1).await;
    discovery.wait_registered("Room.1").await;
    two.subscribe(&all_rooms(&receiver), &[]).await;
    wait_elements(&receiver, 1).await;
    let discovery = discovery.restart_empty().await;
    assert_eq!(discovery.wait_registered("Room.1").await, format!("{}/ngsi10", one.url));
    one.set("Room.2", "Room", 2).await;
    wait_until(SOON, "Room.2 is notified", async || {
        let elements = crate::common::elements(&receiver.received());
        elements.iter().any(|element| element["entityId"]["id"] == "Room.2").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_works_without_discovery_and_registers_later() {
    let (mut discovery, one, _two) = system().await;
    let receiver = Receiver::start().await.unwrap();
    discovery.stop().await;
    one.subscribe(&all_rooms(&receiver), &[]).await;
    assert_eq!(one.set("Room.1", "Room", 1).await["code"], 200);
    wait_elements(&receiver, 1).await;
    let (ids, error) = query_ids(&one, &json!({ "entities": [{ "type": "Room" }] })).await;
    assert_eq!(ids, ["Room.1"]);
    assert!(error["details"].as_str().unwrap().contains("discovery"), "{error}");
    one.set("Room.2", "Room", 1).await;
    one.delete("/ngsi10/entity/Room.2").await;
    let directory = std::mem::replace(&mut discovery.directory, tempfile::tempdir().unwrap());
    let again = Discovery::start_in(directory, discovery.port).await;
    again.wait_registered("Room.1").await;
    assert_eq!(again.provider("Room.2").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_lost_a_subscription_is_asked_again() {
    let (discovery, one, two) = system().await;
    let receiver = Receiver::start().await.unwrap();
    one.set("Room.1", "Room", 1).await;
    discovery.wait_registered("Room.1").await;
    two.subscribe(&all_rooms(&receiver), &[]).await;
    wait_elements(&receiver, 1).await;
    let (_, held) = one.get("/ngsi10/subscription").await;
    for id in held.as_object().unwrap().keys() {
        one.delete(&format!("/ngsi10/subscription/{id}")).await;
    }
    // Announced again, as after a restart.
    let again = json!({ "contextElements": [{ "entityId": { "id": "Room.1" }, "attributes": [
        { "name": "new", "type": "integer", "value": 1 }] }], "updateAction": "UPDATE" });
    one.post("/ngsi10/updateContext", &again).await;
    wait_until(SOON, "the new attribute is notified", async || {
        let elements = crate::common::elements(&receiver.received());
        elements.iter().any(|element| element["attributes"].to_string().contains("\"new\"")).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_for_nobody_are_not_asked_for_again() {
    let site = Site::alone().await;
    let element = json!({ "contextElement": { "entityId": { "id": "a" } }, "statusCode": { "code": 200 } });
    let told = json!({ "subscriptionId": "unknown", "contextResponses": [element] });
    let from_broker = [("User-Agent", "lightweight-iot-broker")];
    assert_eq!(site.post_with("/ngsi10/notifyContext", &from_broker, &told).await.0, StatusCode::NOT_FOUND);
    let nothing = json!({ "subscriptionId": "unknown", "originator": "somebody" });
    assert_eq!(site.post("/ngsi10/notifyContext", &nothing).await.0, StatusCode::OK);
    let told = json!({ "subscribeId": "unknown", "contextRegistrationResponses": [], "errorCode": { "code": 201 } });
    let accepted = json!({ "responseCode": { "code": 200, "reasonPhrase": "OK" } });
    assert_eq!(site.post("/ngsi10/notifyContextAvailability", &told).await, (StatusCode::OK, accepted));
}

/// Whether an entity has been registered in what discovery received.
fn is_registered(received: &[testkit::Received], id: &str) -> bool {
    let registrations = received.iter().filter(|request| request.path == "/ngsi9/registerContext");
    let entities = registrations.map(|request| request.json()["contextRegistrations"].to_string());
    entities.into_iter().any(|text| text.contains(&format!("\"{id}\"")))
}

/// The original discovery answers heartbeats with nothing and forgets everything when it stops.
#[tokio::test(flavor = "multi_thread")]
async fn the_original_discovery_is_told_again_after_every_outage() {
    let discovery = Receiver::start().await.unwrap();
    let site = Site::start("one", discovery.address().port()).await;
    let beats = |received: &[testkit::Received]| received.iter().filter(|r| r.path.ends_with("heartbeat")).count();
    // By the second heartbeat all that the first one caused is done.
    wait_until(SOON, "two heartbeats", async || (beats(&discovery.received()) > 1).then_some(())).await;
    site.set("Room.1", "Room", 1).await;
    let all =
        |received: &[testkit::Received]| is_registered(received, "Room.1") && is_registered(received, "Broker.one");
    wait_until(SOON, "both are registered", async || all(&discovery.received()).then_some(())).await;
    let received = discovery.take();
    let heartbeat = received.iter().find(|request| request.path == "/ngsi9/broker/heartbeat").unwrap();
    assert_eq!(heartbeat.json(), json!({ "id": "Broker.one", "myURL": format!("{}/ngsi10", site.url) }));

    site.set("Room.1", "Room", 2).await;
    discovery.behave(Behaviour::Refuse(StatusCode::BAD_GATEWAY));
    wait_until(SOON, "a heartbeat that fails", async || (beats(&discovery.received()) > 0).then_some(())).await;
    assert!(!is_registered(&discovery.take(), "Room.1"), "a new value is none of discovery's business");
    discovery.behave(Behaviour::Answer(json!({})));
    wait_until(SOON, "both are registered again", async || all(&discovery.received()).then_some(())).await;
}
