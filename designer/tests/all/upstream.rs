//! What the designer does at other services: devices, subscriptions, proxies and information; and photos.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use crate::common::Designer;
use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use http::{HeaderMap, Method, StatusCode};
use message_bus::Bus;
use parking_lot::Mutex;
use serde_json::{Value, json};

type Seen = (Method, String, HeaderMap, Bytes);

/// A stand-in for broker, discovery and master that notes what it is asked.
#[derive(Clone, Default)]
struct Upstream {
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Upstream {
    async fn start(&self) -> u16 {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let upstream = self.clone();
        let router = Router::new().fallback(move |request: Request| upstream.clone().answer(request));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        port
    }

    async fn answer(self, request: Request) -> (StatusCode, HeaderMap, String) {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let answer = match head.uri.path() {
            "/ngsi10/updateContext" => r#"{"contextResponses":[{"contextElement":{},"statusCode":{"code":200}}]}"#,
            "/ngsi10/subscribeContext" => r#"{"subscribeResponse":{"subscriptionId":"s1"}}"#,
            "/active/workers" => r#"{"Worker.a":{"id":"Worker.a"}}"#,
            "/instances" | "/instances/i" => {
                r#"[{"id":"t1","topology":"shop","task":"count","intent":"i","worker":null,"status":"scheduled","reason":"full"},
                    {"id":"t2","topology":"shop","task":"count","intent":"i","worker":"Worker.a","status":"running","reason":""}]"#
            }
            "/status" => r#"{"id":"Master.test"}"#,
            "/ngsi9/broker" => r#"{"Broker.a":{"id":"Broker.a","myURL":"http://a"}}"#,
            "/etype" => r#"["Panel"]"#,
            "/ngsi9/discoverContextAvailability" => {
                r#"{"contextRegistrationResponses":[{"contextRegistration":{"entities":[{"id":"a"},{"id":"b"}]}}]}"#
            }
            _ => "{}",
        };
        let path = head.uri.path_and_query().unwrap().to_string();
        let mut headers = HeaderMap::new();
        headers.insert("x-upstream", "yes".parse().unwrap());
        headers.insert("keep-alive", "timeout=5".parse().unwrap());
        // As a master that stands by.
        let elsewhere = format!("http://{}/active/workers", head.headers["host"].to_str().unwrap());
        let status = if path == "/workers" { StatusCode::TEMPORARY_REDIRECT } else { StatusCode::OK };
        if status != StatusCode::OK {
            headers.insert("location", elsewhere.parse().unwrap());
        }
        self.seen.lock().push((head.method, path, head.headers, body));
        (status, headers, answer.to_owned())
    }

    fn last(&self) -> Seen {
        self.seen.lock().last().unwrap().clone()
    }

    fn last_json(&self) -> Value {
        serde_json::from_slice(&self.last().3).unwrap()
    }
}

async fn started() -> (tempfile::TempDir, Designer, Upstream) {
    let dir = tempfile::tempdir().unwrap();
    let upstream = Upstream::default();
    let port = upstream.start().await;
    let extra = json!({
        "broker": { "http_port": port }, "discovery": { "http_port": port }, "master": { "rest_api_port": port },
    });
    let designer = Designer::start_with(dir.path(), Bus::in_process(), extra).await;
    (dir, designer, upstream)
}

