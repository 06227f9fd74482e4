use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use http::Method;
use serde_json::json;

use super::server::{cluster, refusal};
use crate::engine::StartError;

#[tokio::test]
async fn a_busy_api_server_is_asked_again() {
    let asked = Arc::new(AtomicU32::new(0));
    let (cluster, _) = cluster(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => refusal(429, "TooManyRequests", "too many requests"),
        1 => refusal(503, "ServiceUnavailable", "not now"),
        _ => (200, json!({ "metadata": { "name": "a", "uid": "1" } })),
    });
    assert!(cluster.deployment("a").await.unwrap().is_some());
}

#[tokio::test]
async fn a_deployment_that_is_another_one_or_gone_counts_as_deleted() {
    for (code, reason) in [(404, "NotFound"), (409, "Conflict")] {
        let (cluster, calls) = cluster(move |_| refusal(code, reason, "the UID in the precondition does not match"));
        cluster.delete("a", "1").await.unwrap();
        let calls = calls.lock();
        assert!(calls[0].is(&Method::DELETE, "/namespaces/apps/deployments/a"));
        assert_eq!(calls[0].body["preconditions"]["uid"], "1");
        assert_eq!(calls[0].body["propagationPolicy"], "Foreground");
    }
}

#[tokio::test]
async fn a_missing_right_is_told_in_the_api_servers_words_and_not_tried_again_soon() {
    let message = "deployments.apps \"a\" is forbidden: User \"system:serviceaccount:site:worker\" cannot get resource";
    let (cluster, _) = cluster(move |_| refusal(403, "Forbidden", message));
    let error = StartError::from(cluster.deployment("a").await.unwrap_err());
    assert!(error.permanent && error.reason.contains(message), "{error:?}");
}

#[tokio::test]
async fn an_api_server_that_is_away_may_come_back() {
    let (cluster, _) = cluster(|_| refusal(500, "InternalError", "etcd leader changed"));
    assert!(!StartError::from(cluster.deployment("a").await.unwrap_err()).permanent);
}
