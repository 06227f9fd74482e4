//! What kinds of entities and attributes there are.

use serde_json::{Value, json};

use super::common::Site;
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
