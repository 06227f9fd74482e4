use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use http::Method;
use serde_json::json;
use tokio::time::timeout;

use super::server::{cluster, refusal};
use crate::logs::LogItem;

const OUTPUT: &str =
    "2026-05-04T03:02:01.100000000Z one\n2026-05-04T03:02:01.200000000Z two\n2026-05-04T03:02:02.000000000Z three\n";

async fn texts(items: BoxStream<'static, LogItem>, count: usize) -> Vec<String> {
    let texts = items.take(count).map(|item| match item {
        LogItem::Line { text, .. } => text,
        other => panic!("not a line: {other:?}"),
    });
    timeout(Duration::from_secs(20), texts.collect()).await.unwrap()
}

#[tokio::test]
async fn lines_of_a_pod_come_while_it_goes_on_writing() {
    let (cluster, calls) = cluster(|_| (200, json!(OUTPUT)));
    let items = cluster.follow_log("p1", true, None).await.unwrap();
    assert_eq!(texts(items, 3).await, ["one", "two", "three"]);
    let calls = calls.lock();
    assert!(calls[0].is(&Method::GET, "/namespaces/apps/pods/p1/log?"), "{calls:?}");
    for parameter in ["follow=true", "timestamps=true", "tailLines=200"] {
        assert!(calls[0].target.contains(parameter), "{calls:?}");
    }
}

#[tokio::test]
async fn a_connection_that_broke_is_taken_up_after_the_last_line() {
    let (cluster, calls) = cluster(|_| (200, json!(OUTPUT)));
    let after = Some("2026-05-04T03:02:01.100000000Z");
    let items = cluster.follow_log("p1", false, after).await.unwrap();
    assert_eq!(texts(items, 2).await, ["two", "three"]);
    let calls = calls.lock();
    assert!(calls[0].target.contains("sinceTime=2026-05-04T03%3A02%3A01"), "{calls:?}");
    assert!(!calls[0].target.contains("tailLines"), "{calls:?}");
}

#[tokio::test]
async fn a_log_that_cannot_be_read_says_why() {
    let (cluster, _) =
        cluster(|_| refusal(400, "BadRequest", "container \"task\" is waiting to start: ContainerCreating"));
    let Err(error) = cluster.follow_log("p1", true, None).await else { panic!("there is a log") };
    assert!(error.to_string().contains("ContainerCreating"), "{error}");
}
