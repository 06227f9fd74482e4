//! What Kubernetes shows, and what is thought of it.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};

use crate::kubernetes::diagnosis::{self, Assessment};
use crate::kubernetes::view::{DeploymentView, PodView};

pub(super) fn pod(uid: &str, status: &Value) -> Pod {
    serde_json::from_value(json!({
        "metadata": {
            "uid": uid, "name": format!("task-{uid}"), "creationTimestamp": "2026-01-01T00:00:00Z",
            "labels": { "app.kubernetes.io/instance": "task-a" }, "annotations": { "fogflow.io/program": "1" }
        },
        "spec": { "nodeName": "node2", "containers": [] },
        "status": status
    }))
    .unwrap()
}

/// The status of a pod whose container is in that state.
pub(super) fn status(ready: bool, restarts: i32, state: &Value, last_state: &Value) -> Value {
    json!({
        "phase": "Running",
        "conditions": [{ "type": "Ready", "status": if ready { "True" } else { "False" } }],
        "containerStatuses": [{
            "name": "task", "image": "", "imageID": "", "ready": ready,
            "restartCount": restarts, "state": state, "lastState": last_state
        }]
    })
}

fn reason_of(status: &Value) -> String {
    let view = PodView::of(&pod("1", status)).unwrap();
    match diagnosis::assess(None, Some(&view)) {
        Assessment::Trouble(trouble) => trouble.reason,
        other => format!("{other:?}"),
    }
}

#[test]
fn trouble_is_told_with_its_reason() {
    let none = json!({});
    let waiting = |reason: &str, message: &str| json!({ "waiting": { "reason": reason, "message": message } });
    let ended = |reason: &str, code: i32| json!({ "terminated": { "reason": reason, "exitCode": code } });
    let no_node = json!({ "phase": "Pending", "conditions": [
        { "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available" }
    ] });
    let cases = [
        (status(false, 0, &waiting("ContainerCreating", ""), &none), "Pending"),
        (status(false, 0, &waiting("ImagePullBackOff", "Back-off pulling image \"x\""), &none), "pulling image"),
        (status(false, 0, &waiting("ErrImageNeverPull", "not present"), &none), "ErrImageNeverPull: not present"),
        (
            status(false, 0, &waiting("CreateContainerConfigError", "secret \"keys\" not found"), &none),
            "\"keys\" not found",
        ),
        (status(false, 4, &waiting("CrashLoopBackOff", ""), &ended("OOMKilled", 137)), "out of memory"),
        (status(false, 4, &waiting("CrashLoopBackOff", ""), &ended("Error", 3)), "exit code 3"),
        (no_node, "0/3 nodes are available"),
    ];
    for (status, expected) in cases {
        let reason = reason_of(&status);
        assert!(reason.contains(expected), "{reason} does not say {expected}");
    }
}

#[test]
fn a_quota_or_policy_that_refuses_pods_is_told() {
    let deployment: Deployment = serde_json::from_value(json!({
        "metadata": { "name": "task-a", "uid": "u" },
        "status": { "conditions": [{
            "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
            "message": "pods \"task-a-1\" is forbidden: exceeded quota: small"
        }] }
    }))
    .unwrap();
    let view = DeploymentView::of(&deployment).unwrap();
    let Assessment::Trouble(trouble) = diagnosis::assess(Some(&view), None) else { panic!("no trouble") };
    assert!(trouble.permanent && trouble.reason.contains("exceeded quota"), "{trouble:?}");
}

#[test]
fn why_a_pod_was_taken_away_is_told() {
    let running = json!({ "running": {} });
    let lived = PodView::of(&pod("1", &status(true, 0, &running, &json!({})))).unwrap().incarnation();
    let mut evicted = status(true, 0, &running, &json!({}));
    evicted["conditions"] = json!([
        { "type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI", "message": "Eviction API: evicting" }
    ]);
    let starved = json!({ "phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory." });
    let killed = json!({ "terminated": { "reason": "OOMKilled", "exitCode": 137 } });
    let cases = [
        (evicted, "EvictionByEvictionAPI"),
        (starved, "low on resource: memory"),
        (status(false, 1, &running, &killed), "out of memory"),
        (status(false, 0, &killed, &json!({})), "exit code 137"),
    ];
    for (status, expected) in cases {
        let view = PodView::of(&pod("1", &status)).unwrap();
        let reason = diagnosis::why_ended(Some(&view), &lived);
        assert!(reason.contains(expected), "{reason} does not say {expected}");
    }
    assert_eq!(diagnosis::why_ended(None, &lived), "the pod was deleted");
}

#[test]
fn the_newest_usable_pod_of_the_program_counts() {
    let running = json!({ "running": {} });
    let view = |uid: &str, created: &str| PodView {
        created: created.into(),
        ..PodView::of(&pod(uid, &status(true, 0, &running, &json!({})))).unwrap()
    };
    let pods = [
        view("old", "1"),
        view("new", "2"),
        PodView { deleting: true, ..view("deleting", "3") },
        PodView { finished: true, ..view("finished", "4") },
        PodView { program: "2".into(), ..view("another", "5") },
    ];
    assert_eq!(diagnosis::current(pods.iter(), "1").unwrap().uid, "new");
}
