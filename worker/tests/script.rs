//! Functions and their limits.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::{Duration, Instant};

use worker::function::{Effect, Limits, Script, ScriptError};
use worker::logs::TaskLog;

const ELEMENT: &str = r#"{
    "entityId": {"id": "Panel.1", "type": "PowerPanel", "isPattern": false},
    "attributes": [{"name": "usage", "type": "integer", "value": 45}],
    "domainMetadata": [{"name": "shop", "type": "string", "value": "S1"}]
}"#;

fn limits() -> Limits {
    Limits { time: Duration::from_millis(200), ..Limits::default() }
}

fn load(code: &str) -> Result<Script, ScriptError> {
    Script::load(code, limits(), TaskLog::new("t".into()))
}

/// The effects of one call of a handler with that body.
fn handle(body: &str) -> Result<Vec<Effect>, ScriptError> {
    load(&format!("exports.handler = function (entity, publish, query, subscribe) {{\n{body}\n}}"))?.notify(ELEMENT)
}

fn published(effect: &Effect) -> serde_json::Value {
    let Effect::Publish(element) = effect else { panic!("not a publication: {effect:?}") };
    serde_json::from_str(&serde_json::to_string(element).unwrap()).unwrap()
}

#[test]
fn handler_reads_and_publishes_context_objects() {
    let effects = handle(
        "publish({ entityId: { id: 'A', type: 'Anomaly' },
            attributes: { usage: { type: 'integer', value: entity.attributes.usage.value + 1 }, plain: 'x' },
            metadata: { shop: entity.metadata.shop } });",
    );
    let effects = effects.unwrap();
    let expected = serde_json::json!({
        "entityId": { "id": "A", "type": "Anomaly", "isPattern": false },
        "attributes": [
            { "name": "usage", "type": "integer", "value": 46 },
            { "name": "plain", "type": "string", "value": "x" }
        ],
        "domainMetadata": [{ "name": "shop", "type": "string", "value": "S1" }]
    });
    assert_eq!(published(&effects[0]), expected);
}

#[test]
fn publication_without_identity_leaves_it_to_the_task() {
    let effects = handle("publish({ attributes: { n: { type: 'integer', value: 1 } } })").unwrap();
    assert_eq!(published(&effects[0])["entityId"], serde_json::json!({ "isPattern": false }));
}

#[test]
fn state_lasts_from_call_to_call() {
    let code = "var n = 0; exports.handler = (entity, publish) => { n += 1; publish({ attributes: { n } }); };";
    let script = load(code).unwrap();
    script.notify(ELEMENT).unwrap();
    let effects = script.notify(ELEMENT).unwrap();
    assert_eq!(published(&effects[0])["attributes"][0]["value"], 2);
}

#[test]
fn query_comes_back_as_context_objects() {
    let code = "exports.handler = (entity, publish, query) => query({ entities: [{ type: 'Rule', isPattern: true }] },
        (list) => publish({ attributes: { found: list.map((e) => e.entityId.id) } }));";
    let script = load(code).unwrap();
    let effects = script.notify(ELEMENT).unwrap();
    let Effect::Query { id, request } = &effects[0] else { panic!("{effects:?}") };
    assert_eq!(request.entities[0].entity_type, "Rule");
    let effects = script.answer(*id, Ok(&format!("[{ELEMENT}]"))).unwrap();
    assert_eq!(published(&effects[0])["attributes"][0]["value"], serde_json::json!(["Panel.1"]));
    assert_eq!(script.answer(*id, Ok("[]")).unwrap(), [], "an answer counts once");
}

#[test]
fn asynchronous_handler_may_await_a_query() {
    let code = "exports.handler = async (entity, publish, query) => {
        const list = await query({ entities: [] }); publish({ attributes: { n: list.length } }); };";
    let script = load(code).unwrap();
    let effects = script.notify(ELEMENT).unwrap();
    let Effect::Query { id, .. } = &effects[0] else { panic!("{effects:?}") };
    let effects = script.answer(*id, Ok(&format!("[{ELEMENT}]"))).unwrap();
    assert_eq!(published(&effects[0])["attributes"][0]["value"], 1);
}

#[test]
fn timers_fire() {
    let code = "exports.handler = (e, publish) => setTimeout(() => publish({ attributes: { late: true } }), 50);";
    let script = load(code).unwrap();
    let effects = script.notify(ELEMENT).unwrap();
    let Effect::Timer { id, after_ms } = &effects[0] else { panic!("{effects:?}") };
    assert!((*after_ms - 50.0).abs() < f64::EPSILON);
    assert_eq!(script.fire(*id).unwrap().len(), 1);
    assert_eq!(script.fire(*id).unwrap(), []);
}

