//! The case that the whole-system tests play: a detector for each power panel, a counter over all anomalies.

use serde_json::{Value, json};

/// The operators as JavaScript functions.
///
/// # Panics
/// Never: the sources are part of the repository.
#[must_use]
pub fn functions() -> Value {
    json!([
        { "name": "anomaly", "description": "", "parameters": [], "dockerimages": [],
          "functionCode": include_str!("../../operators/anomaly/function.js") },
        { "name": "counter", "description": "", "parameters": [], "dockerimages": [],
          "functionCode": include_str!("../../operators/counter/function.js") }
    ])
}

/// The operators as container images, as [`build_images`](crate::build_images) makes them.
#[must_use]
pub fn containers() -> Value {
    let operator = |name: &str| {
        json!({ "name": name, "description": "", "parameters": [],
            "dockerimages": [{ "name": format!("fogflow/{name}"), "tag": "test", "hwType": "X86", "osType": "Linux", "prefetched": false }] })
    };
    json!([operator("anomaly"), operator("counter")])
}

/// The topology.
#[must_use]
pub fn topology(name: &str) -> Value {
    let input = |entity_type: &str, groupby: &str, scoped: bool| json!({ "selected_type": entity_type, "selected_attributes": [], "groupby": groupby, "scoped": scoped });
    json!({ "name": name, "description": "", "tasks": [
        { "name": "Detector", "operator": "anomaly",
          "input_streams": [input("PowerPanel", "EntityID", true), input("Rule", "ALL", false)],
          "output_streams": [{ "entity_type": "Anomaly" }] },
        { "name": "Counter", "operator": "counter",
          "input_streams": [input("Anomaly", "ALL", false)],
          "output_streams": [{ "entity_type": "Stat" }] }
    ]})
}

/// Everywhere.
#[must_use]
pub fn everywhere() -> Value {
    json!({ "scopeType": "global", "scopeValue": "global" })
}
