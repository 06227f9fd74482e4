//! Two brokers and a discovery: an entity is changed and read wherever it lives.

use serde_json::{Value, json};
use service::{Config, Node};
use storage::Store;
use testkit::Receiver;

use super::common::{SOON, Site};
use super::entities::{CAR, car};
use super::{call, call_with, check, create, get};

/// A discovery, which lives as long as its node is not shut down.
pub(crate) async fn discovery(directory: &std::path::Path) -> (Node, u16) {
    let config = json!({ "site_id": "cloud", "bind_ip": "127.0.0.1", "discovery": { "http_port": 0 } });
    let node = Node::new(Config::parse(&config.to_string(), |_| None).unwrap(), 1).unwrap();
    let discovery = discovery::start(node.clone(), Store::open(directory).unwrap()).await.unwrap();
    (node, discovery.address.port())
}

#[tokio::test]
async fn entities_of_another_broker_are_read_and_changed() {
    let directory = tempfile::tempdir().unwrap();
    let (node, port) = discovery(directory.path()).await;
    let (here, there) = (Site::start("here", port).await, Site::start("there", port).await);
    create(&there, &car()).await;
    testkit::wait_until(SOON, "it is known here", async || (get(&here, CAR).await.status == 200).then_some(())).await;
    assert_eq!(get(&here, CAR).await.json(), get(&there, CAR).await.json());
    check(
        &here,
        &[
            ("POST", "/entities", car(), 409, "AlreadyExists"),
            ("PATCH", CAR, json!({ "brand": { "value": "VW" } }), 204, ""),
            ("DELETE", &format!("{CAR}/attrs/owner"), Value::Null, 204, ""),
            ("PATCH", &format!("{CAR}/attrs/raw"), json!({ "json": 5 }), 204, ""),
        ],
    )
    .await;
    let batch =
        json!([{ "id": "urn:ngsi-ld:Car:1", "type": "Car", "kind": { "type": "VocabProperty", "vocab": "Slow" } }]);
    assert_eq!(call(&here, "POST", "/entityOperations/upsert?options=update", &batch).await.status, 204);
    let found = get(&here, "/entities?type=Car").await.json();
    assert_eq!(found, json!([get(&there, CAR).await.json()]));
    assert_eq!((&found[0]["brand"]["value"], &found[0]["raw"]["json"]), (&json!("VW"), &json!(5)));

    // A context that is kept here is fetched from here, whatever the client calls this host.
    let context = json!({ "@context": { "weight": "https://example.org/weight" } });
    let hosted = call(&here, "POST", "/jsonldContexts", &context).await;
    let url = format!("http://elsewhere.invalid{}", hosted.header("location"));
    let link = format!("<{url}>; rel=\"http://www.w3.org/ns/json-ld#context\"");
    let headers = [("content-type", "application/json"), ("link", &*link)];
    let changed = call_with(&here, "PATCH", CAR, &headers, "{\"weight\":{\"value\":900}}").await;
    assert_eq!(changed.status, 204, "{}", changed.text);
    assert_eq!(get(&there, CAR).await.json()["https://example.org/weight"]["value"], 900);

    check(&here, &[("DELETE", CAR, Value::Null, 204, ""), ("GET", CAR, Value::Null, 404, "ResourceNotFound")]).await;
    node.shutdown.cancel();
}

/// An entity with what NGSI-10 has no words for.
fn room() -> Value {
    json!({
        "id": "urn:r:1", "type": ["Room", "Hall"], "scope": ["/Home/First"],
        "temperature": [
            { "type": "Property", "value": 1.50, "observedAt": "2026-01-01T00:00:00Z" },
            { "type": "Property", "value": 2, "datasetId": "urn:d:1", "source": {
                "type": "Relationship", "object": "urn:s:1", "trust": { "type": "Property", "value": 9 } } },
        ],
        "title": { "type": "LanguageProperty", "languageMap": { "en": "Hall", "fr": "Salle" } },
    })
}