#[test]
fn errors_name_the_line() {
    let cases = [
        ("entity.nothing.value", "line 2"),
        ("throw new RangeError('too far')", "RangeError: too far (line 2"),
        ("throw 'plain'", "thrown: \"plain\""),
        ("require('axios')", "require('axios')"),
        ("publish(null)", "publish needs an entity"),
        ("return Promise.reject(new Error('later'))", "later"),
        ("publish({ entityId: { id: 7 } })", "[0].Publish.entityId.id"),
    ];
    for (body, expected) in cases {
        let reason = handle(body).unwrap_err().to_string();
        assert!(reason.contains(expected), "{body}: {reason}");
    }
}

#[test]
fn code_that_cannot_be_loaded_is_refused() {
    let cases = [
        ("exports.handler = function (", "line 1"),
        ("var x = 1;", "does not define `exports.handler`"),
        ("\n\nundefined_name();", "line 3"),
        ("for (;;) {}", "200 ms"),
    ];
    for (code, expected) in cases {
        let reason = load(code).err().unwrap().to_string();
        assert!(reason.contains(expected), "{code}: {reason}");
    }
}

#[test]
fn endless_loop_is_ended() {
    let begun = Instant::now();
    for body in [
        "for (;;) {}",
        "for (;;) { try { for (;;) {} } catch (e) {} }",
        "/(a+)+b/.test('a'.repeat(5000))",
        "(async () => { for (;;) await 0; })()",
    ] {
        assert_eq!(handle(body).unwrap_err(), ScriptError::Time(200), "{body}");
    }
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn memory_and_stack_are_bounded() {
    let body = "const hoard = []; for (;;) hoard.push(new Array(10000).fill(1));";
    let code = format!("exports.handler = function () {{ {body} }}");
    let small = Limits { memory_bytes: 4 * 1024 * 1024, time: Duration::from_secs(20), ..Limits::default() };
    let script = Script::load(&code, small, TaskLog::new("t".into())).unwrap();
    assert_eq!(script.notify(ELEMENT).unwrap_err(), ScriptError::Memory(4));
    assert_eq!(script.notify(ELEMENT).unwrap_err(), ScriptError::Memory(4), "it can be called again");
    let reason = handle("function deeper() { return 1 + deeper(); } deeper();").unwrap_err().to_string();
    assert!(reason.contains("stack"), "{reason}");
}

#[test]
fn effects_of_a_failed_call_are_dropped_and_their_number_is_bounded() {
    let code = "let fail = true; exports.handler = (e, publish) => {
        publish({ attributes: { fail } }); if (fail) { fail = false; throw new Error('once'); } };";
    let script = load(code).unwrap();
    script.notify(ELEMENT).unwrap_err();
    assert_eq!(script.notify(ELEMENT).unwrap().len(), 1);
    let many = handle("for (let i = 0; i < 1001; i++) publish({ attributes: { i } });").unwrap_err();
    assert_eq!(many, ScriptError::Effects(1001, 1000));
}

#[test]
fn function_cannot_break_the_bridge() {
    let code = "delete globalThis.__fogflow; try { __fogflow.drain = null; } catch (e) {}
        JSON.parse = null; JSON.stringify = null; exports.handler = (e, publish) => publish({ attributes: { ok: 1 } });";
    assert_eq!(load(code).unwrap().notify(ELEMENT).unwrap().len(), 1);
}

#[test]
fn console_goes_to_the_log_of_the_task() {
    let log = TaskLog::new("t".into());
    let code = "exports.handler = () => console.log('seen', { a: 1 }, [2], undefined);";
    Script::load(code, limits(), log.clone()).unwrap().notify(ELEMENT).unwrap();
    assert_eq!(log.lines(), ["info: seen {\"a\":1} [2] undefined"]);
}

#[test]
fn parameters_change_limits() {
    let parameter = |name: &str, value: &str| flow::Parameter { name: name.into(), value: value.into() };
    let limits = Limits::of(&[parameter("memory_mb", "8"), parameter("timeout_ms", "50")]).unwrap();
    assert_eq!((limits.memory_bytes, limits.time), (8 * 1024 * 1024, Duration::from_millis(50)));
    for wrong in ["0", "-1", "lots", "99999999"] {
        assert!(Limits::of(&[parameter("memory_mb", wrong)]).unwrap_err().contains("memory_mb"));
    }
}

/// The functions in `operators/`.
mod operators {
    use super::*;

    const ANOMALY: &str = include_str!("../../operators/anomaly/function.js");
    const COUNTER: &str = include_str!("../../operators/counter/function.js");
    const DUMMY: &str = include_str!("../../operators/dummy/function.js");

