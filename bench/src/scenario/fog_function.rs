//! The fog function of the benchmarks: an instance for every entity of a type.

use serde_json::{Value, json};

use super::body;
use crate::http::{ID, Target, Template, post};

const INPUT: &str = "BenchInput";
/// What its instances put out.
pub(super) const OUTPUT: &str = "BenchOutput";

/// The id of an input entity, with [`ID`] in it.
pub(super) fn input_id() -> String {
    format!("Bench.Input.{ID}")
}

/// An update that creates an input entity.
pub(super) fn input_template(broker: &Target) -> Template {
    Template::post(broker, "/ngsi10/updateContext", &body::update(&[input_element(&input_id())]))
}

/// An input entity.
pub(super) fn input_element(id: &str) -> String {
    body::element_of(id, INPUT)
}

/// An operator and a fog function that runs it for every entity of the input type.
pub(super) fn install(designer: &Target, operator: &Value) -> anyhow::Result<()> {
    let mut whole = json!({ "name": "bench", "description": "", "parameters": [], "dockerimages": [] });
    if let (Some(whole), Some(operator)) = (whole.as_object_mut(), operator.as_object()) {
        whole.extend(operator.clone());
    }
    post(designer, "/operator", &json!([whole]).to_string())?;
    post(designer, "/fogfunction", &json!([fog_function()]).to_string())?;
    Ok(())
}

fn fog_function() -> Value {
    let input =
        json!({ "selected_type": INPUT, "selected_attributes": ["all"], "groupby": "EntityID", "scoped": false });
    let task = json!({
        "name": "Main", "operator": "bench",
        "input_streams": [input], "output_streams": [{ "entity_type": OUTPUT }],
    });
    json!({
        "name": "bench",
        "topology": { "name": "bench", "description": "", "tasks": [task] },
        "intent": {
            "topology": "bench", "stype": "ASYN", "qos": "default",
            "priority": { "exclusive": false, "level": 0 },
            "geoscope": { "scopeType": "global", "scopeValue": "global" },
        },
        "status": "enabled",
    })
}
