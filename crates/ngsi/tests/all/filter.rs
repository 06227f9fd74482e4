//! The Simple Query Language: what it selects, what it refuses, and that no text upsets it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value, missing_docs)]

use ngsi::filter::{Filter, MAX_LENGTH, MAX_PATTERNS, MAX_STATEMENTS};
use ngsi::v1::ContextAttribute;
use ngsi::{Attribute, AttributeKind, Entity, JsonText, Metadata, Timestamp, date};
use serde_json::{Value, json};

fn attribute(name: &str, value_type: &str, value: Value) -> Attribute {
    let body = json!({"name": name, "type": value_type, "value": value}).to_string();
    let parsed: ContextAttribute = ngsi::json::parse(body.as_bytes()).unwrap();
    parsed.into_attribute(date::parse("2026-01-02T00:00:00Z").unwrap())
}

fn room() -> Entity {
    let mut room = Entity::new("room1".into(), "Room".into(), date::parse("2026-01-01T00:00:00Z").unwrap());
    room.modified_at = Timestamp::from_micros(date::parse("2026-01-02T10:00:00.123Z").unwrap().as_micros() + 456);
    let mut temperature = attribute("temperature", "Number", json!(21.5));
    temperature.metadata = vec![
        Metadata::new("accuracy".into(), "Number".into(), JsonText::from(json!(0.8))),
        Metadata::new("by".into(), "Text".into(), JsonText::from(json!({"name": "Ada"}))),
        Metadata::new("at".into(), "DateTime".into(), JsonText::from(json!("2026-01-01T02:00:00+02:00"))),
    ];
    room.attributes = vec![
        temperature,
        attribute("name", "Text", json!("light,green")),
        attribute("title", "Text", json!("20")),
        attribute("quote", "Text", json!("say \"hi\"")),
        attribute("open", "Boolean", json!(true)),
        attribute("none", "None", json!(null)),
        attribute("colors", "StructuredValue", json!(["black", "red", 7])),
        attribute("brand", "StructuredValue", json!({"name": "Seat", "a.b": {"c": 1}, "since": "1950-05-09"})),
        attribute("at", "DateTime", json!("2017-06-17T07:21:24.238Z")),
        attribute("dotted.name", "Number", json!(3)),
        attribute("dateExpires", "DateTime", json!("2030-01-01T00:00:00.000Z")),
    ];
    room.set(Attribute { kind: AttributeKind::Domain, ..attribute("owner", "string", json!("Bob")) });
    room
}

#[test]
fn values_are_selected_as_the_specification_says() {
    let room = room();
    let check = |q: &str, expected: bool| {
        assert_eq!(Filter::parse_q(q).expect(q).matches(&room), expected, "{q}");
    };
    for q in [
        "temperature",
        "!humidity",
        "temperature==21.5",
        "temperature:21.5",
        "temperature!=21",
        "temperature>21",
        "temperature>=21.5",
        "temperature<22",
        "temperature<=21.50",
        "temperature==20,21.5",
        "temperature==20..22",
        "temperature!=22..30",
        "temperature==21.5..21.5",
        "temperature!=1,2",
        " temperature > 21 ; temperature < 22 ; ",
        "name=='light,green'",
        "name=='x','light,green'",
        "name!=light,green",
        "name~=^light",
        "name~='n$'",
        "title=='20'",
        "title!=20",
        "title>='2'",
        "title=='10'..'30'",
        "quote=='say \"hi\"'",
        "open==true",
        "open!=false",
        "none==null",
        "none!=1",
        "none",
        "colors==red",
        "colors==7",
        "colors!=white",
        "colors==blue,black",
        "colors~=ack",
        "colors>6",
        "brand.name==Seat",
        "brand.'a.b'.c==1",
        "'brand'.'a.b'.c",
        "!brand.model",
        "brand.name~=ea",
        "brand.since<1950-05-09T12",
        "brand",
        "brand!=1",
        "'dotted.name'==3",
        "at==2017-06-17T09:21:24.238+02:00",
        "at>2017-06-17",
        "at<2017-06-18",
        "at=='2017-06-17T07:21:24.238Z'",
        "at==2017-06-17..2017-06-18",
        "at!=2017-06-16",
        "dateCreated==2026-01-01",
        "dateModified==2026-01-02T10:00:00.123Z",
        "dateModified>2026-01-01",
        "dateExpires<2031-01-01",
        "dateCreated",
        "owner==Bob",
        "temperature>-1e3;open:true",
    ] {
        check(q, true);
    }
    for q in [
        "humidity",
        "!temperature",
        "humidity==1",
        "humidity!=1",
        "humidity<1",
        "humidity~=.",
        "temperature=='21.5'",
        "temperature>21.5",
        "temperature>a",
        "temperature~=21",
        "temperature!=20..22",
        "temperature==22..20",
        "temperature.x",
        "name==light,green",
        "title==20",
        "title>3",
        "open==1",
        "open=='true'",
        "none==''",
        "none==0",
        "none<1",
        "colors==white",
        "colors!=red",
        "colors!=1,7",
        "brand.name==seat",
        "brand==Seat",
        "brand.a.b",
        "dotted.name==3",
        "at==2017-06-17",
        "at>2018-01-01",
        "at>5",
        "dateCreated>2026-01-01",
        "dateCreated.x",
        "dateModified==1",
        "temperature>21;open:false",
        "name~=^Light",
        "id==room1",
    ] {
        check(q, false);
    }
}

