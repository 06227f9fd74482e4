//! Registrations of context sources: made, read, found, changed, ended, and there after a restart.

use serde_json::{Value, json};

use super::common::{SOON, Site};
use super::{call, call_with, check, create, get};

const ALL: &str = "/csourceRegistrations";
const ONE: &str = "/csourceRegistrations/urn:ngsi-ld:ContextSourceRegistration:1";

pub(crate) fn registration(id: &str, endpoint: &str, information: &Value, more: &Value) -> Value {
    let mut registration = json!({
        "id": id,
        "type": "ContextSourceRegistration",
        "endpoint": endpoint,
        "information": information,
    });
    for (member, value) in more.as_object().unwrap() {
        registration[member] = value.clone();
    }
    registration
}

fn cars(more: &Value) -> Value {
    let information = json!([{ "entities": [{ "type": "Car" }] }, { "entities": [{ "type": "Bus", "id": "urn:b" }] }]);
    registration("urn:ngsi-ld:ContextSourceRegistration:1", "http://127.0.0.1:9", &information, more)
}

#[tokio::test]
async fn registrations_are_made_read_changed_and_ended() {
    let site = Site::alone().await;
    let answer = call(&site, "POST", ALL, &cars(&json!({ "note": "plain" }))).await;
    assert_eq!((answer.status, answer.header("location")), (201, &format!("/ngsi-ld/v1{ONE}")[..]));
    let mut expected = cars(&json!({ "note": "plain" }));
    expected["mode"] = json!("inclusive");
    assert_eq!(get(&site, ONE).await.json(), expected);
    let times = get(&site, &format!("{ONE}?options=sysAttrs")).await.json();
    assert!(times["createdAt"].is_string() && times["modifiedAt"].is_string());
    let ld = call_with(&site, "GET", ONE, &[("accept", "application/ld+json")], "").await;
    assert!(ld.json()["@context"].is_string());
    check(
        &site,
        &[
            ("POST", ALL, cars(&json!({})), 409, "AlreadyExists"),
            ("POST", ALL, cars(&json!({ "endpoint": "none" })), 400, "BadRequestData"),
            ("POST", ALL, cars(&json!({ "mode": "exclusive", "id": "urn:2" })), 400, "BadRequestData"),
            (
                "POST",
                ALL,
                cars(&json!({ "id": "urn:2", "information": [{ "entities": [{ "type": "A", "idPattern": "(" }] }] })),
                400,
                "BadRequestData",
            ),
            ("PATCH", ONE, json!({ "note": null, "description": "about cars", "mode": "redirect" }), 204, ""),
            ("PATCH", ONE, json!({ "endpoint": null }), 400, "BadRequestData"),
            ("PATCH", "/csourceRegistrations/urn:none", json!({ "description": "x" }), 404, "ResourceNotFound"),
            ("GET", "/csourceRegistrations/urn:none", Value::Null, 404, "ResourceNotFound"),
            ("GET", "/csourceRegistrations/none", Value::Null, 400, "BadRequestData"),
            ("DELETE", "/csourceRegistrations/urn:none", Value::Null, 404, "ResourceNotFound"),
        ],
    )
    .await;
    let site = site.restart().await;
    let kept = get(&site, ONE).await.json();
    assert_eq!(
        (&kept["description"], &kept["note"], &kept["mode"]),
        (&json!("about cars"), &Value::Null, &json!("redirect"))
    );
    check(&site, &[("DELETE", ONE, Value::Null, 204, ""), ("GET", ONE, Value::Null, 404, "ResourceNotFound")]).await;
    let site = site.restart().await;
    check(&site, &[("GET", ONE, Value::Null, 404, "ResourceNotFound")]).await;
    let mut nameless = cars(&json!({}));
    nameless.as_object_mut().unwrap().remove("id");
    let made = call(&site, "POST", ALL, &nameless).await;
    let path = made.header("location").strip_prefix("/ngsi-ld/v1").unwrap().to_owned();
    assert_eq!(get(&site, &path).await.status, 200);
}

