use http::Method;
use serde_json::{Value, json};

use super::server::{Answer, Call, cluster, engine, instance, refusal, settings};
use crate::kubernetes::claim::Claim;
use crate::kubernetes::objects::Plan;

/// The Deployment as an earlier worker left it.
fn existing(worker: &str, generation: u64, program: &str) -> Value {
    let instance = instance();
    let plan = Plan::of(&instance, &settings()).unwrap();
    json!({
        "metadata": {
            "name": plan.name, "uid": "u1", "labels": { "fogflow.io/pool": "fogflow-worker" },
            "annotations": {
                "fogflow.io/task-id": instance.id, "fogflow.io/worker-id": worker, "fogflow.io/fed": "pod/0",
                "fogflow.io/generation": generation.to_string(), "fogflow.io/program": program
            }
        },
        "spec": { "selector": {}, "template": {} }
    })
}

fn program() -> String {
    tasks::program_fingerprint(&instance()).to_string()
}

/// Answers as if the Deployment were there, and takes every change.
fn with(deployment: Option<Value>) -> impl Fn(&Call) -> Answer + Clone + Send + 'static {
    move |call| match (&call.method, &deployment) {
        (&Method::GET, _) if call.target.contains("statefulsets") => (200, json!({ "metadata": { "uid": "s1" } })),
        (&Method::GET, Some(deployment)) => (200, deployment.clone()),
        (&Method::GET, None) => refusal(404, "NotFound", "not found"),
        _ => (200, json!({ "metadata": { "name": "x", "uid": "u2" } })),
    }
}

#[tokio::test]
async fn an_instance_is_made_with_its_service_and_owners() {
    let (cluster, calls) = cluster(with(None));
    let (engine, _told) = engine(cluster);
    let instance = flow::TaskInstance { function_code: "exports.handler = 1".into(), ..instance() };
    let plan = Plan::of(&instance, &engine.settings).unwrap();
    assert!(matches!(engine.claim(&plan).await, Ok(Claim::Made)));
    let calls = calls.lock();
    let written: Vec<&Call> = calls.iter().filter(|call| call.method == Method::PATCH).collect();
    let [deployment, code, service] = written.as_slice() else { panic!("{written:?}") };
    assert!(deployment.target.contains("fieldManager=fogflow-worker") && deployment.target.contains("force=true"));
    // Tasks in another namespace cannot be owned by the worker's StatefulSet.
    assert_eq!(deployment.body["metadata"].get("ownerReferences"), None);
    for part in [code, service] {
        assert_eq!(part.body["metadata"]["ownerReferences"][0]["uid"], "u2");
    }
    assert_eq!(code.body["data"]["function.js"], "exports.handler = 1");
}

#[tokio::test]
async fn the_pod_of_a_lost_worker_is_taken_over_untouched() {
    let (cluster, calls) = cluster(with(Some(existing("Worker.shop", 6, &program()))));
    let (engine, _told) = engine(cluster);
    let instance = instance();
    let plan = Plan::of(&instance, &engine.settings).unwrap();
    let Ok(Claim::Found { fed }) = engine.claim(&plan).await else { panic!("not found") };
    assert_eq!(fed, "pod/0");
    let calls = calls.lock();
    let change = calls.iter().find(|call| call.is(&Method::PATCH, "/deployments/")).unwrap();
    assert_eq!(change.body["metadata"]["annotations"]["fogflow.io/worker-id"], "Worker.shop.2");
    assert_eq!(change.body["spec"], json!({ "replicas": 1 }));
}

#[tokio::test]
async fn a_worker_that_was_away_does_not_take_back_what_was_moved() {
    let (cluster, calls) = cluster(with(Some(existing("Worker.shop", 8, &program()))));
    let (engine, _told) = engine(cluster);
    let instance = instance();
    let plan = Plan::of(&instance, &engine.settings).unwrap();
    let error = engine.claim(&plan).await.err().unwrap();
    assert!(!error.permanent && error.reason.contains("Worker.shop"), "{error:?}");
    engine.stop(&instance.id).await.unwrap();
    assert!(calls.lock().iter().all(|call| call.method == Method::GET));
}

#[tokio::test]
async fn another_program_replaces_the_pod() {
    let (cluster, calls) = cluster(with(Some(existing("Worker.shop.2", 6, "another"))));
    let (engine, _told) = engine(cluster);
    let instance = instance();
    let plan = Plan::of(&instance, &engine.settings).unwrap();
    assert!(matches!(engine.claim(&plan).await, Ok(Claim::Made)));
    let calls = calls.lock();
    let written = calls.iter().find(|call| call.is(&Method::PATCH, "/deployments/")).unwrap();
    let image = &written.body["spec"]["template"]["spec"]["containers"][0]["image"];
    assert_eq!(image, "fogflow/anomaly:1");
}

#[tokio::test]
async fn a_deployment_of_somebody_else_is_left_alone() {
    let mut foreign = existing("Worker.shop.2", 6, &program());
    foreign["metadata"]["labels"] = json!({});
    let (cluster, calls) = cluster(with(Some(foreign)));
    let (engine, _told) = engine(cluster);
    let instance = instance();
    let plan = Plan::of(&instance, &engine.settings).unwrap();
    assert!(engine.claim(&plan).await.err().unwrap().permanent);
    engine.stop(&instance.id).await.unwrap();
    assert!(calls.lock().iter().all(|call| call.method == Method::GET));
}

#[tokio::test]
async fn a_worker_leaves_for_good_only_when_its_pod_is_no_longer_wanted() {
    let cases = [
        (json!({ "metadata": {}, "spec": { "replicas": 2 } }), false),
        (json!({ "metadata": {}, "spec": { "replicas": 1 } }), true),
        (json!({ "metadata": { "deletionTimestamp": "2026-01-01T00:00:00Z" }, "spec": { "replicas": 2 } }), true),
    ];
    for (mut set, expected) in cases {
        set["spec"]["selector"] = json!({});
        set["spec"]["template"] = json!({});
        let (cluster, _) = cluster(move |_| (200, set.clone()));
        assert_eq!(engine(cluster).0.leaves_for_good().await, expected);
    }
    let (gone, _) = cluster(|_| refusal(404, "NotFound", "not found"));
    assert!(engine(gone).0.leaves_for_good().await);
    let (silent, _) = cluster(|_| refusal(403, "Forbidden", "forbidden"));
    assert!(!engine(silent).0.leaves_for_good().await);
}
