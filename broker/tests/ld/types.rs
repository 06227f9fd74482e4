//! What kinds of entities and attributes there are.

use serde_json::{Value, json};

use super::common::{SOON, Site};
use super::entities::car;
use super::{check, create, get};

#[tokio::test]
async fn types_and_attributes_are_told() {
    let site = Site::alone().await;
    create(&site, &car()).await;
    create(&site, &json!({ "id": "urn:b:1", "type": "Bus", "speed": { "type": "Property", "value": 1 } })).await;
    let types = get(&site, "/types").await.json();
    assert_eq!((&types["type"], &types["typeList"]), (&json!("EntityTypeList"), &json!(["Bus", "Car", "Taxi"])));
    let details = get(&site, "/types?details=true").await.json();
    assert_eq!((&details[0]["typeName"], &details[0]["attributeNames"]), (&json!("Bus"), &json!(["speed"])));
    let car = get(&site, "/types/Car").await.json();
    assert_eq!((&car["type"], &car["entityCount"]), (&json!("EntityTypeInfo"), &json!(1)));
    let attributes = get(&site, "/attributes").await.json();
    assert_eq!(attributes["attributeList"].as_array().unwrap().len(), 8);
    let speed = get(&site, "/attributes/speed").await.json();
    assert_eq!(speed["attributeTypes"], json!(["Property"]));
    assert_eq!(speed["typeNames"], json!(["Bus", "Car", "Taxi"]));
    check(
        &site,
        &[
            ("GET", "/types/None", Value::Null, 404, "ResourceNotFound"),
            ("GET", "/attributes/none", Value::Null, 404, "ResourceNotFound"),
        ],
    )
    .await;
}

#[tokio::test]
async fn types_and_attributes_of_all_brokers_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let (node, port) = super::federation::discovery(directory.path()).await;
    let (here, there) = (Site::start("here", port).await, Site::start("there", port).await);
    let of = |id: &str, kind: &str| json!({ "id": id, "type": kind, "speed": { "type": "Property", "value": 1 } });
    create(&here, &of("urn:b:1", "Bus")).await;
    let mut tram = of("urn:t:1", "Tram");
    tram["line"] = json!({ "type": "Relationship", "object": "urn:l:1" });
    create(&there, &tram).await;
    create(&there, &of("urn:b:2", "Bus")).await;
    testkit::wait_until(SOON, "brokers know one another", async || {
        (get(&here, "/types").await.json()["typeList"] == json!(["Bus", "Tram"])).then_some(())
    })
    .await;
    let bus = get(&here, "/types/Bus").await.json();
    assert_eq!((&bus["entityCount"], &bus["attributeDetails"][0]["attributeTypes"]), (&json!(2), &json!(["Property"])));
    let line = get(&here, "/attributes/line").await.json();
    assert_eq!((&line["attributeTypes"], &line["typeNames"]), (&json!(["Relationship"]), &json!(["Tram"])));
    assert_eq!(get(&here, "/attributes/speed").await.json()["attributeCount"], 3);
    let details = get(&here, "/types?details=true").await.json();
    assert_eq!(details[1]["attributeNames"], json!(["line", "speed"]));
    assert_eq!(get(&here, "/attributes").await.json()["attributeList"], json!(["line", "speed"]));
    for (path, status) in [("/types/Tram?local=true", 404), ("/types/Tram", 200), ("/types/None", 404)] {
        assert_eq!(get(&here, path).await.status, status, "{path}");
    }
    node.shutdown.cancel();
    testkit::wait_until(SOON, "somebody says that discovery is away", async || {
        (!get(&here, "/types").await.header("ngsild-warning").is_empty()).then_some(())
    })
    .await;
}
