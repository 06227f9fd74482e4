//! Queries of NGSI-LD against a naive evaluator over JSON trees, and against whatever a client may send.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value, missing_docs)]

use std::cmp::Ordering;

use ngsi::filter::ld::{ScopeFilter, TypeFilter, Vocabulary};
use ngsi::filter::{Filter, Glimpse};
use ngsi::{Attribute, AttributeKind, Entity, JsonText, Metadata, Name, Timestamp};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

/// Dates and the order of their instants.
const DATES: [(&str, i32); 3] =
    [("2020-01-01T00:00:00Z", 0), ("2020-01-01T02:00:00.000+02:00", 0), ("2020-01-02T00:00:00Z", 1)];
const WORDS: [&str; 8] = ["x", "y", "xy", "20", "a,b", "say \"hi\"", "p;q|r", "back\\slash"];
const NAMES: [&str; 3] = ["a", "b", "c"];
const MEMBERS: [&str; 4] = ["a", "en", "de", "*"];

fn expand(term: &str) -> Name {
    Name::from(format!("http://example.org/{term}"))
}

fn vocabulary() -> Vocabulary<'static> {
    Vocabulary { expand: &expand, expand_values: &["c"] }
}

/// An attribute as NGSI-LD writes it: a list of instances, each with sub-attributes under `sub`.
fn instance(depth: u32) -> BoxedStrategy<Value> {
    let of = |kind: &'static str, value: BoxedStrategy<Value>| value.prop_map(move |value| (kind, value)).boxed();
    let words = || prop::collection::vec(text().prop_map(Value::from), 0..3);
    let language = prop_oneof![2 => text().prop_map(Value::from), 1 => words().prop_map(Value::from)];
    let languages = prop::collection::vec((select(&MEMBERS[1..3]), language), 0..3).prop_map(object);
    let content = prop_oneof![
        4 => of("Property", value().boxed()),
        1 => of("Relationship", text().prop_map(Value::from).boxed()),
        1 => of("ListRelationship", words().prop_map(Value::from).boxed()),
        2 => of("LanguageProperty", languages.boxed()),
        2 => of("VocabProperty", select(&["x", "y"][..]).prop_map(|word| json!(expand(word))).boxed()),
    ];
    let subs = if depth == 0 {
        Just(Vec::new()).boxed()
    } else {
        prop::collection::vec((select(&NAMES[..]), instance(depth - 1)), 0..3).boxed()
    };
    (content, subs).prop_map(|((kind, value), subs)| json!({"kind": kind, "value": value, "sub": object(subs)})).boxed()
}

fn object(members: Vec<(&str, Value)>) -> Value {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>().into()
}

fn text() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => select(&WORDS[..]), 2 => select(&DATES[..]).prop_map(|(text, _)| text)]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        select(vec![json!(-1), json!(0), json!(1.5), json!(20), json!(2e3)]),
        text().prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![3 => scalar(), 1 => prop::collection::vec(scalar(), 0..3).prop_map(Value::from)];
    leaf.prop_recursive(2, 8, 3, |inner| prop::collection::vec((select(&MEMBERS[..]), inner), 0..3).prop_map(object))
}

fn attributes() -> impl Strategy<Value = Vec<(&'static str, Vec<Value>)>> {
    prop::collection::btree_map(select(&NAMES[..]), prop::collection::vec(instance(2), 1..3), 0..4)
        .prop_map(|attributes| attributes.into_iter().collect())
}

#[derive(Debug, Clone)]
struct Literal {
    value: Value,
    quoted: bool,
}

