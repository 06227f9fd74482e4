//! What notifications tell of a change: former values, what is gone, and of which instances.

use serde_json::{Value, json};
use testkit::Receiver;

use super::common::{SOON, Site};
use super::{call, check, create, get};

const NULL: &str = "urn:ngsi-ld:null";
const ONE: &str = "/entities/urn:h:1";

fn house() -> Value {
    json!({
        "id": "urn:h:1", "type": "House",
        "name": { "type": "Property", "value": "Tower" },
        "site": { "type": "GeoProperty", "value": { "type": "Point", "coordinates": [8, 41] } },
        "street": { "type": "LanguageProperty", "languageMap": { "fr": "Place", "nl": "Markt" } },
        "owner": { "type": "Relationship", "object": "urn:p:1" },
        "kind": { "type": "VocabProperty", "vocab": "monument" },
        "raw": { "type": "JsonProperty", "json": { "a": null } },
        "list": { "type": "ListProperty", "valueList": [1, 2] },
        "links": { "type": "ListRelationship", "objectList": [{ "object": "urn:p:1" }] },
    })
}

fn subscription(receiver: &Receiver, notification: Value, more: Value) -> Value {
    let mut whole = json!({ "id": "urn:s:1", "type": "Subscription", "entities": [{ "type": "House" }],
        "notification": { "endpoint": { "uri": receiver.url() } } });
    for (into, from) in [("", more), ("notification", notification)] {
        let into = if into.is_empty() { &mut whole } else { &mut whole[into] };
        into.as_object_mut().unwrap().extend(from.as_object().unwrap().clone());
    }
    whole
}

/// The first entity of the notification that follows so many.
async fn told(receiver: &Receiver, before: usize) -> Value {
    receiver.wait_for(before + 1, SOON).await[before].json()["data"][0].clone()
}

#[tokio::test]
async fn former_values_are_told_of_every_kind_of_attribute() {
    let site = Site::alone().await;
    let receiver = Receiver::start().await.unwrap();
    create(&site, &house()).await;
    let triggers = json!({ "notificationTrigger": ["attributeCreated", "attributeUpdated", "attributeDeleted"] });
    let wanted = subscription(&receiver, json!({ "showChanges": true }), triggers);
    check(&site, &[("POST", "/subscriptions", wanted, 201, "")]).await;
    let point = json!({ "type": "Point", "coordinates": [1, 2] });
    let table = [
        ("name", "value", json!("Hall"), "previousValue", json!(NULL)),
        ("site", "value", point, "previousValue", json!(NULL)),
        ("street", "languageMap", json!({ "fr": "Rue" }), "previousLanguageMap", json!({ "@none": NULL })),
        ("owner", "object", json!("urn:p:2"), "previousObject", json!(NULL)),
        ("kind", "vocab", json!("ruin"), "previousVocab", json!(NULL)),
        ("raw", "json", json!([1]), "previousJson", json!(NULL)),
        ("list", "valueList", json!([3]), "previousValueList", json!([NULL])),
        ("links", "objectList", json!([{ "object": "urn:p:2" }]), "previousObjectList", json!([{ "object": NULL }])),
    ];
    for (index, (name, member, value, previous, gone)) in table.into_iter().enumerate() {
        let before = house()[name].clone();
        let mut fragment = before.clone();
        fragment[member] = value.clone();
        check(&site, &[("PATCH", &format!("{ONE}/attrs"), json!({ name: fragment }), 204, "")]).await;
        let entity = told(&receiver, 2 * index).await;
        assert_eq!((&entity[name][member], &entity[name][previous]), (&value, &before[member]), "{entity}");
        let other = if name == "name" { "owner" } else { "name" };
        assert!(!entity[other].as_object().into_iter().flatten().any(|(member, _)| member.starts_with("previous")));
        check(&site, &[("DELETE", &format!("{ONE}/attrs/{name}"), Value::Null, 204, "")]).await;
        let entity = told(&receiver, 2 * index + 1).await;
        assert_eq!((&entity[name][member], &entity[name][previous]), (&gone, &value), "{entity}");
        assert_eq!(entity[name]["type"], before["type"], "{entity}");
    }
    let created = json!({ "name": { "type": "Property", "value": "New" } });
    check(&site, &[("POST", &format!("{ONE}/attrs"), created, 204, "")]).await;
    let entity = told(&receiver, 16).await;
    assert_eq!(entity["name"], json!({ "type": "Property", "value": "New" }));
}

#[tokio::test]
async fn of_a_deleted_entity_its_identity_is_told_and_what_was_asked_for() {
    let gone = |value: Value| json!({ "type": "Property", "value": NULL, "previousValue": value });
    let table = [
        (json!({}), json!({ "notificationTrigger": ["entityDeleted"] }), json!({})),
        (json!({ "format": "keyValues" }), json!({ "notificationTrigger": ["entityDeleted"] }), json!({})),
        (
            json!({ "showChanges": true, "attributes": ["name", "owner"] }),
            json!({ "notificationTrigger": ["entityDeleted"] }),
            json!({ "name": gone(json!("Tower")),
                "owner": { "type": "Relationship", "object": NULL, "previousObject": "urn:p:1" } }),
        ),
        (
            json!({}),
            json!({ "notificationTrigger": ["attributeDeleted"], "watchedAttributes": ["name"] }),
            json!({ "name": { "type": "Property", "value": NULL } }),
        ),
        (
            json!({ "format": "simplified" }),
            json!({ "notificationTrigger": ["attributeDeleted"], "watchedAttributes": ["name"] }),
            json!({ "name": NULL }),
        ),
    ];
    for (notification, more, expected) in table {
        let site = Site::alone().await;
        let receiver = Receiver::start().await.unwrap();
        create(&site, &house()).await;
        let wanted = subscription(&receiver, notification.clone(), more.clone());
        check(&site, &[("POST", "/subscriptions", wanted, 201, ""), ("DELETE", ONE, Value::Null, 204, "")]).await;
        let mut entity = told(&receiver, 0).await;
        let deleted_at = entity.as_object_mut().unwrap().remove("deletedAt");
        assert!(deleted_at.is_some_and(|at| at.is_string()), "{notification} {more}");
        let mut whole = json!({ "id": "urn:h:1", "type": "House" });
        whole.as_object_mut().unwrap().extend(expected.as_object().unwrap().clone());
        assert_eq!(entity, whole, "{notification} {more}");
    }
}

