//! The REST interface as clients of the original use it: raw JSON in, raw JSON out, over HTTP.
#![allow(clippy::unwrap_used)]

use crate::common::{Designer, OPERATOR, SHOP};
use serde_json::{Value, json};

async fn designer() -> (tempfile::TempDir, Designer) {
    let dir = tempfile::tempdir().unwrap();
    let designer = Designer::start(dir.path()).await;
    (dir, designer)
}

fn first(list: &str) -> Value {
    serde_json::from_str::<Value>(list).unwrap()[0].clone()
}

#[tokio::test]
async fn operators_are_listed_by_name_and_read_back_as_posted() {
    let (_dir, designer) = designer().await;
    assert_eq!(designer.get("/operator").await, (200, json!({})));
    assert_eq!(designer.post("/operator", OPERATOR).await, (200, json!("OK")));
    assert_eq!(designer.get("/operator").await, (200, json!({ "counter": first(OPERATOR) })));
    assert_eq!(designer.get("/operator/counter").await, (200, first(OPERATOR)));
    assert_eq!(designer.get("/operator/none").await.0, 404);
    assert_eq!(designer.delete("/operator/none").await.0, 404);
    assert_eq!(designer.delete("/operator/counter").await, (200, json!("OK")));
    assert_eq!(designer.get("/operator").await, (200, json!({})));
    designer.stop().await;
}

#[tokio::test]
async fn images_are_added_to_and_removed_from_their_operator() {
    let (_dir, designer) = designer().await;
    let designer = designer.with_shop().await;
    let image = r#"{"name":"fogflow/counter","tag":"arm","hwType":"ARM","osType":"Linux","prefetched":true}"#;
    assert_eq!(designer.post("/dockerimage/counter", image).await, (200, json!("OK")));
    assert_eq!(designer.post("/dockerimage/counter", image).await, (200, json!("OK")));
    let images = designer.get("/dockerimage/counter").await.1;
    assert_eq!(images.as_array().unwrap().len(), 2, "{images}");
    assert_eq!(designer.delete("/dockerimage/counter?image=fogflow/counter:arm").await, (200, json!("OK")));
    assert_eq!(designer.delete("/dockerimage/counter?image=fogflow/counter").await, (200, json!("OK")));
    assert_eq!(designer.get("/dockerimage/counter").await, (200, json!([])));
    assert_eq!(designer.delete("/dockerimage/counter?image=none").await.0, 404);
    assert_eq!(designer.delete("/dockerimage/counter").await.0, 400);
    assert_eq!(designer.post("/dockerimage/none", image).await.0, 404);
    designer.stop().await;
}

#[tokio::test]
async fn a_topology_is_read_back_with_its_operators() {
    let (_dir, designer) = designer().await;
    let designer = designer.with_shop().await;
    assert_eq!(designer.get("/service").await, (200, json!({ "shop": first(SHOP) })));
    assert_eq!(designer.get("/service/shop").await, (200, first(SHOP)));
    let mut topology = first(SHOP)["topology"].clone();
    topology["operators"] = json!([first(OPERATOR)]);
    assert_eq!(designer.get("/topology/shop").await, (200, topology.clone()));
    assert_eq!(designer.get("/topology").await, (200, json!([topology])));
    assert_eq!(designer.get("/topology/none").await.0, 404);
    let (status, refusal) = designer.delete("/operator/counter").await;
    assert_eq!((status, &refusal["error"]), (409, &json!("operator `counter` is used by topology `shop`")));
    assert_eq!(designer.delete("/service/shop").await, (200, json!("OK")));
    assert_eq!(designer.delete("/service/shop").await.0, 404);
    designer.stop().await;
}

#[tokio::test]
async fn an_intent_gets_an_identifier_and_is_found_by_topology() {
    let (_dir, designer) = designer().await;
    let designer = designer.with_shop().await;
    let body = r#"{"topology":"shop","priority":{"exclusive":false,"level":50},"qos":"Max Throughput",
        "geoscope":{"scopeType":"global","scopeValue":"global"}}"#;
    let (status, answer) = designer.post("/intent", body).await;
    assert_eq!((status, &answer["outputType"]), (200, &json!("Sum")));
    let id = answer["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("ServiceIntent."), "{id}");
    let mut stored: Value = serde_json::from_str(body).unwrap();
    stored["id"] = json!(id);
    stored["action"] = json!("ADD");
    assert_eq!(designer.get("/intent").await, (200, json!({ id.as_str(): stored })));
    assert_eq!(designer.get(&format!("/intent/{id}")).await, (200, stored.clone()));
    assert_eq!(designer.get("/intent/topology/shop").await, (200, json!([stored])));
    assert_eq!(designer.get("/intent/topology/none").await, (200, json!([])));
    assert_eq!(designer.post("/intent", "{}").await.0, 400);
    assert_eq!(designer.delete("/service/shop").await.0, 409);
    assert_eq!(designer.delete(&format!("/intent/{id}")).await, (200, json!("OK")));
    assert_eq!(designer.delete(&format!("/intent/{id}")).await.0, 404);
    let named = json!({ "id": id }).to_string();
    assert_eq!(designer.post("/intent", &stored.to_string()).await.0, 200);
    assert_eq!(designer.delete_with("/intent", &named).await, (200, json!("OK")));
    assert_eq!(designer.delete_with("/intent", &named).await.0, 404);
    assert_eq!(designer.delete_with("/intent", "{}").await.0, 400);
    designer.stop().await;
}