#[tokio::test]
async fn entities_of_another_broker_are_told_whole() {
    let directory = tempfile::tempdir().unwrap();
    let (node, port) = discovery(directory.path()).await;
    let (here, there) = (Site::start("here", port).await, Site::start("there", port).await);
    let (far, near) = (Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    create(&there, &room()).await;
    testkit::wait_until(SOON, "it is known", async || {
        (get(&here, "/entities/urn:r:1").await.status == 200).then_some(())
    })
    .await;
    for (site, receiver) in [(&here, &far), (&there, &near)] {
        let wanted = json!({ "id": "urn:s:1", "type": "Subscription", "entities": [{ "type": "Room" }],
            "notificationTrigger": ["attributeUpdated", "attributeDeleted", "entityDeleted"],
            "notification": { "sysAttrs": true, "showChanges": true, "endpoint": { "uri": receiver.url() } } });
        check(site, &[("POST", "/subscriptions", wanted, 201, "")]).await;
    }
    testkit::wait_until(SOON, "it is subscribed", async || {
        let (_, all) = there.get("/ngsi10/subscription").await;
        all.as_object().is_some_and(|all| !all.is_empty()).then_some(())
    })
    .await;
    let changed = json!({ "title": { "type": "LanguageProperty", "languageMap": { "en": "Room" } },
        "temperature": { "type": "Property", "value": 3, "datasetId": "urn:d:1" } });
    check(
        &there,
        &[
            ("PATCH", "/entities/urn:r:1/attrs", changed, 204, ""),
            ("DELETE", "/entities/urn:r:1/attrs/temperature?datasetId=urn:d:1", Value::Null, 204, ""),
            ("DELETE", "/entities/urn:r:1", Value::Null, 204, ""),
        ],
    )
    .await;
    let (far, near) = (far.wait_for(3, SOON).await, near.wait_for(3, SOON).await);
    for (far, near) in far.iter().zip(&near).take(2) {
        assert_eq!(without_time_of_deletion(far.json()), without_time_of_deletion(near.json()));
    }
    let first = &far[0].json()["data"][0];
    assert_eq!((&first["type"], &first["scope"]), (&json!(["Room", "Hall"]), &json!("/Home/First")));
    assert_eq!(first["title"]["previousLanguageMap"], json!({ "en": "Hall", "fr": "Salle" }));
    assert!(first["createdAt"].is_string() && first["temperature"][0]["createdAt"].is_string(), "{first}");
    let last = &far[2].json()["data"][0];
    assert_eq!(last["title"]["previousLanguageMap"], json!({ "en": "Room" }), "{last}");
    node.shutdown.cancel();
}

/// When an instance was deleted, each broker says by its clock.
fn without_time_of_deletion(mut notification: Value) -> Value {
    let mut data = notification["data"][0].take();
    for attribute in data.as_object_mut().unwrap().values_mut() {
        let instances = match attribute {
            Value::Array(instances) => instances.iter_mut().collect(),
            other => vec![other],
        };
        for instance in instances.into_iter().filter_map(Value::as_object_mut) {
            instance.remove("deletedAt");
        }
    }
    data
}

#[tokio::test]
async fn intervals_tell_entities_of_other_brokers_too() {
    let directory = tempfile::tempdir().unwrap();
    let (node, port) = discovery(directory.path()).await;
    let (here, there) = (Site::start("here", port).await, Site::start("there", port).await);
    let receiver = Receiver::start().await.unwrap();
    create(&there, &room()).await;
    testkit::wait_until(SOON, "it is known", async || {
        (get(&here, "/entities/urn:r:1").await.status == 200).then_some(())
    })
    .await;
    let wanted = json!({ "type": "Subscription", "entities": [{ "type": "Room" }], "timeInterval": 1,
        "notification": { "endpoint": { "uri": receiver.url() } } });
    check(&here, &[("POST", "/subscriptions", wanted, 201, "")]).await;
    let told = receiver.wait_for(1, SOON).await[0].json();
    assert_eq!(told["data"], json!([get(&there, "/entities/urn:r:1").await.json()]));
    node.shutdown.cancel();
}

#[tokio::test]
async fn what_other_brokers_have_recorded_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let (node, port) = discovery(directory.path()).await;
    let (here, there) = (Site::start("here", port).await, Site::start("there", port).await);
    let at = |minute: u32, value: u32| json!({ "type": "Property", "value": value, "observedAt": format!("2030-01-01T12:0{minute}:00Z") });
    for (site, id) in [(&here, "urn:p:2"), (&there, "urn:p:1"), (&there, "urn:p:3")] {
        let past = json!({ "id": id, "type": "Past", "speed": [at(0, 10), at(1, 20), at(2, 60)] });
        assert_eq!(call(site, "POST", "/temporal/entities", &past).await.status, 201);
    }
    let query = "/temporal/entities?type=Past&q=speed%3E50&timerel=after&timeAt=2030-01-01T00:00:00Z";
    let ids = |found: &Value| {
        let all = found.as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned());
        all.collect::<Vec<_>>().join(" ")
    };
    testkit::wait_until(SOON, "brokers know one another", async || {
        (ids(&get(&here, query).await.json()) == "urn:p:2 urn:p:1 urn:p:3").then_some(())
    })
    .await;
    let page = get(&here, &format!("{query}&limit=1&offset=1&count=true&lastN=2&options=temporalValues")).await;
    let values = json!([[60, "2030-01-01T12:02:00Z"], [20, "2030-01-01T12:01:00Z"]]);
    assert_eq!((page.header("ngsild-results-count"), &page.json()[0]["speed"]["values"]), ("3", &values));
    assert_eq!(ids(&get(&here, &format!("{query}&local=true")).await.json()), "urn:p:2");
    let aggregated = get(&here, &format!("{query}&options=aggregatedValues&aggrMethods=max")).await.json();
    assert_eq!(aggregated[1]["speed"]["max"][0][0], 60);
    let body = json!({ "type": "Query", "entities": [{ "type": "Past" }], "q": "speed>50", "pick": ["id"],
        "temporalQ": { "timerel": "after", "timeAt": "2030-01-01T00:00:00Z" } });
    let found = call(&here, "POST", "/temporal/entityOperations/query", &body).await.json();
    assert_eq!(found, json!([{ "id": "urn:p:2" }, { "id": "urn:p:1" }, { "id": "urn:p:3" }]));
    let one = "/temporal/entities/urn:p:1";
    assert_eq!(get(&here, one).await.json(), get(&there, one).await.json());
    let null = Value::Null;
    check(
        &here,
        &[
            ("GET", "/temporal/entities/urn:p:9", null.clone(), 404, "ResourceNotFound"),
            ("GET", "/temporal/entities/urn:p:1?local=true", null.clone(), 404, "ResourceNotFound"),
            ("POST", "/temporal/entities/urn:p:1/attrs", json!({ "speed": at(3, 70) }), 204, ""),
            ("DELETE", "/temporal/entities/urn:p:3", null, 204, ""),
        ],
    )
    .await;
    assert_eq!(ids(&get(&there, query).await.json()), "urn:p:1 urn:p:2");
    node.shutdown.cancel();
}
