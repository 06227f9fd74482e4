//! The types of entities.

use serde_json::{Value, json};

use super::common::Site;
use super::{check, create, get};

#[tokio::test]
async fn types_are_listed_with_their_attributes() {
    let site = Site::alone().await;
    create(&site, &json!({ "id": "r1", "type": "Room", "t": { "value": 1 } })).await;
    create(&site, &json!({ "id": "r2", "type": "Room", "t": { "value": "x" }, "o": { "value": true } })).await;
    create(&site, &json!({ "id": "c", "type": "Car", "t": { "value": 1 } })).await;
    site.set("n", "", 1).await;
    let room = json!({ "attrs": { "t": { "types": ["Number", "Text"] }, "o": { "types": ["Boolean"] } }, "count": 2 });
    let answer = get(&site, "/v2/types?options=count").await;
    assert_eq!(answer.header("fiware-total-count"), "3");
    assert_eq!(
        answer.json(),
        json!([
            { "type": "Car", "attrs": { "t": { "types": ["Number"] } }, "count": 1 },
            { "type": "Room", "attrs": room["attrs"], "count": 2 },
            { "type": "Thing", "attrs": { "value": { "types": ["integer"] } }, "count": 1 },
        ])
    );
    assert_eq!(get(&site, "/v2/types?options=values&limit=2&offset=1").await.json(), json!(["Room", "Thing"]));
    assert_eq!(get(&site, "/v2/types/Room").await.json(), room);
    let bare = json!({ "attrs": { "t": { "types": [] }, "o": { "types": [] } }, "count": 2 });
    assert_eq!(get(&site, "/v2/types/Room?options=noAttrDetail").await.json(), bare);
    assert_eq!(get(&site, "/v2/types/Thing").await.json()["count"], 1);
    check(
        &site,
        &[
            ("GET", "/v2/types/None", Value::Null, 404, "NotFound"),
            ("GET", "/v2/types?limit=0", Value::Null, 400, "BadRequest"),
            ("GET", "/v2/types?options=keyValues", Value::Null, 400, "BadRequest"),
        ],
    )
    .await;
}
