//! What each operator makes of an entity. The functions in `operators/*/function.js` do the same.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::counter::Counter;
use crate::element::{Attribute, Element, EntityId};

/// The threshold until a rule sets another.
const THRESHOLD: f64 = 30.0;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operator {
    Dummy,
    Counter(Counter),
    Anomaly { threshold: f64, ruled: bool },
}

/// Attributes and domain metadata for the output entity.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Output {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) metadata: Vec<Attribute>,
}

impl Operator {
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "dummy" => Some(Self::Dummy),
            "counter" => Some(Self::Counter(Counter::default())),
            "anomaly" => Some(Self::Anomaly { threshold: THRESHOLD, ruled: false }),
            _ => None,
        }
    }

    /// The entities that the operator has to know before it can handle any.
    pub(crate) fn wants(&self, output: Option<&EntityId>) -> Option<EntityId> {
        match self {
            Self::Counter(counter) if counter.wants_earlier() => output.cloned(),
            Self::Anomaly { ruled: false, .. } => {
                Some(EntityId { id: String::new(), r#type: "^Rule$".to_owned(), is_pattern: true.into() })
            }
            _ => None,
        }
    }

    /// Learns of them.
    pub(crate) fn learn(&mut self, found: &[Element]) {
        match self {
            Self::Dummy => {}
            Self::Counter(counter) => counter.resume(found.first()),
            Self::Anomaly { threshold, ruled } => {
                *ruled = true;
                found.iter().for_each(|rule| obey(rule, threshold));
            }
        }
    }

    pub(crate) fn handle(&mut self, element: &Element) -> Option<Output> {
        if element.attributes.is_empty() {
            return None;
        }
        match self {
            Self::Dummy => Some(processed(element)),
            Self::Counter(counter) => counter.count(element),
            Self::Anomaly { threshold, .. } => match element.entity.r#type.as_str() {
                "Rule" => {
                    obey(element, threshold);
                    None
                }
                _ => anomaly(element, *threshold),
            },
        }
    }
}

fn obey(rule: &Element, threshold: &mut f64) {
    *threshold = rule.attribute("threshold").and_then(number).unwrap_or(*threshold);
}

fn processed(element: &Element) -> Output {
    let mut attributes = element.attributes.clone();
    attributes.push(Attribute::new("processed", "boolean", true));
    attributes.push(Attribute::new("source", "string", element.entity.id.as_str()));
    Output { attributes, metadata: element.metadata.clone() }
}

fn anomaly(element: &Element, threshold: f64) -> Option<Output> {
    let usage = element.attribute("usage")?;
    if number(usage)? <= threshold {
        return None;
    }
    let shop = element.metadatum("shop").cloned().unwrap_or_default();
    let place = element.metadatum("location").cloned().unwrap_or_default();
    let mut metadata = vec![Attribute::new("shop", "string", shop.clone())];
    if !place.is_null() {
        metadata.push(Attribute::new("location", "point", place.clone()));
    }
    Some(Output {
        attributes: vec![
            Attribute::new("when", "string", now()),
            Attribute::new("whichpanel", "string", element.entity.id.as_str()),
            Attribute::new("shop", "string", shop),
            Attribute::new("where", "object", place),
            Attribute::new("usage", "integer", usage.clone()),
        ],
        metadata,
    })
}

/// Numbers may come as text.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// The time in RFC 3339, UTC, with milliseconds. The date is that of Howard Hinnant's `civil_from_days`.
fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (since.as_secs() / 86_400 + 719_468, since.as_secs() % 86_400);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let (day, month) =
        (day_of_year - (153 * shifted + 2) / 5 + 1, if shifted < 10 { shifted + 3 } else { shifted - 9 });
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second, ms) = (second / 3_600, second / 60 % 60, second % 60, since.subsec_millis());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn element(id: &str, kind: &str, attributes: Vec<Attribute>) -> Element {
        let mut element = Element { attributes, ..Element::default() };
        element.entity.id = id.into();
        element.entity.r#type = kind.into();
        element.metadata.push(Attribute::new("shop", "string", "S1"));
        element
    }

    fn value(output: &Output, name: &str) -> Value {
        output.attributes.iter().find(|attribute| attribute.name == name).unwrap().value.clone()
    }

    #[test]
    fn dummy_passes_on_what_it_got() {
        let input = element("A", "Sensor", vec![Attribute::new("t", "integer", 7)]);
        let output = Operator::Dummy.handle(&input).unwrap();
        assert_eq!((value(&output, "t"), value(&output, "source")), (7.into(), "A".into()));
    }

    #[test]
    fn anomaly_is_a_usage_above_the_rules_threshold() {
        let mut anomaly = Operator::named("anomaly").unwrap();
        let panel = |usage: i64| element("P", "PowerPanel", vec![Attribute::new("usage", "integer", usage)]);
        assert_eq!(anomaly.handle(&panel(30)), None);
        let output = anomaly.handle(&panel(31)).unwrap();
        assert_eq!(
            (value(&output, "whichpanel"), value(&output, "shop"), value(&output, "usage")),
            ("P".into(), "S1".into(), 31.into())
        );
        anomaly.handle(&element("R", "Rule", vec![Attribute::new("threshold", "integer", "50")]));
        assert_eq!(anomaly.handle(&panel(50)), None);
    }

    #[test]
    fn anomaly_asks_for_the_rule_in_force_first() {
        let mut anomaly = Operator::named("anomaly").unwrap();
        assert_eq!(anomaly.wants(None).unwrap().r#type, "^Rule$");
        anomaly.learn(&[element("R", "Rule", vec![Attribute::new("threshold", "integer", 80)])]);
        assert_eq!(anomaly.wants(None), None);
        assert_eq!(anomaly.handle(&element("P", "PowerPanel", vec![Attribute::new("usage", "integer", 70)])), None);
    }

    #[test]
    fn deleted_entity_leads_to_nothing() {
        for name in ["dummy", "counter", "anomaly"] {
            assert_eq!(Operator::named(name).unwrap().handle(&element("P", "PowerPanel", Vec::new())), None);
        }
    }

    #[test]
    fn time_is_written_in_rfc_3339() {
        let now = now();
        assert_eq!((now.len(), &now[10..11], &now[23..]), (24, "T", "Z"), "{now}");
    }
}
