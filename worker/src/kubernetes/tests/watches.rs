use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use flow::TaskId;
use http::Method;
use serde_json::{Value, json};
use tasks::{Event, Run};
use tokio::time::timeout;

use super::readings::{pod, status};
use super::server::{Answer, Call, cluster, engine};
use crate::kubernetes::state::Tracked;
use crate::kubernetes::view::PodView;
use crate::kubernetes::watch;

const SOON: Duration = Duration::from_secs(20);

fn list(items: &[Value]) -> Answer {
    (200, json!({ "apiVersion": "v1", "kind": "List", "metadata": { "resourceVersion": "1" }, "items": items }))
}

fn gone() -> Answer {
    let status =
        json!({ "kind": "Status", "status": "Failure", "reason": "Expired", "code": 410, "message": "too old" });
    (200, json!(format!("{}\n", json!({ "type": "ERROR", "object": status }))))
}

/// Two lists of pods, the second one after a watch that was too old.
fn pods_that_change(first: Value, second: Value) -> impl Fn(&Call) -> Answer + Clone + Send + 'static {
    let lists = Arc::new(AtomicU32::new(0));
    move |call: &Call| {
        if call.is(&Method::GET, "/log") {
            return (200, json!(["Segmentation fault"]));
        }
        let is_watch = call.target.contains("watch=");
        if !call.target.contains("/pods") {
            return if is_watch { (200, json!("")) } else { list(&[]) };
        }
        match (is_watch, lists.load(Ordering::Relaxed)) {
            (true, 1) => gone(),
            (true, _) => (200, json!("")),
            (false, 0) => {
                lists.store(1, Ordering::Relaxed);
                list(std::slice::from_ref(&first))
            }
            (false, _) => {
                lists.store(2, Ordering::Relaxed);
                list(std::slice::from_ref(&second))
            }
        }
    }
}

#[tokio::test]
async fn what_happened_while_a_watch_was_too_old_is_noticed() {
    let running = json!({ "running": {} });
    let before = pod("p1", &status(true, 0, &running, &json!({})));
    let ended = json!({ "terminated": { "reason": "Error", "exitCode": 139 } });
    let after = pod("p1", &status(false, 1, &json!({ "waiting": { "reason": "CrashLoopBackOff" } }), &ended));
    let lives = PodView::of(&before).unwrap().incarnation();
    let (cluster, _) = cluster(pods_that_change(json!(before), json!(after)));
    let (engine, mut told) = engine(cluster);
    let task = TaskId::from("Task.a");
    let tracked = Tracked::new("task-a".into(), Run(3), lives, "http://task-a".into());
    engine.state.track(&task, tracked);
    let watching = engine.clone();
    let driver = tokio::spawn(async move { watch::run(&watching).await });
    assert_eq!(timeout(SOON, told.recv()).await.unwrap(), Some(Event::Retry));
    let Some(Event::Exited { task: ended, run, reason }) = timeout(SOON, told.recv()).await.unwrap() else {
        panic!("the end of the container was not noticed")
    };
    assert_eq!((ended, run), (task, Run(3)));
    assert!(reason.contains("exit code 139") && reason.contains("Segmentation fault"), "{reason}");
    driver.abort();
}

#[tokio::test]
async fn a_right_to_watch_that_lacks_is_why_nothing_starts() {
    let (cluster, _) = cluster(|_| super::server::refusal(403, "Forbidden", "pods is forbidden: cannot list"));
    let (engine, _told) = engine(cluster);
    let watching = engine.clone();
    let driver = tokio::spawn(async move { watch::run(&watching).await });
    let problem = timeout(SOON, async {
        loop {
            let error = engine.run(&super::server::instance(), Run(1)).await.unwrap_err();
            if error.reason.contains("forbidden") {
                return error.reason;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(problem.await.unwrap().contains("cannot list"));
    driver.abort();
}