#[test]
fn metadata_are_selected_by_mq() {
    let room = room();
    let check = |mq: &str, expected: bool| {
        assert_eq!(Filter::parse_mq(mq).expect(mq).matches(&room), expected, "{mq}");
    };
    for mq in [
        "temperature.accuracy<0.9",
        "temperature.accuracy",
        "!temperature.unit",
        "!humidity.accuracy",
        "temperature.by.name==Ada",
        "temperature.at==2026-01-01",
        "temperature.dateModified==2026-01-02",
        "temperature.dateCreated<2026-01-03",
    ] {
        check(mq, true);
    }
    for mq in ["temperature.accuracy>0.9", "humidity.accuracy", "name.accuracy!=1", "temperature.by==Ada"] {
        check(mq, false);
    }
}

#[test]
fn a_refusal_says_where_and_why() {
    let check = |result: Result<Filter, ngsi::ParseError>, path: &str, at: &str, why: &str| {
        let error = result.expect_err(why);
        assert_eq!(error.path, path);
        assert!(error.problem.starts_with(at) && error.problem.contains(why), "{error}, expected {at} {why}");
    };
    let q = |text: &str, at: usize, why: &str| check(Filter::parse_q(text), "q", &format!("at byte {at}:"), why);
    q("", 0, "statement is missing");
    q(";", 0, "statement is missing");
    q("a;;b", 2, "statement is missing");
    q("a=1", 1, "expected an operator");
    q("a~1", 1, "expected an operator");
    q("a b", 2, "expected an operator");
    q("a==", 3, "value is missing");
    q("a==1,", 5, "value is missing");
    q("a==1..", 6, "value is missing");
    q("a==1..2..3", 7, "expected ;");
    q("a==1..b", 4, "a range goes");
    q("a==true..false", 7, "a range goes");
    q("a==2020-01-01..b", 13, "a range goes");
    q("a>true", 2, "smaller or greater");
    q("a>1,2", 3, "lists and ranges");
    q("a<1..2", 3, "lists and ranges");
    q("a===1", 3, "single quotes");
    q("a==\"x\"", 3, "single quotes");
    q("a=='x", 3, "not closed");
    q("a=='x'y", 6, "expected ;");
    q("!a==1", 2, "begins with !");
    q("a..b==1", 2, "name of an attribute");
    q(".a", 0, "name of an attribute");
    q("(a==1)", 0, "name of an attribute");
    q("a~=(", 3, "regular expression");
    q("a~=", 3, "pattern is missing");
    q("a~=(((a{100}){100}){100}){100}", 3, "regular expression");
    q(&format!("a~={}", "x".repeat(1_025)), 3, "longer than 1024");
    q(&["a~=x"; MAX_PATTERNS + 1].join(";"), 5 * MAX_PATTERNS + 3, "more than 8 patterns");
    q(&"a;".repeat(MAX_STATEMENTS + 1), 2 * MAX_STATEMENTS, "more than 64 statements");
    q(&["a"; 33].join("."), 64, "more than 32 parts");
    check(Filter::parse_mq("a>1"), "mq", "at byte 0:", "attribute.metadatum");
    check(Filter::parse_q(&"a".repeat(MAX_LENGTH + 1)), "q", "longer", "8192");
}

#[test]
fn dates_are_read_in_every_documented_form() {
    let check = |text: &str, expected: Option<&str>| {
        assert_eq!(date::parse(text).map(|instant| instant.to_string()).as_deref(), expected, "{text}");
    };
    check("2017-06-17", Some("2017-06-17T00:00:00.000Z"));
    check("20170617T072124Z", Some("2017-06-17T07:21:24.000Z"));
    check("2017-06-17T07", Some("2017-06-17T07:00:00.000Z"));
    check("2017-06-17T0721", Some("2017-06-17T07:21:00.000Z"));
    check("2017-06-17T07:21", Some("2017-06-17T07:21:00.000Z"));
    check("2017-06-17T072124.238", Some("2017-06-17T07:21:24.238Z"));
    check("2017-06-17T07:21:24Z", Some("2017-06-17T07:21:24.000Z"));
    check("2017-06-17T07:21:24.2385Z", Some("2017-06-17T07:21:24.238Z"));
    check("2017-06-17T01:00:00+02", Some("2017-06-16T23:00:00.000Z"));
    check("2017-06-17T01:00:00-0230", Some("2017-06-17T03:30:00.000Z"));
    check("1969-12-31T23:59:59.5+00:00", Some("1969-12-31T23:59:59.500Z"));
    for text in [
        "",
        "2017",
        "2017-06-17Z",
        "201706-17",
        "20170617Z",
        "2017-02-30",
        "2017-06-17T",
        "2017-06-17T24",
        "2017-06-17T07:2124",
        "2017-06-17 07:21",
        "2017-06-17T07.5",
        "2017-06-17T07:21:24.Z",
        "2017-06-17T07:21:24+1",
        "2017-06-17T07:21:24+02:00:00",
        "２017-06-17",
    ] {
        check(text, None);
    }
}

#[test]
fn times_of_day_are_read() {
    assert_eq!(date::parse_time("01:02:03Z"), Some(3_723_000_000));
    assert_eq!(date::parse_time("00:00:00.5Z"), Some(500_000));
    for text in ["", "Z", "01:02Z", "010203Z", "01:02:03", "24:00:00Z", "01:02:03+01:00", "01:02:03.Z", "é1:02:03Z"] {
        assert_eq!(date::parse_time(text), None, "{text}");
    }
}
