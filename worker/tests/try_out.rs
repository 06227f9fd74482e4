//! Functions tried on a sample entity.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use flow::{Parameter, TryOut, TryOutput, TryReport};
use serde_json::{Value, json};
use worker::function::try_out;

fn tried(code: &str) -> TryReport {
    tried_within(code, &[("timeout_ms", "200")])
}

fn tried_within(code: &str, limits: &[(&str, &str)]) -> TryReport {
    let entity =
        r#"{"entityId":{"id":"Sensor.1","type":"Sensor"},"attributes":[{"name":"t","type":"integer","value":4}]}"#;
    let outputs = vec![TryOutput { id: "Out.1".into(), r#type: "Out".into() }];
    let parameters = limits.iter().map(|&(name, value)| Parameter { name: name.into(), value: value.into() }).collect();
    try_out(&TryOut { code: code.into(), entity: serde_json::from_str(entity).unwrap(), outputs, parameters })
}

fn published(report: &TryReport) -> Vec<Value> {
    assert_eq!(report.error, None);
    report.published.iter().map(|e| serde_json::from_str(&serde_json::to_string(e).unwrap()).unwrap()).collect()
}

#[test]
fn a_publication_is_completed_as_the_instance_would_do_it() {
    let report = tried(
        "exports.handler = (e, publish, query, subscribe, task) => {
            console.log('got', e.entityId.id, task.outputs[0].id);
            publish({ attributes: { twice: 2 * e.attributes.t.value } });
            publish({ entityId: { id: 'Own', type: 'Mine' }, attributes: {} });
            publish({ entityId: { type: 'Unknown' }, attributes: {} });
        };",
    );
    let got = published(&report);
    assert_eq!(got.len(), 2);
    assert_eq!(got[0]["entityId"], json!({ "id": "Out.1", "type": "Out", "isPattern": false }));
    assert_eq!(got[0]["attributes"], json!([{ "name": "twice", "type": "integer", "value": 8 }]));
    assert_eq!(got[1]["entityId"]["id"], "Own");
    assert_eq!(report.log[0], "info: got Sensor.1 Out.1");
    assert!(report.log[1].starts_with("error: publish: the entity has no id"), "{:?}", report.log);
}

#[test]
fn an_error_says_where_in_the_code() {
    let cases = [
        (
            "exports.handler = (e) => {\n  console.log('so far');\n  e.attributes.missing.value;\n};",
            "TypeError",
            Some(3),
        ),
        ("exports.handler = async () => {\n  throw new Error('later');\n};", "Error: later", Some(2)),
        ("let x = 1;\nlet x = 2;", "cannot be loaded: SyntaxError", Some(2)),
        ("\n\n  nowhere();", "cannot be loaded: ReferenceError: nowhere", Some(3)),
        ("exports.other = 1;", "does not define `exports.handler`", None),
        ("exports.handler = () => { for (;;) {} };", "longer than 200 ms", None),
        ("exports.handler = () => setTimeout(() => {\n throw new Error('late'); }, 50);", "Error: late", Some(2)),
    ];
    for (code, message, line) in cases {
        let report = tried(code);
        let error = report.error.unwrap();
        assert!(error.message.contains(message) && !error.message.contains("(line"), "{error:?}");
        assert_eq!(error.line, line, "{code}");
        assert!(report.published.is_empty());
    }
    assert_eq!(tried(cases[0].0).log, ["info: so far"]);
    assert!(tried(cases[0].0).error.unwrap().column.is_some());
}

#[test]
fn a_query_is_told_and_answered_with_nothing() {
    let report = tried(
        "exports.handler = async (e, publish, query) => {
            const rules = await query({ entities: [{ type: 'Rule', isPattern: true }] });
            publish({ attributes: { rules: rules.length } });
        };",
    );
    assert_eq!(report.queries[0].entities[0].entity_type, "Rule");
    assert_eq!(published(&report)[0]["attributes"][0]["value"], 0);
}

#[test]
fn subscriptions_are_told_once() {
    let report = tried(
        "exports.handler = (e, publish, query, subscribe) => {
            for (let i = 0; i < 3; i++) subscribe({ entities: [{ id: 'Other', isPattern: false }] });
        };",
    );
    assert_eq!(report.subscriptions.len(), 1);
}

#[test]
fn timers_fire_for_five_virtual_seconds() {
    let report = tried(
        "exports.handler = (e, publish) => {
            let n = 0;
            const every = setInterval(() => publish({ attributes: { n: ++n } }), 1000);
            setTimeout(() => { clearInterval(every); setTimeout(() => publish({}), 3600000); }, 2500);
        };",
    );
    let numbers: Vec<Value> = published(&report).iter().map(|e| e["attributes"][0]["value"].clone()).collect();
    assert_eq!(numbers, [1, 2]);
    assert_eq!(report.timers, 1);
    assert!(report.took_ms < 3_000, "nobody waits for a timer");
    assert_eq!(tried("exports.handler = () => setInterval(() => {}, 1);").timers, 1, "bounded in number too");
}

#[test]
fn a_trial_is_bounded_as_a_whole() {
    let busy = "function rest() { const until = Date.now() + 150; while (Date.now() < until); setTimeout(rest, 10); }
        exports.handler = rest;";
    assert!(tried(busy).error.unwrap().message.contains("together took longer than 3 s"));
    let large = "exports.handler = (e, publish) => publish({ attributes: { text: 'x'.repeat(2000000) } });";
    assert!(tried(large).error.unwrap().message.contains("larger than 1 MiB"));
}

#[test]
fn the_limits_are_those_of_the_operator() {
    let hog = "exports.handler = () => { 'x'.repeat(12e6); };";
    let problem = |report: TryReport| report.error.map(|error| error.message).unwrap_or_default();
    assert_eq!(problem(tried_within(hog, &[("memory_mb", "64"), ("timeout_ms", "3000")])), "");
    assert!(problem(tried_within(hog, &[("memory_mb", "8")])).contains("more than 8 MiB"));
    let endless = "exports.handler = () => { for (;;) {} };";
    assert!(problem(tried_within(endless, &[("timeout_ms", "50")])).contains("longer than 50 ms"));
    let patient = tried_within(endless, &[("timeout_ms", "60000")]);
    assert!(patient.took_ms < 10_000, "{} ms", patient.took_ms);
    assert!(problem(patient).contains("longer than 3000 ms"));
    let wrong = problem(tried_within("exports.handler = () => {};", &[("memory_mb", "much")]));
    assert!(wrong.contains("`memory_mb` must be a number from 1 to 1024"), "{wrong}");
}
