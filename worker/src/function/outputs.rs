//! The entities a function writes.

use flow::OutputStream;
use ngsi::v1::ContextElement;
use serde_json::json;

use crate::logs::TaskLog;

/// The outputs as the handler gets them in `task`: a JSON list of `{ id, type }`.
pub(super) fn as_json(outputs: &[OutputStream]) -> String {
    let streams = outputs.iter().map(|output| json!({ "id": output.stream_id, "type": output.r#type }));
    serde_json::Value::from_iter(streams).to_string()
}

/// An entity without id or type is the first output, or the output of that id or type.
pub(super) fn identified(
    mut element: ContextElement,
    outputs: &[OutputStream],
    log: &TaskLog,
) -> Option<ContextElement> {
    let entity = &mut element.entity;
    if !entity.id.is_empty() && !entity.entity_type.is_empty() {
        return Some(element);
    }
    let fits = |output: &&OutputStream| {
        (entity.id.is_empty() || entity.id == output.stream_id.as_str())
            && (entity.entity_type.is_empty() || entity.entity_type == output.r#type.as_str())
    };
    match outputs.iter().find(fits) {
        Some(output) => {
            entity.id = output.stream_id.as_str().into();
            entity.entity_type = output.r#type.as_str().into();
        }
        None if entity.id.is_empty() => {
            log.write("error", "publish: the entity has no id, and the task no output to take it from");
            return None;
        }
        None => {}
    }
    Some(element)
}