#[derive(Debug, Clone)]
enum Test {
    Exists,
    Missing,
    Listed { equal: bool, items: Vec<(Literal, Option<Literal>)> },
    Ordered(&'static str, Literal),
    Contains { wanted: bool, text: &'static str },
}

#[derive(Debug, Clone)]
enum Query {
    One { path: Vec<&'static str>, members: Vec<&'static str>, test: Test },
    All(Vec<Query>),
    Any(Vec<Query>),
}

fn literal(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Literal> {
    (value, any::<bool>()).prop_map(|(value, quoted)| {
        let bare = value.as_str().is_none_or(|text| text.starts_with("2020") || text.chars().all(char::is_alphabetic));
        Literal { value, quoted: quoted || !bare }
    })
}

fn item() -> impl Strategy<Value = (Literal, Option<Literal>)> {
    let number = || literal((-3..30).prop_map(Value::from));
    let quoted = || text().prop_map(|text| Literal { value: json!(text), quoted: true });
    prop_oneof![
        3 => literal(scalar()).prop_map(|literal| (literal, None)),
        1 => (number(), number()).prop_map(|(least, greatest)| (least, Some(greatest))),
        1 => (quoted(), quoted()).prop_map(|(least, greatest)| (least, Some(greatest))),
    ]
}

fn query() -> impl Strategy<Value = Query> {
    let ordered = literal(prop_oneof![text().prop_map(Value::from), (-3..30).prop_map(Value::from)]);
    let test = prop_oneof![
        Just(Test::Exists),
        Just(Test::Missing),
        (any::<bool>(), prop::collection::vec(item(), 1..4)).prop_map(|(equal, items)| Test::Listed { equal, items }),
        (select(&["<", "<=", ">", ">="][..]), ordered).prop_map(|(operator, literal)| Test::Ordered(operator, literal)),
        (any::<bool>(), select(&["x", "2", "20-", "\"hi\""][..]))
            .prop_map(|(wanted, text)| Test::Contains { wanted, text }),
    ];
    let path = prop::collection::vec(select(&NAMES[..]), 1..4);
    let members = prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(select(&MEMBERS[..]), 1..3)];
    let one = (path, members, test).prop_map(|(path, members, test)| Query::One { path, members, test });
    one.prop_recursive(3, 8, 3, |inner| {
        let parts = || prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![parts().prop_map(Query::All), parts().prop_map(Query::Any)]
    })
}

fn write_literal(literal: &Literal) -> String {
    match (&literal.value, literal.quoted) {
        (Value::String(text), false) => text.clone(),
        (value, _) => value.to_string(),
    }
}

fn write_item((least, greatest): &(Literal, Option<Literal>)) -> String {
    greatest.as_ref().map_or_else(
        || write_literal(least),
        |greatest| format!("{}..{}", write_literal(least), write_literal(greatest)),
    )
}

/// An "or" in an "and" needs parentheses, other queries may have them.
fn write(query: &Query, in_and: bool) -> String {
    let join = |parts: &[Query], operator, in_and| {
        parts.iter().map(|part| write(part, in_and)).collect::<Vec<_>>().join(operator)
    };
    match query {
        Query::All(parts) if parts.len() == 3 => format!("({})", join(parts, ";", true)),
        Query::All(parts) => join(parts, ";", true),
        Query::Any(parts) if in_and => format!("( {} )", join(parts, "|", false)),
        Query::Any(parts) => join(parts, "|", false),
        Query::One { path, members, test } => {
            let mut path = path.join(".");
            if !members.is_empty() {
                path = format!("{path}[{}]", members.join("."));
            }
            match test {
                Test::Exists => path,
                Test::Missing => format!("!{path}"),
                Test::Listed { equal, items } => {
                    let items: Vec<_> = items.iter().map(write_item).collect();
                    format!("{path}{}{}", if *equal { "==" } else { "!=" }, items.join(","))
                }
                Test::Ordered(operator, literal) => format!("{path} {operator} {}", write_literal(literal)),
                Test::Contains { wanted, text } => {
                    format!("{path}{}\"{}\"", if *wanted { "~=" } else { "!~=" }, text.replace('"', "\\\""))
                }
            }
        }
    }
}

fn rank(text: &str) -> Option<i32> {
    DATES.iter().find(|(date, _)| *date == text).map(|(_, rank)| *rank)
}

/// How a value stands to a literal; `term` is what a text stands for among terms.
fn order(value: &Value, literal: &Literal, term: Option<&str>) -> Option<Ordering> {
    match (value, &literal.value) {
        (Value::Bool(value), Value::Bool(own)) => Some(value.cmp(own)),
        (Value::Number(value), Value::Number(own)) => value.as_f64().partial_cmp(&own.as_f64()),
        (Value::String(value), Value::String(_)) if term == Some(value) => Some(Ordering::Equal),
        (Value::String(value), Value::String(own)) => match (rank(value), rank(own)) {
            (Some(value), Some(own)) if !literal.quoted => Some(value.cmp(&own)),
            _ => Some(value.cmp(own)),
        },
        _ => None,
    }
}

/// What the path leads to: of each instance its kind and the values to compare.
fn targets(attributes: &[(&str, Vec<Value>)], path: &[&str], members: &[&str]) -> Vec<(String, Vec<Value>)> {
    let Some((_, instances)) = attributes.iter().find(|(name, _)| *name == path[0]) else { return Vec::new() };
    let target = |instance: &Value| {
        let element = path[1..].iter().try_fold(instance, |element, name| element["sub"].get(*name))?;
        let kind = element["kind"].as_str()?;
        let value = match members {
            [] | ["*"] if kind == "LanguageProperty" => {
                let values = element["value"].as_object()?.values();
                Value::from(
                    values
                        .flat_map(|value| value.as_array().cloned().unwrap_or(vec![value.clone()]))
                        .collect::<Vec<_>>(),
                )
            }
            _ => members.iter().try_fold(&element["value"], |value, name| value.as_object()?.get(*name))?.clone(),
        };
        let kind = if members.is_empty() { kind } else { "" };
        Some((kind.to_owned(), value.as_array().cloned().unwrap_or(vec![value])))
    };
    instances.iter().filter_map(target).collect()
}

fn passes(test: &Test, name: &str, kind: &str, values: &[Value]) -> bool {
    let is_reference = kind == "Relationship" || kind == "ListRelationship";
    let order = |value: &Value, literal: &Literal| {
        let term = literal.value.as_str().filter(|text| kind == "VocabProperty" && (name == "c" || text.contains(':')));
        order(value, literal, term.map(expand).as_ref().map(Name::as_str))
    };
    let is_listed = |value: &Value, (least, greatest): &(Literal, Option<Literal>)| match greatest {
        None => order(value, least) == Some(Ordering::Equal),
        Some(greatest) => {
            order(value, least).is_some_and(Ordering::is_ge) && order(value, greatest).is_some_and(Ordering::is_le)
        }
    };
    let texts = || values.iter().filter_map(Value::as_str);
    match test {
        Test::Exists => true,
        Test::Missing => false,
        Test::Listed { equal, items } => {
            values.iter().any(|value| items.iter().any(|item| is_listed(value, item))) == *equal
        }
        _ if is_reference => false,
        Test::Ordered(operator, literal) => {
            values.iter().filter_map(|value| order(value, literal)).any(|order| match *operator {
                "<" => order.is_lt(),
                "<=" => order.is_le(),
                ">" => order.is_gt(),
                _ => order.is_ge(),
            })
        }
        Test::Contains { wanted: true, text } => texts().any(|value| value.contains(text)),
        Test::Contains { wanted: false, text } => {
            texts().next().is_some() && !texts().any(|value| value.contains(text))
        }
    }
}

fn holds(query: &Query, attributes: &[(&str, Vec<Value>)]) -> bool {
    match query {
        Query::All(parts) => parts.iter().all(|part| holds(part, attributes)),
        Query::Any(parts) => parts.iter().any(|part| holds(part, attributes)),
        Query::One { path, members, test } => {
            let targets = targets(attributes, path, members);
            match test {
                Test::Missing => targets.is_empty(),
                _ => targets.iter().any(|(kind, values)| passes(test, path[0], kind, values)),
            }
        }
    }
}

fn value_type(element: &Value) -> Name {
    match element["kind"].as_str().unwrap() {
        "Property" => Name::default(),
        kind => Name::from(kind),
    }
}

fn metadata(element: &Value) -> Vec<Metadata> {
    let subs = element["sub"].as_object().unwrap().iter();
    subs.map(|(name, sub)| Metadata {
        metadata: metadata(sub),
        ..Metadata::new(expand(name), value_type(sub), JsonText::from(sub["value"].clone()))
    })
    .collect()
}

fn entity(attributes: &[(&str, Vec<Value>)]) -> Entity {
    let now = Timestamp::from_micros(0);
    let mut entity = Entity::new("e".into(), "T".into(), now);
    for (name, instances) in attributes {
        for (index, element) in instances.iter().enumerate() {
            entity.set(Attribute {
                name: expand(name),
                kind: AttributeKind::Context,
                dataset_id: if index == 0 { Name::default() } else { Name::from(format!("urn:{index}")) },
                value_type: value_type(element),
                value: JsonText::from(element["value"].clone()),
                metadata: metadata(element),
                created_at: now,
                modified_at: now,
            });
        }
    }
    entity
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_query_selects_what_a_naive_evaluator_does(attributes in attributes(), query in query()) {
        let text = write(&query, false);
        let filter = Filter::parse_ld(&text, &vocabulary()).expect(&text);
        let entity = entity(&attributes);
        let matches = filter.matches(&entity);
        prop_assert_eq!(matches, holds(&query, &attributes), "{}", text);
        let columns: Vec<_> = filter.attributes().into_iter().map(|name| (name, [Glimpse::of(&entity, name)])).collect();
        let column = |name: &str| columns.iter().find(|(other, _)| *other == name).map(|(_, column)| &column[..]);
        prop_assert!(filter.glance(&column).may_match(0) || !matches, "{} is passed over", text);
        prop_assert_eq!(Filter::parse_ld(&filter.to_string(), &vocabulary()), Ok(filter));
    }

    #[test]
    fn no_text_upsets_the_parsers(text in ".{0,60}", attributes in attributes()) {
        upset(&text, &entity(&attributes))?;
    }

    #[test]
    fn no_broken_query_upsets_the_parsers(
        query in query(),
        (at, splice) in (any::<Index>(), "[-a-e0-9.,;:=!<>~|'\"()\\[\\]{*+#/\\\\ \u{20ac}]{0,3}"),
        attributes in attributes(),
    ) {
        let text: Vec<char> = write(&query, false).chars().collect();
        let (before, after) = text.split_at(at.index(text.len()));
        let broken: String = before.iter().copied().chain(splice.chars()).chain(after[1..].iter().copied()).collect();
        upset(&broken, &entity(&attributes))?;
    }
}

fn upset(text: &str, entity: &Entity) -> Result<(), TestCaseError> {
    let results = [
        ("q", Filter::parse_ld(text, &vocabulary()).map(|filter| filter.matches(entity))),
        ("type", TypeFilter::parse(text, &expand).map(|filter| filter.matches(entity))),
        ("scopeQ", ScopeFilter::parse(text).map(|filter| filter.matches(entity))),
    ];
    for (parameter, result) in results {
        let Err(error) = result else { continue };
        prop_assert_eq!(&error.path, parameter);
        let at: usize = error.problem.strip_prefix("at byte ").unwrap().split(':').next().unwrap().parse().unwrap();
        prop_assert!(text.is_char_boundary(at), "{} in {:?}", error, text);
    }
    Ok(())
}
