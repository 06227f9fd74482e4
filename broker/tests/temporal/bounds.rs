use serde_json::json;
use testkit::{DEADLINE, wait_until};

use crate::{drive, get, sites, values};

#[tokio::test(flavor = "multi_thread")]
async fn too_many_instances_are_answered_in_parts() {
    for site in sites(json!({ "max_instances": 5 })).await {
        drive(&site, "urn:ngsi-ld:Car:1", 0..8).await;
        drive(&site, "urn:ngsi-ld:Car:2", 2..4).await;
        drive(&site, "urn:ngsi-ld:Car:3", 6..8).await;
        let answer = get(&site, "/temporal/entities?type=Car&timerel=after&timeAt=2030-01-01T00:00:00Z").await;
        let range = "date-time 2030-01-01T00:00:00Z-2030-01-01T12:02:00Z/*";
        assert_eq!((answer.status, answer.header("content-range")), (206, range), "{}", answer.text);
        let page = answer.json();
        assert_eq!((values(&page[0], "speed").len(), values(&page[1], "speed").len()), (3, 1));
        assert_eq!((&page[2]["id"], &page[2]["speed"]), (&json!("urn:ngsi-ld:Car:3"), &json!([])));
        let page =
            get(&site, "/temporal/entities?type=Car&format=temporalValues&timerel=after&timeAt=2030-01-01T00:00:00Z")
                .await
                .json();
        assert_eq!(page[2]["speed"], json!({ "type": "Property", "values": [] }));
        let rest = get(&site, "/temporal/entities?type=Car&timerel=after&timeAt=2030-01-01T12:02:00Z").await;
        assert_eq!((rest.status, values(&rest.json()[0], "speed").len()), (206, 3), "{}", rest.text);
        let end = get(&site, "/temporal/entities?type=Car&timerel=after&timeAt=2030-01-01T12:06:00Z").await;
        assert_eq!((end.status, end.header("content-range")), (200, ""));
        let last = get(&site, "/temporal/entities/urn:ngsi-ld:Car:1?lastN=7").await;
        let range = "date-time 2030-01-01T12:07:00Z-2030-01-01T12:03:00Z/7";
        assert_eq!((last.status, last.header("content-range")), (206, range), "{}", last.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_store_keeps_the_latest() {
    let site = sites(json!({ "keep": 10 })).await.remove(0);
    for _ in 0..10 {
        drive(&site, "urn:ngsi-ld:Car:1", 0..5).await;
    }
    // It is looked at whenever it has grown.
    wait_until(DEADLINE, "the history is trimmed", async || {
        drive(&site, "urn:ngsi-ld:Car:1", 0..1).await;
        let kept = values(&get(&site, "/temporal/entities/urn:ngsi-ld:Car:1").await.json(), "speed").len();
        assert!(kept >= 10, "{kept}");
        (kept <= 12).then_some(())
    })
    .await;
}
