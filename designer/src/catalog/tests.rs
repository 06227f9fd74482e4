#![allow(clippy::unwrap_used)]

use flow::IntentAction;
use serde_json::{Value, json};

use super::{Catalog, Changes};
use crate::refusal::Refusal;

fn body(document: &Value) -> Vec<u8> {
    document.to_string().into_bytes()
}

fn applied(catalog: &mut Catalog, changes: Changes) -> Vec<(String, IntentAction)> {
    catalog.apply(changes.records).unwrap();
    changes.announcements.into_iter().map(|intent| (intent.topology, intent.action)).collect()
}

fn task(name: &str, input: &str, output: &str) -> Value {
    json!({ "name": name, "operator": "op", "input_streams": [{ "selected_type": input }],
            "output_streams": [{ "entity_type": output }] })
}

fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    let changes = catalog.put_operators(&body(&json!([{ "name": "op" }]))).unwrap();
    applied(&mut catalog, changes);
    let service = json!([{ "topology": { "name": "shop", "tasks": [task("count", "Panel", "Sum")] } }]);
    let changes = catalog.put_services(&body(&service)).unwrap();
    applied(&mut catalog, changes);
    catalog
}

/// The field a refusal names.
fn refused<T>(outcome: Result<T, Refusal>) -> String {
    match outcome {
        Err(Refusal::Invalid(error)) => error.path,
        Err(other) => other.to_string(),
        Ok(_) => "accepted".to_owned(),
    }
}

#[test]
fn bad_operators_are_refused_by_field() {
    let check = |document: Value, field: &str| {
        assert_eq!(refused(catalog().put_operators(&body(&document))), field, "{document}");
    };
    check(json!([{ "name": "" }]), "[0].name");
    check(json!({ "name": "" }), "name");
    check(json!([{}]), "[0].name");
    check(json!([{ "name": 7 }]), "[0].name");
    check(json!([{ "name": "a/b" }]), "[0].name");
    check(json!([{ "name": ".." }]), "[0].name");
    check(json!([{ "name": " a" }]), "[0].name");
    check(json!([{ "name": "a\nb" }]), "[0].name");
    check(json!([{ "name": "x".repeat(201) }]), "[0].name");
    check(json!([{ "name": "a" }, { "name": "a" }]), "[1].name");
    check(json!([{ "name": "a", "dockerimages": [{ "name": "" }] }]), "[0].dockerimages[0].name");
    check(json!([{ "name": "a", "parameters": [{ "name": "" }] }]), "[0].parameters[0].name");
    check(json!([7]), "[0]");
    check(json!("text"), "$");
    check(json!([{ "name": "a.b c-d:é_1", "dockerimages": null, "designboard": { "x": 1 } }]), "accepted");
}

#[test]
fn bad_topologies_are_refused_by_field() {
    let check = |tasks: Value, field: &str| {
        let document = json!([{ "topology": { "name": "t", "tasks": tasks }, "designboard": {} }]);
        assert_eq!(refused(catalog().put_services(&body(&document))), field, "{document}");
    };
    check(json!([]), "[0].topology.tasks");
    check(json!([{ "name": "a", "operator": "none" }]), "[0].topology.tasks[0].operator");
    check(json!([{ "name": "a" }]), "[0].topology.tasks[0].operator");
    check(json!([{ "name": "a", "operator": "op" }]), "[0].topology.tasks[0].input_streams");
    check(json!([task("a", "X", "Y"), task("a", "X", "Z")]), "[0].topology.tasks[1].name");
    check(json!([task("a", "", "Y")]), "[0].topology.tasks[0].input_streams[0].selected_type");
    check(json!([task("a", "X", "")]), "[0].topology.tasks[0].output_streams[0].entity_type");
    check(json!([task("a", "X", "X")]), "[0].topology.tasks[0].input_streams[0].selected_type");
    check(
        json!([task("in", "Panel", "A"), task("a", "X", "Y"), task("b", "Y", "X")]),
        "[0].topology.tasks[1].input_streams[0].selected_type",
    );
    let mut fed = task("a", "X", "Y");
    fed["input_streams"] = json!([{ "selected_type": "X" }, { "selected_type": "Panel", "groupby": "anything" }]);
    check(json!([fed, task("b", "Y", "X")]), "accepted");
    check(json!([task("b", "Y", "Z"), task("a", "X", "Y")]), "accepted");
    check(json!([{ "name": "a", "operator": "op", "input_streams": 1 }]), "[0].topology.tasks[0].input_streams");
}

