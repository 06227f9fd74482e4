//! Lists and queries: which entities, in which order, which page.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::common::Site;
use super::{call, check, create, get};

fn ids(answer: &Value) -> Vec<String> {
    answer.as_array().unwrap().iter().map(|entity| entity["id"].as_str().unwrap().to_owned()).collect()
}

async fn with_entities() -> Site {
    let site = Site::alone().await;
    for (id, entity_type, t, at) in [
        ("R2", "Room", 22, "49, 8"),
        ("R1", "Room", 21, "50, 8"),
        ("C1", "Car", 30, "40, 8"),
        ("R3", "Room", 5, "49.001, 8"),
    ] {
        create(
            &site,
            &json!({ "id": id, "type": entity_type, "t": { "value": t, "metadata": { "acc": { "value": t } } },
            "location": { "type": "geo:point", "value": at } }),
        )
        .await;
    }
    site.set("N1", "", 1).await;
    site
}

#[tokio::test]
async fn entities_are_chosen_ordered_and_paged() {
    let site = with_entities().await;
    let table: [(&str, &[&str], &str); 25] = [
        ("", &["R2", "R1", "C1", "R3", "N1"], "5"),
        ("id=R1,C1,none", &["R1", "C1"], "2"),
        ("id=R1,R1", &["R1"], "1"),
        ("type=Room", &["R2", "R1", "R3"], "3"),
        ("type=Room,Car", &["R2", "R1", "C1", "R3"], "4"),
        ("type=Thing", &["N1"], "1"),
        ("id=R1,C1&type=Car", &["C1"], "1"),
        ("idPattern=^R.*[12]$", &["R2", "R1"], "2"),
        ("typePattern=oo", &["R2", "R1", "R3"], "3"),
        ("idPattern=1&type=Room", &["R1"], "1"),
        ("id=C1,R1&typePattern=^C", &["C1"], "1"),
        ("limit=2", &["R2", "R1"], "5"),
        ("limit=2&offset=3", &["R3", "N1"], "5"),
        ("offset=9", &[], "5"),
        ("orderBy=id", &["C1", "N1", "R1", "R2", "R3"], "5"),
        ("orderBy=!id&limit=2", &["R3", "R2"], "5"),
        ("type=Room&orderBy=t", &["R3", "R1", "R2"], "3"),
        ("orderBy=type,!t&id=R1,R2,C1", &["C1", "R2", "R1"], "3"),
        ("q=t%3E21", &["R2", "C1"], "2"),
        ("q=t%3D%3D5..21%3Bt!%3D21", &["R3"], "1"),
        ("q=!t", &["N1"], "1"),
        ("mq=t.acc%3C21", &["R3"], "1"),
        ("georel=near%3BmaxDistance:1000&geometry=point&coords=49,8&orderBy=geo:distance", &["R2", "R3"], "2"),
        ("georel=coveredBy&geometry=box&coords=48,7%3B49.5,9&type=Room", &["R2", "R3"], "2"),
        ("q=t%3E0&limit=1&offset=1", &["R1"], "4"),
    ];
    for (query, expected, count) in table {
        let answer = get(&site, &format!("/v2/entities?options=count&{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        assert_eq!(ids(&answer.json()), expected, "{query}");
        assert_eq!(answer.header("fiware-total-count"), count, "{query}");
    }
}

#[tokio::test]
async fn a_list_may_be_simplified() {
    let site = with_entities().await;
    let answer = get(&site, "/v2/entities?type=Room&attrs=t&options=keyValues&orderBy=t&limit=1").await;
    assert_eq!(answer.json(), json!([{ "id": "R3", "type": "Room", "t": 5 }]));
    assert_eq!(answer.header("fiware-total-count"), "");
    let answer = get(&site, "/v2/entities?type=Room&attrs=t&options=values&orderBy=t").await;
    assert_eq!(answer.json(), json!([[5], [21], [22]]));
    assert_eq!(get(&site, "/v2/entities?type=None").await.json(), json!([]));
}

#[tokio::test]
async fn bounds_and_contradictions_are_refused() {
    let site = with_entities().await;
    for query in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "offset=-1",
        "id=R1&idPattern=R",
        "type=Room&typePattern=R",
        "idPattern=(",
        "options=none",
        "options=values,keyValues",
        "id=",
        "id=a,,b",
        "orderBy=geo:distance",
        "georel=near",
        "q=t%3E",
        "georel=near%3BmaxDistance:1&geometry=point&coords=x",
        "type=a(b",
        "attrs=a%3Cb",
    ] {
        let answer = get(&site, &format!("/v2/entities?{query}")).await;
        assert_eq!(answer.outcome(), (400, "BadRequest".to_owned()), "{query}");
    }
}

#[tokio::test]
async fn a_query_is_a_list_with_a_body() {
    let site = with_entities().await;
    let table = [
        (json!({}), "", json!(["R2", "R1", "C1", "R3", "N1"])),
        (
            json!({ "entities": [{ "idPattern": ".*", "type": "Room" }, { "id": "C1", "type": "Car" }] }),
            "",
            json!(["R2", "R1", "C1", "R3"]),
        ),
        (json!({ "entities": [{ "id": "C1", "typePattern": "^C" }], "attrs": ["t"] }), "", json!(["C1"])),
        (json!({ "expression": { "q": "t>21", "mq": "t.acc<30" } }), "", json!(["R2"])),
        (
            json!({ "expression": { "georel": "near;maxDistance:1000", "geometry": "point", "coords": "49.001,8" } }),
            "orderBy=geo:distance",
            json!(["R3", "R2"]),
        ),
        (json!({ "entities": [{ "type": "Room" }] }), "orderBy=t&limit=1&offset=1", json!(["R1"])),
    ];
    for (body, query, expected) in table {
        let answer = call(&site, "POST", &format!("/v2/op/query?{query}"), &body).await;
        assert_eq!(answer.status, 200, "{body}: {}", answer.text);
        assert_eq!(json!(ids(&answer.json())), expected, "{body} {query}");
    }
    let body = json!({ "entities": [{ "id": "R1" }], "attrs": ["t"], "metadata": ["none"] });
    let answer = call(&site, "POST", "/v2/op/query?options=count", &body).await;
    assert_eq!(answer.header("fiware-total-count"), "1");
    assert_eq!(
        answer.json(),
        json!([{ "id": "R1", "type": "Room", "t": { "type": "Number", "value": 21, "metadata": {} } }])
    );
    check(
        &site,
        &[
            ("POST", "/v2/op/query", json!({ "entities": [{ "id": "a", "idPattern": "b" }] }), 400, "BadRequest"),
            ("POST", "/v2/op/query", json!({ "entities": 1 }), 400, "BadRequest"),
            ("POST", "/v2/op/query", json!({ "scopes": [] }), 400, "BadRequest"),
            ("POST", "/v2/op/query", json!({ "expression": { "q": "(" } }), 400, "BadRequest"),
            ("POST", "/v2/op/query", Value::Null, 411, "ContentLengthRequired"),
        ],
    )
    .await;
}

#[tokio::test]
async fn few_are_found_among_very_many() {
    let site = Site::alone().await;
    for batch in 0..20 {
        let room =
            |number: usize| json!({ "id": format!("R{number:05}"), "type": "Room", "t": number % 5_000, "s": "x" });
        let rooms: Vec<_> = (batch * 1_000..(batch + 1) * 1_000).map(room).collect();
        let update = json!({ "actionType": "append", "entities": rooms });
        let answer = call(&site, "POST", "/v2/op/update?options=keyValues", &update).await;
        assert_eq!(answer.status, 204, "{}", answer.text);
    }
    let list = "/v2/entities?type=Room&attrs=t&options=keyValues,count&q=t%3E4998";
    let first = get(&site, "/v2/entities?type=Room&attrs=t&options=values&q=t%3E4998&limit=3").await;
    assert_eq!(first.json(), json!([[4_999], [4_999], [4_999]]));
    let change = json!({ "t": { "value": 5_000 } });
    let answer = call(&site, "PATCH", "/v2/entities/R00007/attrs", &change).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    let all = get(&site, list).await;
    let ids: Vec<_> = all.json().as_array().unwrap().iter().map(|room| room["id"].clone()).collect();
    assert_eq!(json!(ids), json!(["R00007", "R04999", "R09999", "R14999", "R19999"]));
    assert_eq!(all.header("fiware-total-count"), "5");
}

/// As command-line clients send it that escape nothing.
#[tokio::test]
async fn a_query_as_people_type_it_is_understood() {
    let site = Site::alone().await;
    create(&site, &json!({ "id": "urn:x:1", "type": "T", "t": { "value": 21 }, "n": { "value": "a" } })).await;
    create(&site, &json!({ "id": "urn:x:2", "type": "T", "t": { "value": 19 }, "n": { "value": "b" } })).await;
    let address = site.url.strip_prefix("http://").unwrap().to_owned();
    let get = |path: &str, more: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n");
    let requests = [
        get("/v2/entities?type=T&q=t>20&options=keyValues", ""),
        "POST /v2/entities HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"id\":\"<>\"}"
            .to_owned(),
        get("/v2/entities?type=T&q=t<20&options=keyValues", ""),
        get("/ngsi-ld/v1/entities?type=T&q=n==\"b\"&options=keyValues", "Connection: close\r\n"),
    ];
    let mut connection = tokio::net::TcpStream::connect(&address).await.unwrap();
    connection.write_all(requests.concat().as_bytes()).await.unwrap();
    let mut answers = String::new();
    connection.read_to_string(&mut answers).await.unwrap();
    let answers: Vec<_> = answers.split("HTTP/1.1 ").skip(1).collect();
    let expected = [("200", "urn:x:1"), ("400", "BadRequest"), ("200", "urn:x:2"), ("200", "urn:x:2")];
    assert_eq!(answers.len(), expected.len(), "{answers:?}");
    for (answer, (status, part)) in answers.iter().zip(expected) {
        assert!(answer.starts_with(status) && answer.contains(part), "{answer}");
        assert!(answer.matches("urn:x:").count() <= 1, "{answer}");
    }
}
