//! The real program: its start, its lines, its errors and its end.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::net::TcpListener;
use std::process::{Command, Output};

use serde_json::{Value, json};
use testkit::{DEADLINE, Fogflow, wait_until};

const SERVICES: [&str; 5] = ["discovery", "broker", "master", "worker", "designer"];

/// Every port is of the system's choice.
fn config() -> Value {
    json!({
        "site_id": "test",
        "bind_ip": "127.0.0.1",
        "discovery": { "http_port": 0 },
        "broker": { "http_port": 0 },
        "master": { "rest_api_port": 0, "ngsi_agent_port": 0 },
        "designer": { "webSrvPort": 0, "agentPort": 0 },
        "worker": { "container_management": "function" },
    })
}

/// Runs the program to its end.
fn run(args: &[&str], config: &Value) -> Output {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("config.json"), config.to_string()).unwrap();
    Command::new(env!("CARGO_BIN_EXE_fogflow")).args(args).current_dir(directory.path()).output().unwrap()
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

async fn ready(fogflow: &Fogflow, service: &str) -> bool {
    let url = fogflow.url(service).unwrap();
    let client = service::http::Client::new(None);
    client.get(&format!("{url}/readyz")).await.is_ok_and(|answer| answer.status() == 200)
}

#[tokio::test]
async fn up_starts_every_service_and_ends_in_order() {
    let mut fogflow = Fogflow::start(&["up"], &config()).await.unwrap();
    for service in SERVICES {
        wait_until(DEADLINE, service, async || ready(&fogflow, service).await.then_some(())).await;
    }
    assert!(fogflow.output().contains("all ready in "), "{}", fogflow.output());
    let status = fogflow.terminate(DEADLINE).await.unwrap();
    assert_eq!(status.code(), Some(0), "{}", fogflow.log());
    assert!(!fogflow.log().contains("WARN") && !fogflow.log().contains("ERROR"), "{}", fogflow.log());
}

#[tokio::test]
async fn up_starts_again_after_a_kill() {
    let mut fogflow = Fogflow::start(&["up"], &config()).await.unwrap();
    for _ in 0..3 {
        fogflow.kill();
        fogflow.resume().await.unwrap();
    }
    assert_eq!(fogflow.terminate(DEADLINE).await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn a_service_runs_alone() {
    for service in ["discovery", "broker"] {
        let mut fogflow = Fogflow::start(&[service, "-i", "2"], &config()).await.unwrap();
        assert!(ready(&fogflow, service).await || service == "broker", "{service}");
        assert!(fogflow.data_dir().join(format!("{service}.2")).is_dir());
        assert_eq!(fogflow.terminate(DEADLINE).await.unwrap().code(), Some(0), "{service}");
    }
}

#[test]
fn a_taken_port_is_named_with_its_key() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = config();
    config["broker"]["http_port"] = taken.local_addr().unwrap().port().into();
    for command in ["up", "broker"] {
        let output = run(&[command, "-f", "config.json"], &config);
        assert_eq!(output.status.code(), Some(1));
        let complaint = complaint(&output);
        assert!(complaint.contains("broker.http_port") && complaint.contains("in use"), "{complaint}");
    }
}

#[test]
fn a_bad_configuration_is_named_by_its_key() {
    let mut config = config();
    config["worker"]["capacity"] = "many".into();
    let output = run(&["up", "-f", "config.json"], &config);
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("`worker.capacity`"), "{}", complaint(&output));
    let output = run(&["broker", "-f", "nowhere.json"], &config);
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("nowhere.json"), "{}", complaint(&output));
    let mut config = self::config();
    config["https"] = json!({ "enabled": true, "my_certificate": "/nowhere/c.pem", "my_key": "/nowhere/k.pem", "my_ca": "/nowhere/ca.pem" });
    let output = run(&["broker", "-f", "config.json"], &config);
    assert_eq!(output.status.code(), Some(1));
    let complaint = complaint(&output);
    assert!(complaint.contains("`https.my_ca`") && complaint.contains("/nowhere/ca.pem"), "{complaint}");
}

#[test]
fn a_bad_command_line_exits_with_2() {
    for args in [&["nothing"][..], &["broker", "-i", "0"], &["up", "--bogus"], &[]] {
        assert_eq!(run(args, &config()).status.code(), Some(2), "{args:?}");
    }
}

#[tokio::test]
async fn a_pod_is_the_instance_and_the_host_it_is_told() {
    let environment = [("FOGFLOW_INSTANCE", "fogflow-broker-2"), ("FOGFLOW_HOST", "pod.fog.svc")];
    let fogflow = Fogflow::start_with(&["broker"], &config(), &environment).await.unwrap();
    assert!(fogflow.data_dir().join("broker.3").is_dir());
    let refused = Fogflow::start_with(&["broker"], &config(), &[("FOGFLOW_HOST", "http://pod")]).await.unwrap_err();
    assert!(refused.to_string().contains("FOGFLOW_HOST"), "{refused}");
}

#[tokio::test]
async fn a_probe_tells_an_answer_from_a_failure() {
    let fogflow = Fogflow::start(&["discovery"], &config()).await.unwrap();
    let url = fogflow.url("discovery").unwrap();
    let output = run(&["probe", &format!("{url}/healthz")], &config());
    assert_eq!((output.status.code(), complaint(&output).as_str()), (Some(0), ""));
    let failures = [
        (format!("{url}/nowhere"), "404"),
        ("http://127.0.0.1:9/".to_owned(), "cannot connect"),
        ("127.0.0.1".to_owned(), "http://"),
    ];
    for (url, expected) in failures {
        let output = run(&["probe", &url], &config());
        let complaint = complaint(&output);
        assert_eq!(output.status.code(), Some(1), "{url}");
        assert!(complaint.contains(expected) && complaint.lines().count() == 1, "{complaint}");
    }
}

#[test]
fn a_probe_waits_three_seconds_at_most() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let output = run(&["probe", &url], &config());
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("no answer within 3s"), "{}", complaint(&output));
}

#[tokio::test]
async fn two_processes_do_not_share_a_data_directory() {
    let fogflow = Fogflow::start(&["up"], &config()).await.unwrap();
    let data_dir = fogflow.data_dir();
    let output = run(&["up", "-f", "config.json", "--data-dir", data_dir.to_str().unwrap()], &config());
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("data_dir"), "{}", complaint(&output));
}