#[test]
fn bad_intents_are_refused_by_field() {
    let check = |intent: Value, field: &str| {
        assert_eq!(refused(catalog().put_intent(&body(&intent), "ServiceIntent.1")), field, "{intent}");
    };
    check(json!({ "topology": "none" }), "topology");
    check(json!({ "id": "x" }), "topology");
    check(json!({ "topology": "shop", "id": "a b/c" }), "id");
    check(json!({ "topology": "shop", "stype": "FAST" }), "stype");
    check(json!({ "topology": "shop", "priority": { "level": "high" } }), "priority.level");
    check(json!({ "topology": "shop", "geoscope": { "scopeType": "moon" } }), "geoscope.scopeType");
    let circle = json!({ "centerLatitude": 91, "centerLongitude": 0, "radius": 1 });
    let scope = json!({ "scopeType": "circle", "scopeValue": circle });
    check(json!({ "topology": "shop", "geoscope": scope }), "geoscope.scopeValue.centerLatitude");
    check(json!({ "topology": "shop", "action": "anything", "TopologyObject": 7 }), "accepted");
    let global = json!({ "scopeType": "global", "scopeValue": "global" });
    check(json!({ "topology": "shop", "parameters": [{ "name": "cpus" }, { "name": "" }] }), "parameters[1].name");
    check(json!({ "topology": "shop", "parameters": [{ "name": "cpus", "value": 1 }] }), "parameters[0].value");
    check(json!({ "topology": "shop", "parameters": null }), "accepted");
    check(json!({ "topology": "shop", "geoscope": global, "qos": null, "stype": "ASYN" }), "accepted");
}

#[test]
fn bad_fog_functions_are_refused_by_field() {
    let check = |function: Value, field: &str| {
        let outcome = catalog().put_fog_functions(&body(&json!([function])), || "ServiceIntent.1".to_owned());
        assert_eq!(refused(outcome), field, "{function}");
    };
    let topology = json!({ "tasks": [task("a", "X", "Y")] });
    check(json!({ "name": "f" }), "[0].topology");
    check(json!({ "name": "shop", "topology": topology }), "[0].name");
    check(json!({ "name": "f", "topology": topology, "intent": { "topology": "g" } }), "[0].intent.topology");
    check(json!({ "name": "f", "topology": topology, "intent": 7 }), "[0].intent");
    check(json!({ "name": "f", "topology": topology, "status": "asleep" }), "[0].status");
    check(json!({ "name": "f", "topology": { "name": "g", "tasks": [] } }), "[0].topology.name");
    check(json!({ "name": "f", "topology": { "tasks": [] } }), "[0].topology.tasks");
    check(json!({ "name": "f", "topology": topology }), "accepted");
}

#[test]
fn what_is_needed_by_others_cannot_be_deleted() {
    let mut catalog = catalog();
    assert_eq!(refused(catalog.delete_operator("op")), "operator `op` is used by topology `shop`");
    let intent = json!({ "id": "ServiceIntent.1", "topology": "shop" });
    let (changes, _) = catalog.put_intent(&body(&intent), "unused").unwrap();
    applied(&mut catalog, changes);
    let problem = "service `shop` is wanted by intent `ServiceIntent.1`: delete that first";
    assert_eq!(refused(catalog.delete_service("shop")), problem);
    let changes = catalog.delete_intent("ServiceIntent.1").unwrap();
    assert_eq!(applied(&mut catalog, changes), [("shop".to_owned(), IntentAction::Delete)]);
    let changes = catalog.delete_service("shop").unwrap();
    applied(&mut catalog, changes);
    assert!(catalog.delete_operator("op").is_ok());
}