#[tokio::test]
async fn a_device_becomes_an_entity_at_the_broker() {
    let (_dir, designer, upstream) = started().await;
    let device = json!({
        "id": "Device.1", "type": "Panel", "attributes": { "usage": { "type": "integer", "value": 7 } },
        "metadata": { "location": { "type": "point", "value": { "latitude": 1, "longitude": 2 } } },
    });
    assert_eq!(designer.post("/device", &device.to_string()).await, (200, json!({ "id": "Device.1" })));
    assert_eq!(
        upstream.last_json(),
        json!({
            "contextElements": [{
                "entityId": { "id": "Device.1", "type": "Panel", "isPattern": false },
                "attributes": [{ "name": "usage", "type": "integer", "value": 7 }],
                "domainMetadata": [
                    { "name": "location", "type": "point", "value": { "latitude": 1, "longitude": 2 } },
                ],
            }],
            "updateAction": "UPDATE",
        })
    );
    let listed = designer.get("/device").await.1;
    assert_eq!(listed["Device.1"]["attributes"], device["attributes"]);
    let (_, answer) = designer.post("/device", r#"{"type":"Panel","location":{"latitude":1,"longitude":2}}"#).await;
    assert!(answer["id"].as_str().unwrap().starts_with("Panel."), "{answer}");
    assert_eq!(upstream.last_json()["contextElements"][0]["domainMetadata"][0]["name"], "location");
    assert_eq!(designer.delete("/device/Device.1").await, (200, json!("OK")));
    assert_eq!(upstream.last_json()["updateAction"], "DELETE");
    assert_eq!(designer.delete("/device/Device.1").await.0, 404);
    let (status, answer) =
        designer.post("/device", r#"{"type":"Panel","location":{"latitude":91,"longitude":2}}"#).await;
    assert_eq!((status, &answer["field"]), (400, &json!("domainMetadata[0].value.latitude")));
    designer.stop().await;
}

#[tokio::test]
async fn a_subscription_is_made_at_the_broker_for_its_destination() {
    let (_dir, designer, upstream) = started().await;
    let body =
        r#"{"entity_type":"Panel","destination_broker":"NGSI-LD","reference_url":"http://ld:9090","tenant":"t"}"#;
    assert_eq!(designer.post("/subscription", body).await, (200, json!({ "subscriptionId": "s1" })));
    let (_, path, headers, _) = upstream.last();
    assert_eq!(path, "/ngsi10/subscribeContext");
    assert_eq!(
        (&headers["destination"], &headers["ngsild-tenant"]),
        (&"NGSI-LD".parse().unwrap(), &"t".parse().unwrap())
    );
    assert_eq!(upstream.last_json()["reference"], "http://ld:9090");
    assert_eq!(designer.get("/subscription").await.1["s1"]["entity_type"], "Panel");
    assert_eq!(designer.delete("/subscription/s1").await, (200, json!("OK")));
    assert_eq!(upstream.last_json(), json!({ "subscriptionId": "s1" }));
    assert_eq!(designer.delete("/subscription/s1").await.0, 404);
    let (_, answer) = designer.post("/subscription", r#"{"entity_type":"P","reference_url":"nowhere"}"#).await;
    assert_eq!(answer["field"], "reference_url");
    designer.stop().await;
}

#[tokio::test]
async fn requests_are_passed_on_whole_but_for_the_headers_of_one_hop() {
    let (_dir, designer, upstream) = started().await;
    for path in ["/ngsi10/entity/a%2Fb?x=1&y=%20", "/ngsi9/status", "/v2/entities?limit=2", "/ngsi-ld/v1/types"] {
        let request = http::Request::put(format!("{}{path}", designer.url))
            .header("fiware-correlator", "c")
            .header("connection", "x-private")
            .header("x-private", "1")
            .body(Bytes::from_static(b"body"));
        let answer = designer.node.client.send(request.unwrap()).await.unwrap();
        assert_eq!(answer.headers()["x-upstream"], "yes");
        assert!(!answer.headers().contains_key("keep-alive"));
        let (method, seen, headers, body) = upstream.last();
        assert_eq!((method, seen.as_str(), &body[..]), (Method::PUT, path, &b"body"[..]));
        assert_eq!(headers["fiware-correlator"], "c");
        assert!(!headers.contains_key("x-private"));
    }
    designer.stop().await;
}

#[tokio::test]
async fn information_is_gathered_as_lists() {
    let (_dir, designer, _upstream) = started().await;
    assert_eq!(designer.get("/info/worker").await, (200, json!([{ "id": "Worker.a" }])));
    assert_eq!(designer.get("/info/master").await, (200, json!([{ "id": "Master.test" }])));
    assert_eq!(designer.get("/info/broker").await, (200, json!([{ "id": "Broker.a", "myURL": "http://a" }])));
    assert_eq!(designer.get("/info/type").await, (200, json!(["Panel"])));
    assert_eq!(designer.get("/info/type?counts=true").await, (200, json!([{ "type": "Panel", "entities": 2 }])));
    for path in ["/info/task", "/info/task/i"] {
        let (_, tasks) = designer.get(path).await;
        let waiting: Vec<_> = tasks.as_array().unwrap().iter().map(|task| (&task["ID"], &task["Reason"])).collect();
        assert_eq!(waiting, [(&json!("t1"), &json!("full"))], "of the other its worker has not told");
    }
    let (_, services) = designer.get("/info/service").await;
    let state = |index: usize| (&services[index]["name"], &services[index]["state"]);
    assert_eq!(state(0), (&json!("discovery"), &json!("ready")));
    assert_eq!(state(3), (&json!("designer"), &json!("ready")));
    assert_eq!(services[3]["url"], designer.url);
    designer.stop().await;
}

#[tokio::test]
async fn services_that_are_away_are_named_and_lists_are_empty() {
    let dir = tempfile::tempdir().unwrap();
    let designer = Designer::start(dir.path()).await;
    for path in ["/info/worker", "/info/master", "/info/broker", "/info/type", "/info/task"] {
        assert_eq!(designer.get(path).await, (200, json!([])), "{path}");
    }
    let (status, answer) = designer.get("/ngsi10/entity").await;
    assert_eq!((status, &answer["error"]), (502, &json!("the broker did not answer")));
    assert_eq!(designer.post("/device", r#"{"id":"d","type":"t"}"#).await.0, 502);
    assert_eq!(designer.get("/device").await, (200, json!({})));
    assert_eq!(designer.get("/readyz").await.0, 200);
    designer.stop().await;
}

async fn upload(designer: &Designer, name: &str, content: &[u8]) -> (u16, Value) {
    let mut body =
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"x\"\r\n\r\n").into_bytes();
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--b--\r\n");
    let request = http::Request::post(format!("{}/data/photo", designer.url))
        .header("content-type", "multipart/form-data; boundary=b")
        .body(Bytes::from(body));
    crate::common::answer(&designer.node.client.send(request.unwrap()).await.unwrap())
}

#[tokio::test]
async fn photos_are_kept_under_a_safe_name_and_typed_by_their_content() {
    let (_dir, designer, _upstream) = started().await;
    let png = b"\x89PNG\r\n\x1a\nrest";
    let (status, answer) = upload(&designer, "shop.png", png).await;
    assert_eq!((status, &answer["path"]), (200, &json!("/photo/shop.png")));
    for path in ["/photo/shop.png", "/data/photo/shop.png"] {
        let answer = designer.call(Method::GET, path, "").await;
        assert_eq!((answer.headers()["content-type"].to_str().unwrap(), &answer.body()[..]), ("image/png", &png[..]));
    }
    for name in ["../config", "..%2Fconfig", ".hidden", "a b", ""] {
        assert_eq!(upload(&designer, name, png).await.0, 400, "{name}");
    }
    assert_eq!(upload(&designer, "page.html", b"<script>").await.0, 400);
    assert_eq!(upload(&designer, "drawing.svg", b"<svg/>").await.0, 400);
    assert_eq!(designer.get("/photo/..%2F..%2Fconfig.json").await.0, 404);
    assert_eq!(designer.post("/data/photo", "no form").await.0, 400);
    designer.stop().await;
}

#[tokio::test]
async fn a_picture_has_a_bound_of_its_own_and_no_document_is_allowed_more_for_it() {
    const MOST: usize = 2 << 20;
    let (dir, designer, _upstream) = started().await;
    let picture = |bytes: usize| [b"\x89PNG".as_slice(), &vec![b'x'; bytes - 4]].concat();
    assert_eq!(upload(&designer, "large.png", &picture(MOST)).await.0, 200);
    for bytes in [MOST + 1, 7 << 20] {
        let (status, answer) = upload(&designer, "larger.png", &picture(bytes)).await;
        assert_eq!((status, &answer["field"]), (413, &json!("larger.png")));
        assert_eq!(answer["error"], "must not be larger than 2097152 bytes (2 MiB)");
    }
    assert_eq!(upload(&designer, "large.png", b"\x89PNG another").await.0, 200);
    let kept: Vec<_> = walk(dir.path()).into_iter().filter(|name| name.ends_with(".png")).collect();
    assert_eq!(kept, ["large.png"]);
    let document = format!(r#"{{"name":"{}"}}"#, "x".repeat(MOST));
    for path in ["/operator", "/ngsi10/updateContext"] {
        let refused = designer.call(Method::POST, path, &document).await;
        // The rest of the body is not read, so the connection cannot be used again.
        assert_eq!(
            (refused.status().as_u16(), refused.headers()["connection"].to_str().unwrap()),
            (413, "close"),
            "{path}"
        );
    }
    designer.stop().await;
}

/// The names of all files below a folder.
fn walk(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let names = entries.flat_map(|entry| match entry.path().is_dir() {
        true => walk(&entry.path()),
        false => vec![entry.file_name().to_string_lossy().into_owned()],
    });
    names.collect()
}
