//! Brokers that are sources of one another: what is asked and told whom, and what happens when they do not answer.

use http::StatusCode;
use serde_json::{Value, json};
use testkit::Behaviour;

use super::common::{NOWHERE, Site};
use super::registrations::registration;
use super::{Answer, call, call_with, check, create, get};

const CAR: &str = "/entities/urn:car:1";
const OWN: &str = "/entities/urn:car:1?local=true&options=keyValues";

async fn brokers() -> (Site, Site) {
    (Site::start("here", NOWHERE).await, Site::start("there", NOWHERE).await)
}

fn cars() -> Value {
    json!([{ "entities": [{ "type": "Car" }] }])
}

fn speed_of_one() -> Value {
    json!([{ "entities": [{ "type": "Car", "id": "urn:car:1" }], "propertyNames": ["speed"] }])
}

/// Registers a source.
async fn register(site: &Site, id: &str, endpoint: &str, information: &Value, more: &Value) {
    let body = registration(id, endpoint, information, more);
    let answer = call(site, "POST", "/csourceRegistrations", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}

fn mode(mode: &str) -> Value {
    match mode {
        "auxiliary" => json!({ "mode": mode }),
        _ => json!({ "mode": mode, "operations": ["redirectionOps", "createBatch", "upsertBatch", "deleteBatch"] }),
    }
}

fn car(attributes: &Value) -> Value {
    let mut car = json!({ "id": "urn:car:1", "type": "Car" });
    for (name, value) in attributes.as_object().unwrap() {
        car[name] = value.clone();
    }
    car
}

async fn simple(site: &Site, path: &str) -> Value {
    let answer = get(site, path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json()
}

fn warnings(answer: &Answer) -> Vec<String> {
    let all = answer.headers.get_all("ngsild-warning").iter();
    all.map(|value| value.to_str().unwrap().split(' ').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn entities_are_put_together() {
    let (here, there) = brokers().await;
    let at = |value: i64, time: &str| json!({ "value": value, "observedAt": time });
    create(&there, &car(&json!({ "speed": at(60, "2026-01-02T00:00:00Z"), "weight": { "value": 900 } }))).await;
    create(&there, &json!({ "id": "urn:bus:1", "type": "Bus" })).await;
    register(&here, "urn:r:1", &there.url, &cars(), &mode("inclusive")).await;
    assert_eq!(simple(&here, &format!("{CAR}?options=keyValues&attrs=speed")).await, car(&json!({ "speed": 60 })));
    let own = car(&json!({ "speed": at(50, "2026-01-01T00:00:00Z"), "colour": { "value": "red" } }));
    assert_eq!(call(&here, "POST", "/entities?local=true", &own).await.status, 201);

    let whole = car(&json!({ "speed": 60, "colour": "red", "weight": 900 }));
    assert_eq!(simple(&here, &format!("{CAR}?options=keyValues")).await, whole);
    assert_eq!(simple(&here, OWN).await, car(&json!({ "speed": 50, "colour": "red" })));
    let table = [
        ("type=Car", json!([whole])),
        ("type=Car&q=colour==%22red%22;weight%3E800", json!([whole])),
        ("type=Car&q=speed%3C55", json!([])),
        ("type=Car&attrs=weight", json!([car(&json!({ "weight": 900 }))])),
        ("type=Car&local=true&attrs=weight", json!([])),
        ("type=Bus", json!([])),
        ("id=urn:car:1", json!([whole])),
        ("type=Car&idPattern=bus", json!([])),
    ];
    for (query, expected) in table {
        assert_eq!(simple(&here, &format!("/entities?options=keyValues&{query}")).await, expected, "{query}");
    }
    let counted = get(&here, "/entities?type=Car&count=true&limit=0").await;
    assert_eq!(counted.header("ngsild-results-count"), "1");
    let batch = json!({ "type": "Query", "entities": [{ "type": "Car" }], "q": "weight==900" });
    let found = call(&here, "POST", "/entityOperations/query?options=keyValues", &batch).await;
    assert_eq!(found.json(), json!([whole]));
    let report = simple(&here, "/csourceRegistrations/urn:r:1").await;
    assert_eq!((&report["status"], &report["timesFailed"]), (&json!("ok"), &json!(0)));
    assert!(report["timesSent"].as_u64() > Some(5) && report["lastSuccess"].is_string());
}

#[tokio::test]
async fn auxiliary_sources_add_what_nobody_has() {
    let (here, there) = brokers().await;
    create(&there, &car(&json!({ "speed": { "value": 60 }, "weight": { "value": 900 } }))).await;
    create(&here, &car(&json!({ "speed": { "value": 50 } }))).await;
    register(&here, "urn:r:1", &there.url, &cars(), &mode("auxiliary")).await;
    let whole = car(&json!({ "speed": 50, "weight": 900 }));
    assert_eq!(simple(&here, &format!("{CAR}?options=keyValues")).await, whole);
    assert_eq!(simple(&here, "/entities?type=Car&options=keyValues").await, json!([whole]));
    check(&here, &[("PATCH", &format!("{CAR}/attrs"), json!({ "speed": { "value": 51 } }), 204, "")]).await;
    assert_eq!(simple(&there, OWN).await, car(&json!({ "speed": 60, "weight": 900 })));
}

#[tokio::test]
async fn what_only_a_source_has_is_changed_there() {
    let (here, there) = brokers().await;
    register(&here, "urn:r:1", &there.url, &speed_of_one(), &mode("exclusive")).await;
    let attrs = format!("{CAR}/attrs");
    let value = |value: i64| json!({ "value": value });
    let both = async |own: Value, other: Value| {
        assert_eq!(simple(&here, OWN).await, car(&own));
        assert_eq!(simple(&there, OWN).await, car(&other));
    };
    create(&here, &car(&json!({ "speed": value(1), "colour": value(1) }))).await;
    both(json!({ "colour": 1 }), json!({ "speed": 1 })).await;
    check(&here, &[("PATCH", &attrs, json!({ "speed": value(2), "colour": value(2) }), 204, "")]).await;
    both(json!({ "colour": 2 }), json!({ "speed": 2 })).await;
    check(&here, &[("PATCH", &format!("{attrs}/speed"), value(3), 204, "")]).await;
    check(&here, &[("PATCH", CAR, json!({ "speed": value(4), "colour": value(4) }), 204, "")]).await;
    both(json!({ "colour": 4 }), json!({ "speed": 4 })).await;
    check(&here, &[("PUT", CAR, car(&json!({ "speed": value(5), "weight": value(5) })), 204, "")]).await;
    both(json!({ "weight": 5 }), json!({ "speed": 5 })).await;
    check(&here, &[("PUT", &format!("{attrs}/speed"), value(6), 204, "")]).await;
    check(&here, &[("POST", &attrs, json!({ "speed": value(7), "colour": value(7) }), 204, "")]).await;
    both(json!({ "weight": 5, "colour": 7 }), json!({ "speed": 7 })).await;
    let upsert = json!([car(&json!({ "speed": value(8), "colour": value(8) })), { "id": "urn:car:2", "type": "Car" }]);
    let answer = call(&here, "POST", "/entityOperations/upsert?options=update", &upsert).await;
    assert_eq!((answer.status, answer.json()), (201, json!(["urn:car:2"])), "{}", answer.text);
    both(json!({ "weight": 5, "colour": 8 }), json!({ "speed": 8 })).await;
    check(&here, &[("DELETE", &format!("{attrs}/speed"), Value::Null, 204, "")]).await;
    both(json!({ "weight": 5, "colour": 8 }), json!({})).await;
    let merge = json!([car(&json!({ "speed": value(9), "colour": value(9) }))]);
    let answer = call(&here, "POST", "/entityOperations/merge", &merge).await;
    assert_eq!((answer.status, &answer.json()["errors"][0]["error"]["status"]), (207, &json!(409)), "{}", answer.text);
    check(&here, &[("DELETE", CAR, Value::Null, 204, "")]).await;
    for site in [&here, &there] {
        check(site, &[("GET", OWN, Value::Null, 404, "ResourceNotFound")]).await;
    }
}

#[tokio::test]
async fn redirected_entities_are_not_here() {
    let (here, there) = brokers().await;
    register(&here, "urn:r:1", &there.url, &cars(), &mode("redirect")).await;
    create(&here, &car(&json!({ "speed": { "value": 1 } }))).await;
    check(&here, &[("GET", OWN, Value::Null, 404, "ResourceNotFound")]).await;
    assert_eq!(simple(&there, OWN).await, car(&json!({ "speed": 1 })));
    let speed = json!({ "speed": { "value": 2 } });
    check(
        &here,
        &[
            ("POST", "/entities", car(&speed), 409, "Conflict"),
            ("PATCH", &format!("{CAR}/attrs"), speed.clone(), 204, ""),
            ("PATCH", "/entities/urn:car:7/attrs", speed, 404, "ResourceNotFound"),
            ("DELETE", "/entities?type=Car", Value::Null, 204, ""),
        ],
    )
    .await;
    check(&there, &[("GET", OWN, Value::Null, 404, "ResourceNotFound")]).await;
    let (other, information) =
        (json!({ "mode": "redirect", "operations": ["retrieveOps"] }), json!([{ "entities": [{ "type": "Bus" }] }]));
    register(&here, "urn:r:2", &there.url, &information, &other).await;
    check(&here, &[("POST", "/entities", json!({ "id": "urn:bus:1", "type": "Bus" }), 409, "Conflict")]).await;
}

#[tokio::test]
async fn inclusive_sources_are_told_as_well() {
    let (here, there) = brokers().await;
    register(&here, "urn:r:1", &there.url, &cars(), &mode("inclusive")).await;
    create(&here, &car(&json!({ "speed": { "value": 1 } }))).await;
    for site in [&here, &there] {
        assert_eq!(simple(site, OWN).await, car(&json!({ "speed": 1 })));
    }
    check(&there, &[("DELETE", CAR, Value::Null, 204, "")]).await;
    let attrs = format!("{CAR}/attrs");
    check(&here, &[("PATCH", &attrs, json!({ "speed": { "value": 2 } }), 204, "")]).await;
    assert_eq!(simple(&here, OWN).await, car(&json!({ "speed": 2 })));
    let deleted = call(&here, "DELETE", CAR, &Value::Null).await;
    assert_eq!((deleted.status, &deleted.json()["errors"][0]["registrationId"]), (207, &json!("urn:r:1")));
    check(&here, &[("DELETE", CAR, Value::Null, 404, "ResourceNotFound")]).await;
    create(&there, &car(&json!({ "weight": { "value": 1 } }))).await;
    check(&here, &[("PATCH", &attrs, json!({ "weight": { "value": 2 } }), 204, "")]).await;
    assert_eq!(simple(&there, OWN).await, car(&json!({ "weight": 2 })));
    let batch = json!([car(&json!({ "weight": { "value": 3 } })), { "id": "urn:car:2", "type": "Car" }]);
    let created = call(&here, "POST", "/entityOperations/create", &batch).await;
    assert_eq!((created.status, &created.json()["success"]), (207, &json!(["urn:car:2"])), "{}", created.text);
    let deleted = call(&here, "POST", "/entityOperations/delete", &json!(["urn:car:1", "urn:car:2"])).await;
    assert_eq!(deleted.status, 204, "{}", deleted.text);
    check(&there, &[("GET", "/entities/urn:car:2", Value::Null, 404, "ResourceNotFound")]).await;
}

#[tokio::test]
async fn loops_end() {
    let (one, two) = brokers().await;
    let three = Site::start("beyond", NOWHERE).await;
    for (site, next) in [(&one, &two), (&two, &three), (&three, &one)] {
        register(site, "urn:r:1", &next.url, &cars(), &mode("inclusive")).await;
    }
    create(&one, &car(&json!({ "speed": { "value": 1 } }))).await;
    for site in [&one, &two, &three] {
        assert_eq!(simple(site, OWN).await, car(&json!({ "speed": 1 })));
        assert_eq!(simple(site, "/entities?type=Car&options=keyValues").await, json!([car(&json!({ "speed": 1 }))]));
    }
    check(&two, &[("DELETE", CAR, Value::Null, 204, ""), ("GET", CAR, Value::Null, 404, "ResourceNotFound")]).await;

    let (one, two) = brokers().await;
    register(&one, "urn:r:1", &two.url, &cars(), &mode("redirect")).await;
    register(&two, "urn:r:1", &one.url, &cars(), &mode("redirect")).await;
    check(
        &one,
        &[
            ("POST", "/entities", car(&json!({})), 508, "about:blank"),
            ("DELETE", CAR, Value::Null, 508, "about:blank"),
            ("GET", CAR, Value::Null, 404, "ResourceNotFound"),
        ],
    )
    .await;
    let identity = simple(&one, "/info/sourceIdentity").await;
    let via = format!("1.1 elsewhere, 1.1 {}", identity["contextSourceAlias"].as_str().unwrap());
    let answer = call_with(&one, "GET", CAR, &[("via", &via)], "").await;
    assert_eq!((answer.status, warnings(&answer)), (508, vec!["199".to_owned()]));
}

#[tokio::test]
async fn sources_that_fail_are_told_of() {
    let here = Site::start("here", NOWHERE).await;
    create(&here, &car(&json!({ "speed": { "value": 1 } }))).await;
    let nobody = format!("http://127.0.0.1:{}", testkit::free_port().unwrap());
    let cooldown = json!({ "management": { "cooldown": 3_600_000 }, "operations": ["redirectionOps"] });
    register(&here, "urn:r:1", &nobody, &cars(), &cooldown).await;
    for _ in 0..2 {
        let answer = get(&here, CAR).await;
        assert_eq!((answer.status, warnings(&answer)), (200, vec!["199".to_owned()]));
    }
    let report = simple(&here, "/csourceRegistrations/urn:r:1").await;
    assert_eq!(
        (&report["status"], &report["timesSent"], &report["timesFailed"]),
        (&json!("failed"), &json!(1), &json!(1))
    );
    let patched = call(&here, "PATCH", &format!("{CAR}/attrs"), &json!({ "speed": { "value": 2 } })).await;
    assert_eq!(patched.status, 207);
    assert_eq!(patched.json()["notUpdated"][0]["registrationId"], "urn:r:1");
    let merged = call(&here, "PATCH", CAR, &json!({ "speed": { "value": 3 } })).await;
    assert_eq!((merged.status, &merged.json()["errors"][0]["registrationId"]), (207, &json!("urn:r:1")));
    assert_eq!(simple(&here, OWN).await, car(&json!({ "speed": 3 })));
    check(&here, &[("DELETE", "/csourceRegistrations/urn:r:1", Value::Null, 204, "")]).await;

    let source = testkit::Receiver::start().await.unwrap();
    let quick = json!({ "management": { "timeout": 200, "cooldown": 1 }, "operations": ["redirectionOps"] });
    register(&here, "urn:r:2", &source.url(), &cars(), &quick).await;
    let table = [
        (Behaviour::Hang, vec!["199"]),
        (Behaviour::Refuse(StatusCode::FORBIDDEN), vec!["299"]),
        (Behaviour::Answer(json!("no entity")), vec!["111"]),
        (Behaviour::Refuse(StatusCode::NOT_FOUND), vec![]),
        (Behaviour::Answer(json!({ "id": "urn:car:1", "type": "Car", "weight": { "value": 2 } })), vec![]),
    ];
    for (behaviour, expected) in table {
        source.behave(behaviour.clone());
        let answer = testkit::wait_until(super::common::SOON, "it is asked again", async || {
            let before = source.received().len();
            let answer = get(&here, CAR).await;
            (source.received().len() > before).then_some(answer)
        })
        .await;
        assert_eq!(
            (answer.status, warnings(&answer)),
            (200, expected.into_iter().map(str::to_owned).collect()),
            "{behaviour:?}"
        );
    }
}

#[tokio::test]
async fn sources_are_spoken_to_as_they_wish() {
    let here = Site::start("here", NOWHERE).await;
    let source = testkit::Receiver::start().await.unwrap();
    let contexts = super::context_server::ContextServer::start().await;
    let (own, theirs) = (
        contexts
            .context("/own", &json!({ "velocity": "https://example.org/speed", "Auto": "https://example.org/Car" })),
        contexts
            .context("/theirs", &json!({ "tempo": "https://example.org/speed", "Wagen": "https://example.org/Car" })),
    );
    let more = json!({
        "operations": ["redirectionOps"],
        "tenant": "cars",
        "management": { "localOnly": true },
        "contextSourceInfo": [
            { "key": "jsonldContext", "value": theirs },
            { "key": "X-Key", "value": "secret" },
            { "key": "Authorization", "value": "urn:ngsi-ld:request" },
            { "key": "X-None", "value": "urn:ngsi-ld:request" },
            { "key": "Content-Length", "value": "7" },
        ],
    });
    let information = json!([{ "entities": [{ "type": "https://example.org/Car" }] }]);
    register(&here, "urn:r:1", &source.url(), &information, &more).await;
    let link = format!("<{own}>; rel=\"http://www.w3.org/ns/json-ld#context\"; type=\"application/ld+json\"");
    let headers = [
        ("link", link.as_str()),
        ("content-type", "application/json"),
        ("authorization", "Bearer x"),
        ("via", "1.1 before"),
    ];
    source.behave(Behaviour::Answer(json!([])));
    call_with(&here, "GET", "/entities?type=Auto&attrs=velocity", &[headers[0], headers[2], headers[3]], "").await;
    let body =
        car(&json!({ "type": "Auto", "velocity": { "type": "Property", "value": { "velocity": 1.50 } } })).to_string();
    assert_eq!(call_with(&here, "POST", "/entities", &headers, &body).await.status, 201);
    let received = source.received();
    let header = |index: usize, name: &str| {
        received[index].headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    };
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].path, "/ngsi-ld/v1/entities?type=Wagen&attrs=tempo&options=sysAttrs&limit=1000&local=true");
    assert_eq!(received[1].path, "/ngsi-ld/v1/entities?local=true");
    let expected =
        json!({ "id": "urn:car:1", "type": "Wagen", "tempo": { "type": "Property", "value": { "velocity": 1.5 } } });
    assert_eq!(received[1].json(), expected);
    for index in 0..2 {
        assert!(header(index, "link").contains(&theirs));
        assert_eq!(header(index, "x-key"), "secret");
        assert_eq!(header(index, "authorization"), "Bearer x");
        assert_eq!(header(index, "x-none"), "");
        assert_eq!(header(index, "ngsild-tenant"), "cars");
        assert!(header(index, "via").starts_with("1.1 before, 1.1 Broker"), "{}", header(index, "via"));
    }
    contexts.stop().await;
}

#[tokio::test]
async fn metadata_services_are_not_reached() {
    let here = Site::start("here", NOWHERE).await;
    create(&here, &car(&json!({}))).await;
    register(&here, "urn:r:1", "http://169.254.169.254/latest", &cars(), &json!({})).await;
    let answer = get(&here, CAR).await;
    assert_eq!((answer.status, warnings(&answer)), (200, vec!["199".to_owned()]));
    assert!(answer.header("ngsild-warning").contains("169.254.169.254"), "{}", answer.header("ngsild-warning"));
}

#[tokio::test]
async fn conditions_choose_the_sources_of_a_query() {
    let (here, there) = brokers().await;
    create(&there, &car(&json!({ "speed": { "value": 60 } }))).await;
    register(&here, "urn:r:1", &there.url, &cars(), &json!({ "line": "S1" })).await;
    for (condition, found) in [("line==%22S1%22", 1), ("line==%22S2%22", 0)] {
        let answer = simple(&here, &format!("/entities?type=Car&csf={condition}")).await;
        assert_eq!(answer.as_array().unwrap().len(), found, "{condition}");
        let condition = condition.replace("%22", "\"");
        let body = json!({ "type": "Query", "entities": [{ "type": "Car" }], "csf": condition });
        let answer = call(&here, "POST", "/entityOperations/query", &body).await.json();
        assert_eq!(answer.as_array().unwrap().len(), found, "{condition}");
    }
    check(&here, &[("GET", "/entities?type=Car&csf=((", Value::Null, 400, "BadRequestData")]).await;
}

#[tokio::test]
async fn queries_in_a_body_go_on_in_a_body() {
    let table = [
        (json!(["queryBatch"]), "POST", true),
        (json!(["queryBatch"]), "GET", true),
        (json!(["queryEntity"]), "POST", true),
        (json!(["queryEntity"]), "GET", true),
        (json!(["retrieveEntity"]), "POST", false),
    ];
    let information = json!([{ "entities": [{ "type": "Car" }, { "type": "Bus", "idPattern": "bus" }] }]);
    for (operations, method, found) in table {
        let (here, there) = brokers().await;
        create(&there, &car(&json!({ "speed": { "value": 60 }, "weight": { "value": 900 } }))).await;
        create(&there, &json!({ "id": "urn:bus:1", "type": "Bus", "speed": { "value": 50 } })).await;
        register(&here, "urn:r:1", &there.url, &information, &json!({ "operations": operations })).await;
        let body = json!({ "type": "Query", "entities": [{ "type": "Car" }, { "type": "Bus" }], "attrs": ["speed"] });
        let answer = match method {
            "POST" => call(&here, "POST", "/entityOperations/query?options=keyValues", &body).await,
            _ => get(&here, "/entities?type=Car,Bus&attrs=speed&options=keyValues").await,
        };
        let all = json!([{ "id": "urn:bus:1", "type": "Bus", "speed": 50 }, { "id": "urn:car:1", "type": "Car", "speed": 60 }]);
        let expected = if found { all } else { json!([]) };
        assert_eq!((answer.status, answer.json()), (200, expected), "{operations} {method}");
    }
}

#[tokio::test]
async fn one_failure_is_not_held_against_a_source() {
    let here = Site::start("here", NOWHERE).await;
    create(&here, &car(&json!({ "speed": { "value": 1 } }))).await;
    let nobody = format!("http://127.0.0.1:{}", testkit::free_port().unwrap());
    register(&here, "urn:r:1", &nobody, &cars(), &json!({})).await;
    for sent in [1, 2] {
        assert_eq!(get(&here, CAR).await.status, 200);
        assert_eq!(simple(&here, "/csourceRegistrations/urn:r:1").await["timesSent"], sent);
    }
}

#[tokio::test]
async fn a_source_may_alone_have_attributes_of_all_entities_of_a_kind() {
    for pattern in [None, Some("^urn:car:")] {
        let (here, there) = brokers().await;
        create(&here, &car(&json!({ "colour": { "value": 1 } }))).await;
        let mut entities = json!([{ "type": "Car" }]);
        if let Some(pattern) = pattern {
            entities[0]["idPattern"] = json!(pattern);
        }
        let information = json!([{ "entities": entities, "propertyNames": ["speed"] }]);
        register(&here, "urn:r:1", &there.url, &information, &mode("exclusive")).await;
        let created = call(&here, "POST", "/entities", &car(&json!({ "speed": { "value": 1 } }))).await;
        assert_eq!(created.status, 201, "{}", created.text);
        let both = json!([car(&json!({ "speed": { "value": 2 }, "colour": { "value": 2 } }))]);
        let upserted = call(&here, "POST", "/entityOperations/upsert?options=update", &both).await;
        assert_eq!(upserted.status, 204, "{}", upserted.text);
        assert_eq!(simple(&here, OWN).await, car(&json!({ "colour": 2 })), "{pattern:?}");
        assert_eq!(simple(&there, OWN).await, car(&json!({ "speed": 2 })), "{pattern:?}");
        let whole = car(&json!({ "speed": 2, "colour": 2 }));
        assert_eq!(simple(&here, &format!("{CAR}?options=keyValues")).await, whole, "{pattern:?}");
    }
}

#[tokio::test]
async fn one_entity_is_asked_for_by_a_query_where_nothing_else_is_answered() {
    for (operations, found) in [("queryEntity", true), ("queryBatch", true), ("updateOps", false)] {
        let (here, there) = brokers().await;
        create(&there, &car(&json!({ "speed": { "value": 60 } }))).await;
        let more = json!({ "operations": [operations] });
        register(&here, "urn:r:1", &there.url, &cars(), &more).await;
        let answer = get(&here, &format!("{CAR}?options=keyValues&attrs=speed")).await;
        assert_eq!(answer.status, if found { 200 } else { 404 }, "{operations}: {}", answer.text);
        assert!(!found || answer.json() == car(&json!({ "speed": 60 })), "{operations}: {}", answer.text);
    }
}

#[tokio::test]
async fn an_answer_may_be_the_one_entity_there_is() {
    let here = Site::start("here", NOWHERE).await;
    let source = testkit::Receiver::start().await.unwrap();
    register(&here, "urn:r:1", &source.url(), &cars(), &json!({})).await;
    source.behave(Behaviour::Answer(car(&json!({ "speed": { "type": "Property", "value": 60 } }))));
    let expected = json!([car(&json!({ "speed": 60 }))]);
    assert_eq!(simple(&here, "/entities?type=Car&options=keyValues").await, expected);
}

#[tokio::test]
async fn sources_are_told_what_a_purge_deletes() {
    let whole = json!([{ "entities": [{ "type": "Car" }] }]);
    let some = json!([{ "entities": [{ "type": "Car" }], "propertyNames": ["speed", "weight"] }]);
    let table = [
        (&whole, "", Some("type=Car")),
        (&whole, "&drop=speed", Some("type=Car&drop=speed")),
        (&whole, "&keep=speed", Some("type=Car&keep=speed")),
        (&some, "", Some("type=Car&drop=speed%2Cweight")),
        (&some, "&drop=speed,colour", Some("type=Car&drop=speed")),
        (&some, "&keep=speed", Some("type=Car&drop=weight")),
        (&some, "&drop=colour", None),
        (&some, "&keep=speed,weight", None),
        (&whole, "&attrs=speed&drop=weight", None),
    ];
    for (information, parameters, expected) in table {
        let here = Site::start("here", NOWHERE).await;
        let source = testkit::Receiver::start().await.unwrap();
        register(&here, "urn:r:1", &source.url(), information, &mode("inclusive")).await;
        source.behave(Behaviour::Refuse(StatusCode::NO_CONTENT));
        let answer = call(&here, "DELETE", &format!("/entities?type=Car{parameters}"), &Value::Null).await;
        assert_eq!(answer.status, 204, "{parameters}: {}", answer.text);
        let told: Vec<_> = source.received().iter().map(|received| received.path.clone()).collect();
        let expected: Vec<_> = expected.iter().map(|query| format!("/ngsi-ld/v1/entities?{query}")).collect();
        assert_eq!(told, expected, "{parameters}");
    }
}

/// Status of the answer, and of each problem that it tells.
fn outcomes(answer: &Answer) -> (u16, Vec<u64>) {
    let errors = if answer.status == 207 { answer.json()["errors"].as_array().cloned() } else { None };
    let status = |error: Value| error["error"]["status"].as_u64().unwrap();
    (answer.status, errors.into_iter().flatten().map(status).collect())
}

#[tokio::test]
async fn answers_tell_what_this_broker_and_an_inclusive_source_made_of_a_change() {
    let created = StatusCode::CREATED;
    let table = [
        ("POST", "/entities", true, created, (207, vec![409])),
        ("POST", "/entities", true, StatusCode::CONFLICT, (207, vec![409, 409])),
        ("POST", "/entities", false, StatusCode::CONFLICT, (207, vec![409])),
        ("POST", "/entities", false, created, (201, vec![])),
        ("POST", "/entities?local=true", false, StatusCode::CONFLICT, (201, vec![])),
        ("DELETE", CAR, true, StatusCode::NO_CONTENT, (204, vec![])),
        ("DELETE", CAR, true, StatusCode::NOT_FOUND, (207, vec![404])),
        ("DELETE", CAR, false, StatusCode::NO_CONTENT, (207, vec![404])),
        ("DELETE", CAR, false, StatusCode::NOT_FOUND, (404, vec![])),
        ("DELETE", CAR, true, StatusCode::FORBIDDEN, (207, vec![502])),
        ("PATCH", CAR, true, StatusCode::NOT_FOUND, (204, vec![])),
        ("PATCH", CAR, true, StatusCode::NO_CONTENT, (204, vec![])),
        ("PATCH", CAR, false, StatusCode::NO_CONTENT, (204, vec![])),
        ("PATCH", CAR, false, StatusCode::NOT_FOUND, (404, vec![])),
        ("PUT", CAR, true, StatusCode::CONFLICT, (207, vec![409])),
        ("PUT", CAR, false, StatusCode::MULTI_STATUS, (207, vec![502])),
    ];
    for (method, path, exists, status, expected) in table {
        let here = Site::start("here", NOWHERE).await;
        let source = testkit::Receiver::start().await.unwrap();
        if exists {
            create(&here, &car(&json!({ "speed": { "value": 1 } }))).await;
        }
        register(&here, "urn:r:1", &source.url(), &cars(), &mode("inclusive")).await;
        source.behave(Behaviour::Refuse(status));
        let body = if method == "DELETE" { Value::Null } else { car(&json!({ "speed": { "value": 2 } })) };
        let answer = call(&here, method, path, &body).await;
        assert_eq!(outcomes(&answer), expected, "{method} {path} {exists} {status}: {}", answer.text);
        assert_eq!(source.received().is_empty(), path.ends_with("local=true"), "{method} {path}");
    }
}

#[tokio::test]
async fn answers_tell_what_sources_that_alone_have_it_made_of_a_change() {
    let table = [
        ("exclusive", "redirectionOps", "DELETE", CAR, StatusCode::NO_CONTENT, (204, vec![])),
        ("exclusive", "retrieveOps", "DELETE", CAR, StatusCode::NO_CONTENT, (207, vec![409])),
        ("exclusive", "redirectionOps", "PATCH", CAR, StatusCode::NOT_FOUND, (207, vec![404])),
        ("redirect", "redirectionOps", "DELETE", "/entities/urn:car:2", StatusCode::NOT_FOUND, (404, vec![])),
        ("redirect", "retrieveOps", "POST", "/entities", StatusCode::CREATED, (409, vec![])),
        ("redirect", "redirectionOps", "POST", "/entities", StatusCode::CREATED, (201, vec![])),
        ("redirect", "redirectionOps", "PATCH", "/entities/urn:car:2", StatusCode::MULTI_STATUS, (207, vec![502])),
    ];
    for (mode, operations, method, path, status, expected) in table {
        let here = Site::start("here", NOWHERE).await;
        let source = testkit::Receiver::start().await.unwrap();
        let (information, entity) = match mode {
            "exclusive" => (speed_of_one(), car(&json!({ "speed": { "value": 1 }, "colour": { "value": 1 } }))),
            _ => (cars(), json!({ "id": "urn:car:2", "type": "Car" })),
        };
        if mode == "exclusive" {
            create(&here, &car(&json!({ "colour": { "value": 1 } }))).await;
        }
        let more = json!({ "mode": mode, "operations": [operations] });
        register(&here, "urn:r:1", &source.url(), &information, &more).await;
        source.behave(Behaviour::Refuse(status));
        let body = if method == "DELETE" { Value::Null } else { entity };
        let answer = call(&here, method, path, &body).await;
        assert_eq!(outcomes(&answer), expected, "{mode} {operations} {method}: {}", answer.text);
        assert_eq!(source.received().is_empty(), operations == "retrieveOps", "{mode} {operations} {method}");
    }
}
