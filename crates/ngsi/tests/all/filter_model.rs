//! Filters against a naive evaluator over JSON trees, and against whatever a client may send.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value, missing_docs)]

use std::cmp::Ordering;

use ngsi::filter::{Filter, Glimpse};
use ngsi::v1::ContextAttribute;
use ngsi::{Entity, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// Dates and the order of their instants.
const DATES: [(&str, i32); 4] =
    [("2020-01-01T00:00:00Z", 0), ("2020-01-01T02:00:00.000+02:00", 0), ("2020-01-01", 0), ("2020-01-02T00:00", 1)];
const WORDS: [&str; 9] = ["x", "y", "xy", "20", "a,b", "it's", "true", "2020", "p;q"];
const NAMES: [&str; 3] = ["a", "b", "c.d"];

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
    Contains(&'static str),
}

#[derive(Debug, Clone)]
struct Statement {
    path: Vec<&'static str>,
    test: Test,
}

fn text() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => select(&WORDS[..]), 2 => select(&DATES[..]).prop_map(|(text, _)| text)]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        select(vec![json!(-1), json!(0), json!(1.5), json!(20), json!(2e3)]),
        text().prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![3 => scalar(), 1 => prop::collection::vec(scalar(), 0..3).prop_map(Value::from)];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop::collection::vec((select(&NAMES[..]), inner), 0..3).prop_map(|members| {
            members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>().into()
        })
    })
}