#[tokio::test]
async fn instances_of_data_sets_are_told_and_chosen() {
    let site = Site::alone().await;
    let receiver = Receiver::start().await.unwrap();
    let name = |value: &str, data_set: &str| {
        let mut instance = json!({ "type": "Property", "value": value });
        if !data_set.is_empty() {
            instance["datasetId"] = json!(data_set);
        }
        instance
    };
    let names = json!([name("Tower", ""), name("Tour", "urn:d:fr"), name("Turm", "urn:d:de")]);
    create(&site, &json!({ "id": "urn:h:1", "type": "House", "name": names })).await;
    let all = subscription(
        &receiver,
        json!({ "sysAttrs": true }),
        json!({ "notificationTrigger": ["attributeDeleted"], "watchedAttributes": ["name"] }),
    );
    check(&site, &[("POST", "/subscriptions", all, 201, "")]).await;
    check(&site, &[("DELETE", &format!("{ONE}/attrs/name?datasetId=urn:d:fr"), Value::Null, 204, "")]).await;
    let entity = told(&receiver, 0).await;
    let instances = entity["name"].as_array().unwrap();
    let gone: Vec<_> = instances.iter().filter(|instance| instance["value"] == NULL).collect();
    assert_eq!((instances.len(), gone.len()), (3, 1), "{entity}");
    assert_eq!(gone[0]["datasetId"], "urn:d:fr");
    assert!(gone[0]["deletedAt"].is_string() && entity["deletedAt"].is_null(), "{entity}");

    let other = Receiver::start().await.unwrap();
    let mut german = subscription(&other, json!({}), json!({ "datasetId": ["urn:d:de"] }));
    german["id"] = json!("urn:s:2");
    check(&site, &[("POST", "/subscriptions", german, 201, "")]).await;
    assert_eq!(get(&site, "/subscriptions/urn:s:2").await.json()["datasetId"], json!(["urn:d:de"]));
    let changed = json!({ "name": name("Hochhaus", "urn:d:de") });
    check(&site, &[("PATCH", &format!("{ONE}/attrs"), changed, 204, "")]).await;
    let entity = told(&other, 0).await;
    assert_eq!(entity["name"], name("Hochhaus", "urn:d:de"));
}

#[tokio::test]
async fn names_are_read_in_one_context_and_told_in_another() {
    let site = Site::alone().await;
    let receiver = Receiver::start().await.unwrap();
    let hosted = |name: &str| json!({ "@context": { name: "https://example.org/name" } });
    let given = call(&site, "POST", "/jsonldContexts", &hosted("denomination")).await;
    let told_in = format!("{}{}", site.url, given.header("location"));
    let linked = |path: &'static str, method: &'static str, body: Value| {
        let url = format!("{}/ngsi-ld/v1{path}", site.url);
        let client = site.node.client.clone();
        async move {
            let request = http::Request::builder().method(method).uri(url);
            let request = request.header("content-type", "application/ld+json");
            client.send(request.body(body.to_string().into()).unwrap()).await.unwrap().status().as_u16()
        }
    };
    let mut house = json!({ "id": "urn:h:1", "type": "House", "name": { "type": "Property", "value": "Tower" } });
    house["@context"] = hosted("name")["@context"].clone();
    assert_eq!(linked("/entities", "POST", house.clone()).await, 201);
    let mut wanted = subscription(
        &receiver,
        json!({ "pick": ["id", "name"] }),
        json!({ "watchedAttributes": ["name"], "jsonldContext": told_in }),
    );
    wanted["@context"] = house["@context"].clone();
    assert_eq!(linked("/subscriptions", "POST", wanted).await, 201);
    let fragment = json!({ "name": { "type": "Property", "value": "Hall" }, "@context": house["@context"] });
    assert_eq!(linked("/entities/urn:h:1/attrs", "PATCH", fragment.clone()).await, 204);
    let expected = json!({ "id": "urn:h:1", "denomination": { "type": "Property", "value": "Hall" } });
    assert_eq!(told(&receiver, 0).await, expected);
    check(&site, &[("PATCH", "/subscriptions/urn:s:1", json!({ "description": "same" }), 204, "")]).await;
    assert_eq!(linked("/entities/urn:h:1/attrs", "PATCH", fragment).await, 204);
    assert_eq!(told(&receiver, 1).await, expected);
    let header = receiver.received()[1].headers.get("link").unwrap().to_str().unwrap().to_owned();
    assert!(header.contains(given.header("location")), "{header}");
}
