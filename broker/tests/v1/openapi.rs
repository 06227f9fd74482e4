//! Every operation that `openapi.json` names is there.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::common::Site;
use bytes::Bytes;
use http::{Method, Request};

#[tokio::test]
async fn every_operation_is_served() {
    let site = Site::alone().await;
    let mut parts = 0;
    for part in ["/ngsi10/openapi.json", "/v2/openapi.json", "/ngsi-ld/v1/openapi.json"] {
        let (status, document) = site.get(part).await;
        assert_eq!((status.as_u16(), &document["openapi"]), (200, &serde_json::json!("3.1.0")));
        parts += document["paths"].as_object().unwrap().len();
    }
    let (_, whole) = site.get("/openapi.json").await;
    let paths = whole["paths"].as_object().unwrap();
    assert_eq!(paths.len(), parts);
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().unwrap() {
            let filled = path.replace('{', "urn:").replace('}', "");
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let request = Request::builder().method(&method).uri(format!("{}{filled}", site.url));
            let answer = site.send(request.body(Bytes::new()).unwrap()).await;
            // A path that is not there is answered without a body.
            let is_served = answer.status() != 405 && (answer.status() != 404 || !answer.body().is_empty());
            assert!(is_served, "{method} {path}: {}", answer.status());
            assert!(operation["summary"].is_string() && operation["responses"].is_object());
        }
    }
}
