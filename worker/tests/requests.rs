//! Requests of a designer over the bus: logs, restarts and try-outs.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::time::Duration;

use flow::{InstanceStatus, Message, WorkerOrder};
use serde_json::json;
use support::requests::{Designer, TaskLines, follow, restart, try_out};
use support::{Site, function, sensor};

/// Counts its calls, and says so.
const COUNTS: &str = "let n = 0; exports.handler = () => console.log('call', ++n);";

async fn site(data: &tempfile::TempDir) -> Site {
    Site::start(data.path(), json!({ "container_management": "function", "capacity": 3 })).await
}

async fn running(site: &mut Site, id: &str, code: &str) {
    site.command(Message::AddTask(function(id, 1, code))).await;
    site.reported(id, InstanceStatus::Running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn log_lease_gives_the_last_lines_then_new_ones_and_over_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let mut site = site(&data).await;
    running(&mut site, "t", COUNTS).await;
    site.notify("t", sensor(1)).await;
    let mut designer = Designer::of(&site);
    designer.ask(&site, "lease", follow("t", 30)).await;
    let first = designer.reply("lease").await;
    assert_eq!((first.lines, first.reset, first.last), (vec!["info: call 1".to_owned()], true, false));
    assert_eq!(first.worker.as_str(), support::WORKER);

    let mut seen = TaskLines::default();
    for number in 2..=40 {
        site.notify("t", sensor(number)).await;
    }
    seen.until(&mut designer, "lease", "call 40").await;
    let expected: Vec<String> = (2..=40).map(|number| format!("info: call {number}")).collect();
    assert_eq!(seen.lines, expected, "nothing is lost or doubled");

    designer.ask(&site, "again", restart("t")).await;
    let answer = designer.reply("again").await;
    assert_eq!((answer.last, answer.not_found, answer.problem.as_str()), (true, false, ""));
    site.reported("t", InstanceStatus::Running).await;
    site.notify_until_handled("t", sensor(41)).await;
    seen.until(&mut designer, "lease", "call 1").await;
    assert_eq!(seen.lines[39..], ["— started again —", "info: call 1"], "a new process with a state of its own");

    site.command(Message::RemoveTask(function("t", 2, ""))).await;
    let last = designer.last("lease").await;
    assert_eq!(last.problem, "the instance was removed");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn log_lease_ends_with_its_time_unless_it_is_renewed() {
    let data = tempfile::tempdir().unwrap();
    let mut site = site(&data).await;
    running(&mut site, "t", COUNTS).await;
    let mut designer = Designer::of(&site);
    for (id, seconds) in [("short", 1), ("ended", 60), ("renewed", 1), ("renewed", 60)] {
        designer.ask(&site, id, follow("t", seconds)).await;
    }
    for _ in 0..3 {
        assert!(designer.any().await.reset);
    }
    designer.ask(&site, "e", WorkerOrder::End("ended".into())).await;
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    site.notify("t", sensor(1)).await;
    let reply = designer.any().await;
    assert_eq!(
        (reply.id.as_str(), reply.reset, reply.lines.as_slice()),
        ("renewed", false, &["info: call 1".into()][..])
    );
    designer.nothing_for(Duration::from_millis(500)).await;
    designer.ask(&site, "short", follow("t", 1)).await;
    assert!(designer.reply("short").await.reset, "a late renewal begins anew");

    let stopping = tokio::spawn(site.stop());
    assert_eq!(designer.last("renewed").await.problem, "the worker stops");
    stopping.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn leases_are_bounded_in_number_and_say_so() {
    let data = tempfile::tempdir().unwrap();
    let mut site = site(&data).await;
    running(&mut site, "t", COUNTS).await;
    let mut designer = Designer::of(&site);
    for number in 0..32 {
        designer.ask(&site, &format!("lease {number}"), follow("t", 60)).await;
    }
    designer.ask(&site, "one more", follow("t", 60)).await;
    assert!(designer.last("one more").await.problem.contains("32 logs"));
    designer.ask(&site, "end", WorkerOrder::End("lease 7".into())).await;
    let granted = async {
        loop {
            designer.ask(&site, "now", follow("t", 60)).await;
            if designer.reply("now").await.reset {
                break;
            }
        }
    };
    tokio::time::timeout(support::WAIT, granted).await.unwrap();
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_come_too_fast_are_counted() {
    let data = tempfile::tempdir().unwrap();
    let mut site = site(&data).await;
    let flood =
        "exports.handler = () => { for (let n = 1; n <= 5000; n++) console.log('line', n); console.log('done'); };";
    running(&mut site, "t", flood).await;
    let mut designer = Designer::of(&site);
    designer.ask(&site, "lease", follow("t", 60)).await;
    assert!(designer.reply("lease").await.reset);
    site.notify("t", sensor(1)).await;
    let mut seen = TaskLines::default();
    seen.until(&mut designer, "lease", "done").await;
    let (notes, lines): (Vec<&String>, Vec<&String>) = seen.lines.iter().partition(|line| line.starts_with('…'));
    let lost: usize = notes.iter().filter_map(|note| note.split(' ').nth(1)?.parse::<usize>().ok()).sum();
    assert_eq!(lost + lines.len(), 5_001);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_instances_and_requests_are_refused() {
    let data = tempfile::tempdir().unwrap();
    let site = site(&data).await;
    let mut designer = Designer::of(&site);
    for (id, order) in [("a", follow("ghost", 10)), ("b", restart("ghost"))] {
        designer.ask(&site, id, order).await;
        let reply = designer.last(id).await;
        assert!(reply.not_found && reply.problem == "no such task instance", "{reply:?}");
    }
    designer.ask(&site, "c", WorkerOrder::Other).await;
    assert!(designer.last("c").await.problem.contains("does not know"));
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_instance_is_restarted_at_once_and_a_paused_one_is_not() {
    let data = tempfile::tempdir().unwrap();
    let mut site = site(&data).await;
    running(&mut site, "t", "exports.handler = () => { throw new Error('again'); };").await;
    for number in 0..3 {
        site.notify("t", sensor(number)).await;
    }
    site.reported("t", InstanceStatus::Failed).await;
    let mut designer = Designer::of(&site);
    designer.ask(&site, "r", restart("t")).await;
    assert_eq!(designer.last("r").await.problem, "");
    assert_eq!(site.reported("t", InstanceStatus::Running).await.generation, 1);
    let urgent = flow::TaskInstance { is_exclusive: true, priority_level: 9, ..function("high", 1, COUNTS) };
    site.command(Message::AddTask(urgent)).await;
    site.reported("t", InstanceStatus::Paused).await;
    designer.ask(&site, "p", restart("t")).await;
    let reply = designer.last("p").await;
    assert!(reply.problem.contains("paused") && !reply.not_found, "{reply:?}");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn function_is_tried_and_nothing_of_it_reaches_the_broker() {
    let data = tempfile::tempdir().unwrap();
    let site = site(&data).await;
    let mut designer = Designer::of(&site);
    let code = "exports.handler = (e, publish) => { console.log('hi'); publish({ attributes: { v: e.attributes.t.value } }); };";
    designer.ask(&site, "try", try_out(code)).await;
    let reply = designer.last("try").await;
    let tried = reply.tried.unwrap();
    assert_eq!((tried.error, tried.log, reply.problem.as_str()), (None, vec!["info: hi".to_owned()], ""));
    assert_eq!(tried.published[0].entity.id.as_str(), "Out.1");
    designer.ask(&site, "bad", try_out("exports.handler = () => {\n  oops;\n};")).await;
    let error = designer.last("bad").await.tried.unwrap().error.unwrap();
    assert_eq!(
        (error.message.as_str(), error.line, error.column.is_some()),
        ("ReferenceError: oops is not defined", Some(2), true)
    );
    assert!(site.broker_got("/ngsi10/updateContext").is_empty());
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_functions_are_tried_at_once_and_no_more() {
    let data = tempfile::tempdir().unwrap();
    let site = site(&data).await;
    let mut designer = Designer::of(&site);
    for id in ["1", "2", "3"] {
        designer.ask(&site, id, try_out("exports.handler = () => { for (;;) {} };")).await;
    }
    assert!(designer.last("3").await.problem.starts_with("busy"));
    for _ in 0..2 {
        let error = designer.any().await.tried.unwrap().error.unwrap();
        assert_eq!(error.message, "the call took longer than 1000 ms");
    }
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn log_is_followed_over_http_until_the_instance_is_removed() {
    let data = tempfile::tempdir().unwrap();
    let mut site = site(&data).await;
    running(&mut site, "t", COUNTS).await;
    site.notify("t", sensor(1)).await;
    let url = format!("{}/tasks/t/logs?follow=true", site.url);
    let (client, reading) = (site.node.client.clone(), url.clone());
    let stream = tokio::spawn(async move { client.get(&reading).await.unwrap() });
    tokio::time::sleep(Duration::from_millis(500)).await;
    site.notify("t", sensor(2)).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    site.command(Message::RemoveTask(function("t", 2, ""))).await;
    let answer = tokio::time::timeout(support::WAIT, stream).await.unwrap().unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let text = String::from_utf8_lossy(answer.body()).into_owned();
    assert!(text.starts_with("event: lines\ndata: {\"lines\":[\"info: call 1\""), "{text}");
    assert_eq!((text.matches("info: call 2").count(), text.matches("\"reset\":true").count()), (1, 1), "{text}");
    assert!(text.ends_with("event: end\ndata: {\"reason\":\"the instance was removed\"}\n\n"), "{text}");
    assert_eq!(site.node.client.get(&url).await.unwrap().status(), 404);
    site.stop().await;
}