#[test]
fn a_change_of_an_operator_or_service_reaches_the_intents_on_it() {
    let mut catalog = catalog();
    let (changes, stored) = catalog.put_intent(br#"{"topology":"shop"}"#, "ServiceIntent.1").unwrap();
    assert_eq!(stored["id"], "ServiceIntent.1");
    assert_eq!(applied(&mut catalog, changes), [("shop".to_owned(), IntentAction::Add)]);
    let updated = [("shop".to_owned(), IntentAction::Update)];
    let changes = catalog.add_image("op", br#"{"name":"counter","tag":"1"}"#).unwrap();
    assert_eq!(applied(&mut catalog, changes), updated);
    let service = json!({ "topology": { "name": "shop", "tasks": [task("count", "Panel", "Total")] } });
    let changes = catalog.put_services(&body(&service)).unwrap();
    assert_eq!(applied(&mut catalog, changes), updated);
    let (changes, _) = catalog.put_intent(br#"{"id":"ServiceIntent.1","topology":"shop"}"#, "unused").unwrap();
    assert_eq!(applied(&mut catalog, changes), updated);
}

#[test]
fn a_fog_function_is_announced_when_switched() {
    let mut catalog = catalog();
    let function = json!({ "name": "f", "topology": { "tasks": [task("a", "X", "Y")] } });
    let actions = |changes: Changes, catalog: &mut Catalog| {
        applied(catalog, changes).into_iter().map(|(_, action)| action).collect::<Vec<_>>()
    };
    let changes = catalog.put_fog_functions(&body(&function), || "ServiceIntent.1".to_owned()).unwrap();
    assert_eq!(actions(changes, &mut catalog), [IntentAction::Add]);
    let changes = catalog.put_fog_functions(&body(&function), || "ServiceIntent.2".to_owned()).unwrap();
    assert_eq!(changes.announcements[0].id, "ServiceIntent.1", "the intent is kept");
    assert_eq!(actions(changes, &mut catalog), [IntentAction::Update]);
    let (changes, _) = catalog.switch_fog_function("f", flow::FogFunctionStatus::Disabled).unwrap();
    assert_eq!(actions(changes, &mut catalog), [IntentAction::Delete]);
    assert!(catalog.withdrawn.contains_key("ServiceIntent.1"));
    let (changes, _) = catalog.switch_fog_function("f", flow::FogFunctionStatus::Enabled).unwrap();
    assert_eq!(actions(changes, &mut catalog), [IntentAction::Add]);
    assert!(catalog.withdrawn.is_empty());
    let changes = catalog.delete_fog_function("f").unwrap();
    assert_eq!(actions(changes, &mut catalog), [IntentAction::Delete]);
    assert!(catalog.topology("f").is_none());
}

#[test]
fn only_the_latest_withdrawals_are_remembered() {
    let mut catalog = catalog();
    for number in 0..super::MAX_WITHDRAWN + 10 {
        let intent = json!({ "id": format!("ServiceIntent.{number}"), "topology": "shop" });
        let (changes, _) = catalog.put_intent(&body(&intent), "unused").unwrap();
        applied(&mut catalog, changes);
        let changes = catalog.delete_intent(&format!("ServiceIntent.{number}")).unwrap();
        applied(&mut catalog, changes);
    }
    assert_eq!(catalog.withdrawn.len(), super::MAX_WITHDRAWN);
    assert!(!catalog.withdrawn.contains_key("ServiceIntent.9") && catalog.withdrawn.contains_key("ServiceIntent.10"));
}
