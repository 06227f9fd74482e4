//! Counts updates and entities, and goes on where an earlier instance stopped.

use std::collections::HashSet;

use crate::element::{Attribute, Element};
use crate::operator::Output;

/// Entities told apart.
const MOST_ENTITIES: usize = 100_000;

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Counter {
    earlier: Option<Counted>,
    updates: u64,
    seen: HashSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Counted {
    updates: u64,
    entities: usize,
}

impl Counter {
    pub(crate) fn wants_earlier(&self) -> bool {
        self.earlier.is_none()
    }

    pub(crate) fn resume(&mut self, output: Option<&Element>) {
        let number = |name| output.and_then(|output| output.attribute(name)?.as_u64()).unwrap_or(0);
        let entities = usize::try_from(number("entities")).unwrap_or(MOST_ENTITIES).min(MOST_ENTITIES);
        self.earlier = Some(Counted { updates: number("counter"), entities });
    }

    pub(crate) fn count(&mut self, element: &Element) -> Option<Output> {
        let earlier = self.earlier.unwrap_or(Counted { updates: 0, entities: 0 });
        // An entity counted earlier comes first as it stands, which is no update.
        let known = !self.seen.contains(&element.entity.id) && self.seen.len() < earlier.entities;
        if self.seen.len() < MOST_ENTITIES {
            self.seen.insert(element.entity.id.clone());
        }
        if known {
            return None;
        }
        self.updates = self.updates.saturating_add(1);
        Some(Output {
            attributes: vec![
                Attribute::new("counter", "integer", earlier.updates.saturating_add(self.updates)),
                Attribute::new("entities", "integer", self.seen.len().max(earlier.entities)),
            ],
            metadata: Vec::new(),
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn counted(counter: &mut Counter, id: &str) -> Option<(u64, u64)> {
        let element = serde_json::from_value(json!({ "entityId": { "id": id, "type": "Anomaly" } })).unwrap();
        let output = counter.count(&element)?;
        let numbers: Vec<u64> = output.attributes.iter().map(|a| a.value.as_u64().unwrap()).collect();
        Some((numbers[0], numbers[1]))
    }

    #[test]
    fn updates_and_entities_are_counted() {
        let mut counter = Counter::default();
        counter.resume(None);
        assert_eq!(["A", "B", "A"].map(|id| counted(&mut counter, id)), [Some((1, 1)), Some((2, 2)), Some((3, 2))]);
    }

    #[test]
    fn counting_goes_on_where_an_earlier_instance_stopped() {
        let output = json!({ "entityId": { "id": "Stat.1" }, "attributes": [
            { "name": "counter", "value": 20 }, { "name": "entities", "value": 2 }] });
        let mut counter = Counter::default();
        counter.resume(Some(&serde_json::from_value(output).unwrap()));
        assert_eq!(["A", "B"].map(|id| counted(&mut counter, id)), [None, None], "as they stood");
        assert_eq!(["A", "C"].map(|id| counted(&mut counter, id)), [Some((21, 2)), Some((22, 3))]);
    }
}
