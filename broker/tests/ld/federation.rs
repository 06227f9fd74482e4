//! Two brokers and a discovery: an entity is changed and read wherever it lives.

use serde_json::{Value, json};
use service::{Config, Node};
use storage::Store;

use super::common::{SOON, Site};
use super::entities::{CAR, car};
use super::{call, call_with, check, create, get};

#[tokio::test]
async fn entities_of_another_broker_are_read_and_changed() {
    let directory = tempfile::tempdir().unwrap();
    let config = json!({ "site_id": "cloud", "bind_ip": "127.0.0.1", "discovery": { "http_port": 0 } });
    let node = Node::new(Config::parse(&config.to_string(), |_| None).unwrap(), 1).unwrap();
    let discovery = discovery::start(node.clone(), Store::open(directory.path()).unwrap()).await.unwrap();
    let port = discovery.address.port();
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