#[tokio::test]
async fn registrations_are_found_by_what_they_name() {
    let site = Site::alone().await;
    let point = |x: f64| json!({ "type": "Point", "coordinates": [x, 49.0] });
    let table = [
        (
            "urn:r:1",
            json!([{ "entities": [{ "type": "Car" }] }, { "entities": [{ "type": "Bus", "id": "urn:b" }] }]),
            json!({ "note": "new", "location": point(8.0) }),
        ),
        (
            "urn:r:2",
            json!([{ "entities": [{ "type": "Car", "idPattern": "^urn:c" }], "propertyNames": ["speed"] }]),
            json!({ "note": "old", "scope": "/a" }),
        ),
        ("urn:r:3", json!([{ "propertyNames": ["colour"] }]), json!({ "location": point(50.0) })),
        (
            "urn:r:4",
            json!([{ "entities": [{ "type": "Car" }] }]),
            json!({ "observationInterval": { "startAt": "2020-01-01T00:00:00Z", "endAt": "2021-01-01T00:00:00Z" } }),
        ),
    ];
    for (id, information, more) in &table {
        let body = registration(id, "http://127.0.0.1:9", information, more);
        assert_eq!(call(&site, "POST", ALL, &body).await.status, 201, "{id}");
    }
    let found = [
        ("type=Car", "123"),
        ("type=Car&attrs=speed", "12"),
        ("type=Bus&attrs=speed", "1"),
        ("type=Car,Bus&id=urn:car:1", "123"),
        ("type=Car&id=urn:b", "13"),
        ("type=Bus&id=urn:x", "3"),
        ("type=Bus&idPattern=b$", "13"),
        ("attrs=weight", "1"),
        ("type=Car&csf=note==%22new%22", "1"),
        ("type=Car&scopeQ=/a", "2"),
        ("type=Car&georel=near%3BmaxDistance==10000&geometry=Point&coordinates=[8,49]", "1"),
        ("type=Car&timerel=after&timeAt=2020-06-01T00:00:00Z", "4"),
        ("type=Car&timerel=after&timeAt=2022-06-01T00:00:00Z", ""),
        ("type=Car&timerel=between&timeAt=2019-06-01T00:00:00Z&endTimeAt=2020-06-01T00:00:00Z", "4"),
        ("type=Car&timerel=before&timeAt=2020-06-01T00:00:00Z&timeproperty=modifiedAt", ""),
    ];
    for (query, expected) in found {
        let answer = get(&site, &format!("{ALL}?{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        let ids = answer
            .json()
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].as_str().unwrap()[6..].to_owned())
            .collect::<String>();
        assert_eq!(ids, expected, "{query}");
    }
    let relevant = get(&site, &format!("{ALL}?type=Bus&attrs=speed")).await.json();
    assert_eq!(relevant[0]["information"], json!([{ "entities": [{ "type": "Bus", "id": "urn:b" }] }]));
    let page = get(&site, &format!("{ALL}?type=Car&limit=1&offset=1&count=true")).await;
    assert_eq!((page.header("ngsild-results-count"), page.json()[0]["id"].as_str()), ("3", Some("urn:r:2")));
    check(
        &site,
        &[
            ("GET", ALL, Value::Null, 400, "BadRequestData"),
            ("GET", "/csourceRegistrations?type=Car&timerel=after", Value::Null, 400, "BadRequestData"),
            ("GET", "/csourceRegistrations?type=Car&csf=%28%28", Value::Null, 400, "BadRequestData"),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_only_a_source_has_is_nowhere_else() {
    let site = Site::alone().await;
    create(&site, &json!({ "id": "urn:here", "type": "Car", "speed": { "value": 1 } })).await;
    let of = |id: &str, entity: &str, mode: &str, attribute: &str| {
        let information = json!([{ "entities": [{ "id": entity, "type": "Car" }], "propertyNames": [attribute] }]);
        registration(id, "http://127.0.0.1:9", &information, &json!({ "mode": mode }))
    };
    let redirect = |id: &str, kind: &str| {
        registration(
            id,
            "http://127.0.0.1:9",
            &json!([{ "entities": [{ "type": kind }] }]),
            &json!({ "mode": "redirect" }),
        )
    };
    check(
        &site,
        &[
            ("POST", ALL, of("urn:r:1", "urn:here", "exclusive", "speed"), 409, "Conflict"),
            ("POST", ALL, of("urn:r:1", "urn:here", "exclusive", "colour"), 201, ""),
            ("POST", ALL, of("urn:r:2", "urn:here", "exclusive", "colour"), 409, "Conflict"),
            ("POST", ALL, of("urn:r:2", "urn:here", "redirect", "colour"), 409, "Conflict"),
            ("POST", ALL, of("urn:r:2", "urn:here", "inclusive", "colour"), 201, ""),
            ("POST", ALL, redirect("urn:r:3", "Car"), 409, "Conflict"),
            ("POST", ALL, redirect("urn:r:3", "Bus"), 201, ""),
            ("PATCH", "/csourceRegistrations/urn:r:2", json!({ "mode": "exclusive" }), 409, "Conflict"),
            ("PATCH", "/csourceRegistrations/urn:r:1", json!({ "description": "the same" }), 204, ""),
        ],
    )
    .await;
}

#[tokio::test]
async fn registrations_that_have_ended_are_not_found() {
    let site = Site::alone().await;
    let soon = service::now().after(std::time::Duration::from_millis(300)).to_string();
    assert_eq!(call(&site, "POST", ALL, &cars(&json!({ "expiresAt": soon }))).await.status, 201);
    testkit::wait_until(SOON, "it ends", async || {
        (get(&site, &format!("{ALL}?type=Car")).await.json() == json!([])).then_some(())
    })
    .await;
}