/// A literal that can be written: what looks like something else stands in quotes, a quote itself cannot.
fn literal(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Literal> {
    (value, any::<bool>()).prop_map(|(value, quoted)| {
        let quoted = match value.as_str() {
            None | Some("it's") => false,
            Some("20" | "a,b" | "true" | "2020" | "p;q") => true,
            Some(_) => quoted,
        };
        Literal { value, quoted }
    })
}

fn number() -> impl Strategy<Value = Literal> {
    literal((-3..30).prop_map(Value::from))
}

fn item() -> impl Strategy<Value = (Literal, Option<Literal>)> {
    let quoted = || {
        text()
            .prop_filter("can be quoted", |text| !text.contains('\''))
            .prop_map(|text| Literal { value: json!(text), quoted: true })
    };
    prop_oneof![
        3 => literal(scalar()).prop_map(|literal| (literal, None)),
        1 => (number(), number()).prop_map(|(least, greatest)| (least, Some(greatest))),
        1 => (quoted(), quoted()).prop_map(|(least, greatest)| (least, Some(greatest))),
    ]
}

fn statement() -> impl Strategy<Value = Statement> {
    let ordered = literal(prop_oneof![text().prop_map(Value::from), (-3..30).prop_map(Value::from)]);
    let test = prop_oneof![
        Just(Test::Exists),
        Just(Test::Missing),
        (any::<bool>(), prop::collection::vec(item(), 1..4)).prop_map(|(equal, items)| Test::Listed { equal, items }),
        (select(&["<", "<=", ">", ">="][..]), ordered).prop_map(|(operator, literal)| Test::Ordered(operator, literal)),
        select(&["x", "2", "20-", "'"][..]).prop_map(Test::Contains),
    ];
    (prop::collection::vec(select(&NAMES[..]), 1..3), test).prop_map(|(path, test)| Statement { path, test })
}

fn write_literal(literal: &Literal) -> String {
    match (&literal.value, literal.quoted) {
        (Value::String(text), true) => format!("'{text}'"),
        (Value::String(text), false) => text.clone(),
        (value, _) => value.to_string(),
    }
}

fn write_item((least, greatest): &(Literal, Option<Literal>)) -> String {
    greatest.as_ref().map_or_else(
        || write_literal(least),
        |greatest| format!("{} .. {}", write_literal(least), write_literal(greatest)),
    )
}

fn write(statements: &[Statement]) -> String {
    let write = |statement: &Statement| {
        let parts: Vec<_> = statement
            .path
            .iter()
            .map(|part| if part.contains('.') { format!("'{part}'") } else { (*part).to_owned() })
            .collect();
        let path = parts.join(".");
        match &statement.test {
            Test::Exists => path,
            Test::Missing => format!("!{path}"),
            Test::Listed { equal, items } => {
                let items: Vec<_> = items.iter().map(write_item).collect();
                format!("{path}{}{}", if *equal { "==" } else { "!=" }, items.join(","))
            }
            Test::Ordered(operator, literal) => format!("{path} {operator} {}", write_literal(literal)),
            Test::Contains("'") => format!("{path}~=[']"),
            Test::Contains(pattern) => format!("{path}~={pattern}"),
        }
    };
    statements.iter().map(write).collect::<Vec<_>>().join(";")
}

fn rank(text: &str) -> Option<i32> {
    DATES.iter().find(|(date, _)| *date == text).map(|(_, rank)| *rank)
}

fn order(value: &Value, literal: &Literal) -> Option<Ordering> {
    match (value, &literal.value) {
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        (Value::Bool(value), Value::Bool(own)) => Some(value.cmp(own)),
        (Value::Number(value), Value::Number(own)) => value.as_f64().partial_cmp(&own.as_f64()),
        (Value::String(value), Value::String(own)) => match (rank(value), rank(own)) {
            (Some(value), Some(own)) if !literal.quoted => Some(value.cmp(&own)),
            _ => Some(value.cmp(own)),
        },
        _ => None,
    }
}

fn is_listed(value: &Value, (least, greatest): &(Literal, Option<Literal>)) -> bool {
    match greatest {
        None => order(value, least) == Some(Ordering::Equal),
        Some(greatest) => {
            order(value, least).is_some_and(Ordering::is_ge) && order(value, greatest).is_some_and(Ordering::is_le)
        }
    }
}

fn holds(statement: &Statement, attributes: &Map<String, Value>) -> bool {
    let start = attributes.get(statement.path[0]);
    let target = statement.path[1..].iter().fold(start, |value, part| value?.as_object()?.get(*part));
    let Some(target) = target else { return matches!(statement.test, Test::Missing) };
    let elements = target.as_array().cloned().unwrap_or_else(|| vec![target.clone()]);
    let any = |test: &dyn Fn(&Value) -> bool| elements.iter().any(test);
    match &statement.test {
        Test::Exists => true,
        Test::Missing => false,
        Test::Listed { equal, items } => any(&|value| items.iter().any(|item| is_listed(value, item))) == *equal,
        Test::Ordered(operator, literal) => any(&|value| {
            order(value, literal).is_some_and(|order| match *operator {
                "<" => order.is_lt(),
                "<=" => order.is_le(),
                ">" => order.is_gt(),
                _ => order.is_ge(),
            })
        }),
        Test::Contains(pattern) => any(&|value| value.as_str().is_some_and(|text| text.contains(pattern))),
    }
}

fn entity(attributes: &Map<String, Value>) -> Entity {
    let now = Timestamp::from_micros(0);
    let mut entity = Entity::new("e".into(), "T".into(), now);
    for (name, value) in attributes {
        let body = json!({"name": name, "type": "x", "value": value}).to_string();
        entity.set(ngsi::json::parse::<ContextAttribute>(body.as_bytes()).unwrap().into_attribute(now));
    }
    entity
}

fn attributes() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec((select(&NAMES[..]), value()), 0..4)
        .prop_map(|attributes| attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_filter_selects_what_a_naive_evaluator_does(attributes in attributes(), statements in prop::collection::vec(statement(), 1..3)) {
        let text = write(&statements);
        let filter = Filter::parse_q(&text).expect(&text);
        let expected = statements.iter().all(|statement| holds(statement, &attributes));
        let entity = entity(&attributes);
        let holds = filter.matches(&entity);
        prop_assert_eq!(holds, expected, "{}", text);
        let columns: Vec<_> = filter.attributes().into_iter().map(|name| (name, [Glimpse::of(&entity, name)])).collect();
        let column = |name: &str| columns.iter().find(|(other, _)| *other == name).map(|(_, column)| &column[..]);
        prop_assert!(filter.glance(&column).may_match(0) || !holds, "{} is passed over", text);
        prop_assert_eq!(Filter::parse_q(&filter.to_string()), Ok(filter));
    }

    #[test]
    fn no_text_upsets_the_parser(text in ".{0,60}", attributes in attributes()) {
        upset(&text, &entity(&attributes))?;
    }

    #[test]
    fn no_broken_filter_upsets_the_parser(
        statements in prop::collection::vec(statement(), 1..3),
        (at, splice) in (any::<prop::sample::Index>(), "[-a-e0-9.,;:=!<>~'\"()\\[{*+ \u{20ac}]{0,3}"),
        attributes in attributes(),
    ) {
        let text: Vec<char> = write(&statements).chars().collect();
        let (before, after) = text.split_at(at.index(text.len()));
        let broken: String = before.iter().copied().chain(splice.chars()).chain(after[1..].iter().copied()).collect();
        upset(&broken, &entity(&attributes))?;
    }
}

fn upset(text: &str, entity: &Entity) -> Result<(), TestCaseError> {
    for (parameter, parsed) in [("q", Filter::parse_q(text)), ("mq", Filter::parse_mq(text))] {
        match parsed {
            Ok(filter) => {
                let _ = filter.matches(entity);
            }
            Err(error) => {
                prop_assert_eq!(&error.path, parameter);
                let at: usize =
                    error.problem.strip_prefix("at byte ").unwrap().split(':').next().unwrap().parse().unwrap();
                prop_assert!(text.is_char_boundary(at), "{} in {:?}", error, text);
            }
        }
    }
    Ok(())
}