#[tokio::test]
async fn a_fog_function_is_completed_and_switched() {
    let (_dir, designer) = designer().await;
    let designer = designer.with_shop().await;
    let mut topology = first(SHOP)["topology"].clone();
    topology["name"] = json!("f");
    let body = json!([{ "name": "f", "topology": topology, "intent": { "topology": "f" }, "designboard": {} }]);
    assert_eq!(designer.post("/fogfunction", &body.to_string()).await, (200, json!("OK")));
    let (_, function) = designer.get("/fogfunction/f").await;
    assert_eq!(function["status"], "enabled");
    assert!(function["intent"]["id"].as_str().unwrap().starts_with("ServiceIntent."));
    assert_eq!(designer.get("/fogfunction").await, (200, json!({ "f": function })));
    assert_eq!(designer.get("/topology/f").await.1["tasks"][0]["name"], "count");
    assert_eq!(designer.get("/fogfunction/f/disable").await.1["status"], "disabled");
    assert_eq!(designer.get("/fogfunction/f/enable").await.1["status"], "enabled");
    assert_eq!(designer.post("/fogfunction/f/disable", "").await.1["status"], "disabled");
    assert_eq!(designer.post("/fogfunction/f/enable", "").await.1["status"], "enabled");
    assert_eq!(designer.get("/fogfunction/none/enable").await.0, 404);
    assert_eq!(designer.delete("/operator/counter").await.0, 409);
    assert_eq!(designer.delete("/fogfunction/f").await, (200, json!("OK")));
    assert_eq!(designer.delete("/fogfunction/f").await.0, 404);
    designer.stop().await;
}

#[tokio::test]
async fn bad_input_is_answered_on_every_route_that_takes_any() {
    let (_dir, designer) = designer().await;
    let designer = designer.with_shop().await;
    let nested = "[".repeat(10_000);
    let bodies = ["", "{", "[{\"name\":", "null", "7", "\"x\"", "[[]]", "{\"id\":\"\\ud800\"}", nested.as_str()];
    let routes =
        ["/operator", "/dockerimage/counter", "/service", "/intent", "/fogfunction", "/device", "/subscription"];
    for route in routes {
        for body in bodies {
            let (status, answer) = designer.post(route, body).await;
            assert_eq!(status, 400, "{route} {}: {answer}", &body[..body.len().min(20)]);
            assert!(answer["error"].is_string() && answer["field"].is_string(), "{route}: {answer}");
        }
    }
    let (_, answer) = designer.post("/service", &SHOP.replace("\"counter\"", "\"none\"")).await;
    assert_eq!(answer, json!({ "error": "there is no operator `none`", "field": "[0].topology.tasks[0].operator" }));
    designer.stop().await;
}

#[tokio::test]
async fn a_list_is_taken_whole_or_not_at_all() {
    let (_dir, designer) = designer().await;
    assert_eq!(designer.post("/operator", r#"[{"name":"good"},{"name":"b/d"}]"#).await.0, 400);
    assert_eq!(designer.get("/operator").await, (200, json!({})));
    designer.stop().await;
}

#[tokio::test]
async fn all_metadata_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let designer = Designer::start(dir.path()).await.with_shop().await;
    designer.post("/intent", r#"{"id":"ServiceIntent.1","topology":"shop"}"#).await;
    let function = SHOP.replace("\"shop\"", "\"f\"").replacen("[{", "[{\"name\":\"f\",", 1);
    assert_eq!(designer.post("/fogfunction", &function).await, (200, json!("OK")));
    let paths = ["/operator", "/service", "/intent", "/fogfunction", "/topology"];
    let mut before = Vec::new();
    for path in paths {
        before.push(designer.get(path).await);
    }
    designer.stop().await;
    let designer = Designer::start(dir.path()).await;
    for (path, before) in paths.iter().zip(before) {
        assert_eq!(designer.get(path).await, before, "{path}");
    }
    designer.stop().await;
}
