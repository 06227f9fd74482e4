//! Two brokers and a discovery: an entity is changed and read wherever it lives.

use serde_json::{Value, json};
use service::{Config, Node};
use storage::Store;

use testkit::Receiver;

use super::common::{SOON, Site};
use super::subscriptions::{subscribe, to_rooms};
use super::{check, create, get};

#[tokio::test]
async fn entities_of_another_broker_are_read_and_changed() {
    let directory = tempfile::tempdir().unwrap();
    let config = json!({ "site_id": "cloud", "bind_ip": "127.0.0.1", "discovery": { "http_port": 0 } });
    let node = Node::new(Config::parse(&config.to_string(), |_| None).unwrap(), 1).unwrap();
    let discovery = discovery::start(node.clone(), Store::open(directory.path()).unwrap()).await.unwrap();
    let port = discovery.address.port();
    let (here, there) = (Site::start("here", port).await, Site::start("there", port).await);
    let entity = json!({ "id": "far", "type": "Room", "t": { "value": 1, "metadata": { "u": { "value": "C" } } },
        "o": { "value": true }, "location": { "type": "geo:point", "value": "49, 8" } });
    create(&there, &entity).await;
    create(&here, &json!({ "id": "near", "type": "Room", "t": { "value": 5 } })).await;
    let far = "/v2/entities/far";
    testkit::wait_until(SOON, "it is known here", async || (get(&here, far).await.status == 200).then_some(())).await;

    assert_eq!(get(&here, far).await.json(), get(&there, far).await.json());
    let value = |t: i64| json!({ "t": { "value": t } });
    check(
        &here,
        &[
            ("POST", "/v2/entities", entity.clone(), 422, "Unprocessable"),
            ("PATCH", "/v2/entities/far/attrs", value(2), 204, ""),
            ("PATCH", "/v2/entities/far/attrs", json!({ "none": { "value": 2 } }), 422, "Unprocessable"),
            ("POST", "/v2/entities/far/attrs?options=append", value(2), 422, "Unprocessable"),
            ("DELETE", "/v2/entities/far/attrs/o", Value::Null, 204, ""),
            ("PUT", "/v2/entities/far/attrs/t/value", json!("7"), 204, ""),
            ("GET", "/v2/entities/far?type=Car", Value::Null, 404, "NotFound"),
        ],
    )
    .await;
    let expected = json!({ "t": { "type": "Number", "value": 7, "metadata": { "u": { "type": "Text", "value": "C" } } },
        "location": { "type": "geo:point", "value": "49, 8", "metadata": {} } });
    assert_eq!(get(&there, "/v2/entities/far/attrs").await.json(), expected);

    let ids = async |query: &str| {
        let answer = get(&here, &format!("/v2/entities?options=count&{query}")).await;
        let ids = answer.json().as_array().unwrap().iter().map(|entity| entity["id"].clone()).collect::<Vec<_>>();
        (json!(ids), answer.header("fiware-total-count").to_owned())
    };
    let table = [
        ("type=Room", json!(["near", "far"]), "2"),
        ("type=Room&limit=1&offset=1", json!(["far"]), "2"),
        ("type=Room&orderBy=!t", json!(["far", "near"]), "2"),
        ("q=t%3E6", json!(["far"]), "1"),
        ("georel=near%3BmaxDistance:10&geometry=point&coords=49,8", json!(["far"]), "1"),
        ("id=far", json!(["far"]), "1"),
    ];
    for (query, expected, count) in table {
        assert_eq!(ids(query).await, (expected, count.to_owned()), "{query}");
    }
    assert_eq!(get(&here, "/v2/types/Room").await.json()["count"], 2);

    check(
        &here,
        &[
            ("PUT", "/v2/entities/far/attrs", json!({ "x": { "value": 1 } }), 204, ""),
            (
                "POST",
                "/v2/op/update",
                json!({ "actionType": "append", "entities": [{ "id": "far", "y": { "value": 2 } },
            { "id": "near", "y": { "value": 2 } }] }),
                204,
                "",
            ),
        ],
    )
    .await;
    assert_eq!(get(&there, "/v2/entities/far/attrs?options=keyValues").await.json(), json!({ "x": 1, "y": 2 }));
    check(&here, &[("DELETE", far, Value::Null, 204, "")]).await;
    assert_eq!(get(&there, far).await.status, 404);
    node.shutdown.cancel();
}

#[tokio::test]
async fn a_subscription_reaches_entities_of_another_broker() {
    let directory = tempfile::tempdir().unwrap();
    let config = json!({ "site_id": "cloud", "bind_ip": "127.0.0.1", "discovery": { "http_port": 0 } });
    let node = Node::new(Config::parse(&config.to_string(), |_| None).unwrap(), 1).unwrap();
    let discovery = discovery::start(node.clone(), Store::open(directory.path()).unwrap()).await.unwrap();
    let port = discovery.address.port();
    let (here, there) = (Site::start("here", port).await, Site::start("there", port).await);
    let receiver = Receiver::start().await.unwrap();
    create(&there, &json!({ "id": "old", "type": "Room", "t": { "value": 1 }, "u": { "value": 1 } })).await;
    let changes = json!({
        "subject": { "condition": { "expression": { "q": "t>1" },
            "alterationTypes": ["entityCreate", "entityChange", "entityDelete"] } },
        "notification": { "attrs": ["t", "u", "alterationType"], "onlyChangedAttrs": true, "metadata": ["previousValue"] },
    });
    subscribe(&here, &to_rooms(&receiver.url(), &changes)).await;
    testkit::wait_until(SOON, "the other broker is subscribed to", async || {
        let held = there.get("/ngsi10/subscription").await.1;
        (!held.as_object().unwrap().is_empty()).then_some(())
    })
    .await;
    let value = |t: i64| json!({ "t": { "value": t } });
    check(
        &there,
        &[
            ("PATCH", "/v2/entities/old/attrs", value(0), 204, ""),
            ("PATCH", "/v2/entities/old/attrs", value(2), 204, ""),
            ("PATCH", "/v2/entities/old/attrs", value(2), 204, ""),
            ("DELETE", "/v2/entities/old", Value::Null, 204, ""),
        ],
    )
    .await;
    let told = async |count: usize| {
        let received = receiver.wait_for(count, SOON).await;
        received.iter().map(|request| request.json()["data"][0].clone()).collect::<Vec<_>>()
    };
    let all = told(2).await;
    let number = |value: i64, metadata: Value| json!({ "type": "Number", "value": value, "metadata": metadata });
    let alteration = |name: &str| json!({ "type": "Text", "value": name, "metadata": {} });
    let previous = json!({ "previousValue": { "type": "Number", "value": 0 } });
    assert_eq!(
        all[0],
        json!({ "id": "old", "type": "Room", "t": number(2, previous), "alterationType": alteration("entityChange") })
    );
    assert_eq!((&all[1]["id"], &all[1]["alterationType"]["value"]), (&json!("old"), &json!("entityDelete")));
    create(&there, &json!({ "id": "new", "type": "Room", "t": { "value": 5 } })).await;
    let all = told(3).await;
    assert_eq!(
        all[2],
        json!({ "id": "new", "type": "Room", "t": number(5, json!({})), "alterationType": alteration("entityCreate") })
    );
    node.shutdown.cancel();
}