    fn element(id: &str, kind: &str, name: &str, value: i64) -> String {
        serde_json::json!({
            "entityId": { "id": id, "type": kind, "isPattern": false },
            "attributes": [{ "name": name, "type": "integer", "value": value }],
            "domainMetadata": [
                { "name": "shop", "type": "string", "value": "S1" },
                { "name": "location", "type": "point", "value": { "latitude": 1.5, "longitude": 2.5 } }
            ]
        })
        .to_string()
    }

    fn value(effects: &[Effect], name: &str) -> serde_json::Value {
        let element = published(&effects[0]);
        let attributes = element["attributes"].as_array().unwrap();
        attributes.iter().find(|attribute| attribute["name"] == name).unwrap()["value"].clone()
    }

    #[test]
    fn dummy_passes_on_what_it_got() {
        let effects = load(DUMMY).unwrap().notify(&element("A", "Sensor", "t", 7)).unwrap();
        assert_eq!((value(&effects, "t"), value(&effects, "source")), (7.into(), "A".into()));
    }

    #[test]
    fn counter_counts_updates_and_entities() {
        let script = load(COUNTER).unwrap();
        let counted = ["A", "B", "A"].map(|id| script.notify(&element(id, "Anomaly", "usage", 1)).unwrap());
        assert_eq!((value(&counted[2], "counter"), value(&counted[2], "entities")), (3.into(), 2.into()));
    }

    #[test]
    fn counter_goes_on_where_an_earlier_instance_stopped() {
        let script = load(COUNTER).unwrap();
        script.introduce("Task.1", r#"[{ "id": "Stat.1", "type": "Stat" }]"#).unwrap();
        let asked = script.notify(&element("A", "Anomaly", "usage", 1)).unwrap();
        let Effect::Query { id, request } = &asked[0] else { panic!("{asked:?}") };
        assert_eq!((request.entities[0].id.as_str(), request.entities[0].entity_type.as_str()), ("Stat.1", "Stat"));
        let output = r#"[{"entityId":{"id":"Stat.1","type":"Stat"},"attributes":[
            {"name":"counter","type":"integer","value":20},{"name":"entities","type":"integer","value":2}]}]"#;
        assert_eq!(script.answer(*id, Ok(output)).unwrap(), [], "A as it stands was counted before");
        let counted = ["B", "A", "C"].map(|id| script.notify(&element(id, "Anomaly", "usage", 1)).unwrap());
        assert_eq!(counted[0], [], "so was B");
        assert_eq!((value(&counted[1], "counter"), value(&counted[1], "entities")), (21.into(), 2.into()));
        assert_eq!((value(&counted[2], "counter"), value(&counted[2], "entities")), (22.into(), 3.into()));
    }

    #[test]
    fn anomaly_is_a_usage_above_the_rules_threshold() {
        let script = load(ANOMALY).unwrap();
        let panel = |usage| script.notify(&element("P", "PowerPanel", "usage", usage)).unwrap();
        let asked = panel(30);
        let Effect::Query { id, .. } = &asked[0] else { panic!("{asked:?}") };
        assert_eq!(script.answer(*id, Ok("[]")).unwrap(), []);
        let effects = panel(31);
        assert_eq!((value(&effects, "whichpanel"), value(&effects, "shop")), ("P".into(), "S1".into()));
        assert_eq!(published(&effects[0])["domainMetadata"][1]["type"], "point");
        assert_eq!(script.notify(&element("R", "Rule", "threshold", 50)).unwrap(), []);
        assert_eq!(panel(50), []);
    }

    #[test]
    fn anomaly_asks_for_the_rule_in_force_before_the_first_panel() {
        let script = load(ANOMALY).unwrap();
        let asked = script.notify(&element("P", "PowerPanel", "usage", 70)).unwrap();
        let Effect::Query { id, .. } = &asked[0] else { panic!("{asked:?}") };
        let rules = format!("[{}]", element("R", "Rule", "threshold", 80));
        assert_eq!(script.answer(*id, Ok(&rules)).unwrap(), []);
        assert_eq!(value(&script.notify(&element("P", "PowerPanel", "usage", 81)).unwrap(), "usage"), 81);
    }

    #[test]
    fn deleted_entity_leads_to_nothing() {
        let gone = r#"{"entityId":{"id":"A","type":"PowerPanel"},"attributes":[]}"#;
        for code in [ANOMALY, COUNTER, DUMMY] {
            assert_eq!(load(code).unwrap().notify(gone).unwrap(), []);
        }
    }
}
