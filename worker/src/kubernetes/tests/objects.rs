use flow::{Parameter, TaskInstance};
use serde_json::json;

use super::server::{instance, settings};
use crate::kubernetes::objects::{Plan, owner};

fn with(parameters: &[(&str, &str)]) -> TaskInstance {
    let parameter = |(name, value): &(&str, &str)| Parameter { name: (*name).into(), value: (*value).into() };
    TaskInstance { parameters: parameters.iter().map(parameter).collect(), ..instance() }
}

#[test]
fn objects_of_an_instance() {
    let instance = TaskInstance {
        function_code: "exports.handler = 1".into(),
        ..with(&[
            ("memory_mb", "48"),
            ("cpus", "0.25"),
            ("service_port", "8080;9000"),
            ("node_selector", "disk=ssd"),
            ("tolerations", "gpu=yes:NoSchedule"),
            ("env", "MODE=fast"),
            ("env_from_secret", "keys"),
            ("mount_config_map", "models:/models"),
            ("run_as_user", "1000"),
        ])
    };
    let settings = settings();
    let plan = Plan::of(&instance, &settings).unwrap();
    let set = owner("StatefulSet", "fogflow-worker", "s1");
    let deployment = plan.deployment(&settings, Some(set), "[]".into(), Some("node2"));
    let of = owner("Deployment", &plan.name, "u1");
    let objects = json!([deployment, plan.service(&settings, of.clone()), plan.config_map(&settings, of)]);
    insta::assert_json_snapshot!(objects);
}

#[test]
fn hardware_is_added_to_every_alternative_of_a_given_affinity() {
    let given = json!({ "nodeAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": { "nodeSelectorTerms": [
        { "matchExpressions": [{ "key": "a", "operator": "Exists" }] },
        { "matchExpressions": [{ "key": "b", "operator": "Exists" }] }
    ] } } });
    let instance = with(&[("affinity", &given.to_string())]);
    let settings = settings();
    let deployment = Plan::of(&instance, &settings).unwrap().deployment(&settings, None, "[]".into(), None);
    let pod = serde_json::to_value(deployment.spec.unwrap().template.spec).unwrap();
    let node = &pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    for alternative in node["nodeSelectorTerms"].as_array().unwrap() {
        assert_eq!(alternative["matchExpressions"].as_array().unwrap().len(), 3);
    }
}

#[test]
fn code_that_no_config_map_holds_is_refused() {
    let instance = TaskInstance { function_code: "x".repeat(2_000_000), ..instance() };
    assert!(Plan::of(&instance, &settings()).err().unwrap().contains("function code"));
}
