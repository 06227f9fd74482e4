//! Request bodies. The entity of the benchmarks has three attributes and a place.

use crate::http::{ID, VALUE};
use crate::receiver::MARK;

pub(crate) const TYPE: &str = "BenchRoom";

/// The id of an entity, or of all of them with [`ID`] in it.
pub(crate) fn entity_id() -> String {
    format!("Bench.Room.{ID}")
}

/// One context element.
pub(crate) fn element(id: &str) -> String {
    element_of(id, TYPE)
}

pub(crate) fn element_of(id: &str, entity_type: &str) -> String {
    format!(
        concat!(
            r#"{{"entityId":{{"id":"{id}","type":"{entity_type}","isPattern":false}},"attributes":["#,
            r#"{{"name":"temperature","type":"float","value":21.{value}}},"#,
            r#"{{"name":"sent","type":"string","value":"{mark}{value}"}},"#,
            r#"{{"name":"door","type":"string","value":"closed"}}],"#,
            r#""domainMetadata":[{{"name":"location","type":"point","#,
            r#""value":{{"latitude":35.692221,"longitude":139.709059}}}}]}}"#
        ),
        id = id,
        entity_type = entity_type,
        value = VALUE,
        mark = MARK,
    )
}

/// An update of these elements.
pub(crate) fn update(elements: &[String]) -> String {
    format!(r#"{{"contextElements":[{}],"updateAction":"UPDATE"}}"#, elements.join(","))
}

/// A query by id.
pub(crate) fn query(id: &str) -> String {
    format!(r#"{{"entities":[{{"id":"{id}","type":"{TYPE}","isPattern":false}}],"attributes":[]}}"#)
}

/// A subscription to all entities of a type.
pub(crate) fn subscribe(entity_type: &str, reference: &str) -> String {
    format!(
        r#"{{"entities":[{{"id":".*","type":"{entity_type}","isPattern":true}}],"attributes":[],"reference":"{reference}"}}"#
    )
}
