//! `fogflow check` against a running system.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use testkit::{DEADLINE, Fogflow, wait_until};

/// A system whose worker runs functions only. The designer passes the broker's calls on, as nginx does.
async fn system() -> (Fogflow, String) {
    let config = json!({
        "site_id": "test", "bind_ip": "127.0.0.1",
        "discovery": { "http_port": 0 }, "broker": { "http_port": 0 },
        "master": { "rest_api_port": 0, "ngsi_agent_port": 0 },
        "designer": { "webSrvPort": 0, "agentPort": 0 },
        "worker": { "container_management": "function" },
    });
    let fogflow = Fogflow::start(&["up"], &config).await.unwrap();
    let url = fogflow.url("designer").unwrap();
    (fogflow, url)
}

fn begin(url: &str, args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fogflow"));
    command.args(["check", "--url", url]).args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

async fn check(url: &str, args: &[&str]) -> Output {
    let child = begin(url, args);
    tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

async fn get(url: &str) -> Value {
    let answer = service::http::Client::new(None).get(url).await.unwrap();
    serde_json::from_slice(answer.body()).unwrap()
}

/// What the system holds: operators, fog functions, entities.
async fn held(url: &str) -> [usize; 3] {
    let everything = json!({ "entities": [{ "id": ".*", "isPattern": true }] });
    let client = service::http::Client::new(None);
    let answer = client.post_json(&format!("{url}/ngsi10/queryContext"), &[], &everything).await.unwrap();
    let entities: Value = serde_json::from_slice(answer.body()).unwrap();
    let count = |value: &Value| value.as_object().map_or(0, serde_json::Map::len);
    let designed = [get(&format!("{url}/operator")).await, get(&format!("{url}/fogfunction")).await];
    [count(&designed[0]), count(&designed[1]), entities["contextResponses"].as_array().unwrap().len()]
}

#[tokio::test]
async fn a_system_that_works_passes_and_is_left_as_it_was() {
    let (_fogflow, url) = system().await;
    let output = check(&url, &[]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("a task instance runs on Worker.test"), "{}", said(&output));
    assert_eq!(held(&url).await, [0, 0, 0]);
    let output = check(&format!("{url}/"), &["--keep"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(held(&url).await, [1, 1, 2]);
}

#[tokio::test]
async fn a_failure_says_why_and_leaves_nothing() {
    let (_fogflow, url) = system().await;
    let output = check(&url, &["--operator-image", "fogflow/dummy:1", "--timeout", "2s"]).await;
    assert_eq!(output.status.code(), Some(1));
    let said = said(&output);
    assert!(said.contains("Worker.test has no engine for this operator") && said.contains("/info/worker"), "{said}");
    assert_eq!(held(&url).await, [0, 0, 0]);
}

#[tokio::test]
async fn a_signal_ends_the_check_and_what_it_made() {
    let (_fogflow, url) = system().await;
    let child = begin(&url, &["--operator-image", "fogflow/dummy:1"]);
    wait_until(DEADLINE, "the check waits", async || (held(&url).await == [1, 1, 1]).then_some(())).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("stopped by a signal"), "{}", said(&output));
    assert_eq!(held(&url).await, [0, 0, 0]);
}

#[tokio::test]
async fn an_address_that_leads_nowhere_is_a_failure() {
    let output = check("http://127.0.0.1:9", &["--timeout", "1s"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("designer's page"), "{}", said(&output));
    for url in ["localhost", "ftp://localhost", "http://", "http://localhost?x"] {
        let output = check(url, &[]).await;
        assert_eq!(output.status.code(), Some(1), "{url}");
        assert!(said(&output).contains("--url"), "{}", said(&output));
    }
}
