//! Containers of a real Docker engine, from command to output, over crashes and misbehaviour.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use flow::{InstanceStatus, Message, Parameter, TaskInstance};
use serde_json::{Value, json};
use support::requests::{Designer, TaskLines, follow, restart};
use support::{Site, WAIT, accept_all, function, sensor};
use testkit::{Docker, Receiver, wait_until};
use tokio::sync::OnceCell;

/// The engine, with images of our operators and of a program that misbehaves.
async fn docker() -> &'static Docker {
    static READY: OnceCell<&'static Docker> = OnceCell::const_new();
    let docker = READY.get_or_init(async || {
        let docker = Docker::shared().await.unwrap();
        tokio::task::spawn_blocking(|| build_images(docker)).await.unwrap();
        docker
    });
    docker.await
}

fn build_images(docker: &Docker) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut script = Command::new(root.join("../deploy/build-images"));
    script.args(["--profile", "dev", "--operator-prefix", "fogflow/", "--tag", "test", "operators"]);
    assert!(script.env("DOCKER_HOST", docker.host()).status().unwrap().success());
    let context = tempfile::tempdir().unwrap();
    let program = context.path().join("misbehave");
    let source = root.join("tests/support/misbehave.rs");
    let compiled =
        Command::new("rustc").args(["-C", "target-feature=+crt-static", "-o"]).arg(&program).arg(source).status();
    assert!(compiled.unwrap().success());
    for (image, argument) in
        [("fogflow-test/exits", "exit"), ("fogflow-test/eats", "eat"), ("fogflow-test/talks", "talk")]
    {
        let file = format!("FROM scratch\nCOPY misbehave /misbehave\nENTRYPOINT [\"/misbehave\", \"{argument}\"]\n");
        std::fs::write(context.path().join("Dockerfile"), file).unwrap();
        docker.run(&["build", "--quiet", "--tag", image, context.path().to_str().unwrap()]).unwrap();
    }
}

/// A broker that containers reach too.
async fn broker() -> Receiver {
    let broker = Receiver::start_at(SocketAddr::from(([0, 0, 0, 0], 0))).await.unwrap();
    accept_all(&broker);
    broker
}

fn settings(docker: &Docker) -> Value {
    json!({ "container_management": "docker", "docker_host": docker.host() })
}

async fn site(docker: &Docker, name: &str, data: &Path) -> Site {
    Site::with_broker(data, name, settings(docker), broker().await).await
}

fn dummy(id: &str, generation: u64) -> TaskInstance {
    TaskInstance { docker_image: "fogflow/dummy:test".into(), ..function(id, generation, "") }
}

fn parameter(name: &str, value: &str) -> Parameter {
    Parameter { name: name.into(), value: value.into() }
}

/// The ids of the worker's containers.
fn containers(docker: &Docker, worker: &str) -> Vec<String> {
    let filter = format!("label=fogflow.worker={worker}");
    let listed = docker.run(&["ps", "--all", "--quiet", "--no-trunc", "--filter", &filter]).unwrap();
    listed.lines().map(str::to_owned).collect()
}

fn inspect(docker: &Docker, container: &str) -> Value {
    let text = docker.run(&["inspect", container]).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()[0].clone()
}

async fn none_left(docker: &Docker, worker: &str) {
    wait_until(WAIT, "no container is left", async || containers(docker, worker).is_empty().then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn container_from_command_to_output_to_removal() {
    let docker = docker().await;
    let data = tempfile::tempdir().unwrap();
    let mut site = site(docker, "whole", data.path()).await;
    let mut instance = dummy("Task.top.main.1", 1);
    instance.function_code = "exports.handler = null;".into();
    instance.parameters =
        vec![parameter("memory_mb", "64"), parameter("cpus", "0.5"), parameter("service_port", "8089")];
    site.command(Message::AddTask(instance.clone())).await;
    site.reported("Task.top.main.1", InstanceStatus::Running).await;

    let subscription = site.broker_gets("/ngsi10/subscribeContext", 1).await.remove(0);
    let reference = subscription["reference"].as_str().unwrap().to_owned();
    let port = reference.rsplit(':').next().unwrap().to_owned();
    assert_eq!(reference, format!("http://127.0.0.1:{port}"));

    let inspected = inspect(docker, &containers(docker, "Worker.whole")[0]);
    let environment: Vec<&str> =
        inspected["Config"]["Env"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(environment.contains(&format!("myport={port}").as_str()));
    let admin = environment.iter().find_map(|text| text.strip_prefix("adminCfg=")).unwrap();
    let admin: Value = serde_json::from_str(admin).unwrap();
    let broker_url = format!("http://{}:{}/ngsi10", docker.gateway().unwrap(), site.broker.address().port());
    let expected = json!([
        { "command": "CONNECT_BROKER", "brokerURL": broker_url },
        { "command": "SET_CORRELATORID", "correlatorID": "Task.top.main.1" },
        { "command": "SET_REFERENCE", "url": reference },
        { "command": "SET_OUTPUTS", "type": "Out", "id": "Out.1" },
    ]);
    assert_eq!(admin, expected);
    let host = &inspected["HostConfig"];
    assert_eq!((&host["Memory"], &host["NanoCpus"]), (&json!(64 * 1024 * 1024), &json!(500_000_000)));
    assert_eq!(host["Mounts"][0]["Target"], "/app/function.js");
    assert!(!inspected["Mounts"][0]["RW"].as_bool().unwrap());
    let updates = site.broker_gets("/ngsi10/updateContext", 1).await;
    assert_eq!(updates[0]["contextElements"][0]["entityId"]["id"], "uService.top.Task.top.main.1");

    let notification = json!({ "contextResponses": [{ "contextElement": sensor(5) }] });
    let url = format!("{reference}/notifyContext");
    let answer = site.node.client.post_json(&url, &[], &notification).await.unwrap();
    assert_eq!(
        answer.status(),
        200,
        "{:?} {:?}",
        answer,
        docker.run(&["logs", &containers(docker, "Worker.whole")[0]])
    );
    let output = site.broker_gets("/ngsi10/updateContext", 2).await.remove(1);
    assert_eq!(output["contextElements"][0]["entityId"]["id"], "Out.1");
    assert_eq!(output["contextElements"][0]["attributes"][0], json!({ "name": "t", "type": "integer", "value": 5 }));

    let logs = site.node.client.get(&format!("{}/tasks/Task.top.main.1/logs", site.url)).await.unwrap();
    assert!(String::from_utf8_lossy(logs.body()).contains("operator dummy listens on port"));

    site.command(Message::RemoveTask(dummy("Task.top.main.1", 2))).await;
    none_left(docker, "Worker.whole").await;
    let updates = site.broker_gets("/ngsi10/updateContext", 4).await;
    let deleted: Vec<&Value> =
        updates[2..].iter().map(|update| &update["contextElements"][0]["entityId"]["id"]).collect();
    assert!(
        deleted.contains(&&json!("Out.1")) && deleted.contains(&&json!("uService.top.Task.top.main.1")),
        "{deleted:?}"
    );
    assert_eq!(std::fs::read_dir(data.path().join("files/worker-code")).unwrap().count(), 0);
    site.stop().await;
}

/// Killed: nothing is said and nothing is ended. Needs runtimes of its own, which can be dropped with all that runs in them.
#[test]
fn killed_worker_adopts_what_runs_and_removes_orphans() {
    let outer = tokio::runtime::Runtime::new().unwrap();
    let docker = outer.block_on(docker());
    let data = tempfile::tempdir().unwrap();
    let address = outer.block_on(broker());

    let first_life = tokio::runtime::Runtime::new().unwrap();
    let port = address.address().port();
    let before = first_life.block_on(async {
        let mut site = Site::with_broker(data.path(), "killed", settings(docker), address).await;
        for id in ["stays", "other"] {
            site.command(Message::AddTask(dummy(id, 1))).await;
            site.reported(id, InstanceStatus::Running).await;
        }
        site.broker_gets("/ngsi10/subscribeContext", 2).await;
        containers(docker, "Worker.killed")
    });
    first_life.shutdown_timeout(std::time::Duration::from_secs(1));
    let orphan = ["--label", "fogflow.worker=Worker.killed", "--label", "fogflow.task=ghost"];
    docker.run(&[&["run", "--detach", "--env", "myport=9"][..], &orphan, &["fogflow/dummy:test"]].concat()).unwrap();
    let other = before.iter().find(|id| inspect(docker, id)["Config"]["Labels"]["fogflow.task"] == "other").unwrap();
    docker.run(&["rm", "--force", other]).unwrap();

    outer.block_on(async {
        let broker = Receiver::start_at(SocketAddr::from(([0, 0, 0, 0], port))).await.unwrap();
        accept_all(&broker);
        let mut site = Site::with_broker(data.path(), "killed", settings(docker), broker).await;
        for id in ["stays", "other"] {
            site.reported(id, InstanceStatus::Running).await;
        }
        let survivors = wait_until(WAIT, "the orphan is gone", async || {
            Some(containers(docker, "Worker.killed")).filter(|ids| ids.len() == 2)
        });
        let kept = survivors.await.into_iter().filter(|id| before.contains(id)).count();
        assert_eq!(kept, 1, "one was adopted, the lost one started anew");
        let subscribed = site.broker_gets("/ngsi10/subscribeContext", 1).await;
        assert_eq!(subscribed.len(), 1, "the adopted container keeps its subscription");
        site.stop().await;
        assert_eq!(containers(docker, "Worker.killed"), Vec::<String>::new());
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn log_of_a_container_is_followed_over_a_restart() {
    let docker = docker().await;
    let data = tempfile::tempdir().unwrap();
    let mut site = site(docker, "talks", data.path()).await;
    site.command(Message::AddTask(TaskInstance { docker_image: "fogflow-test/talks".into(), ..dummy("t", 1) })).await;
    site.reported("t", InstanceStatus::Running).await;
    let mut designer = Designer::of(&site);
    designer.ask(&site, "lease", follow("t", 60)).await;
    let mut seen = TaskLines::default();
    seen.until(&mut designer, "lease", "line 100").await;
    assert_whole(&seen.lines);
    designer.ask(&site, "again", restart("t")).await;
    assert_eq!(designer.last("again").await.problem, "");
    seen.lines.clear();
    seen.until(&mut designer, "lease", "started again —").await;
    seen.until(&mut designer, "lease", "line 20").await;
    let restarted = seen.lines.iter().position(|line| line == "— started again —").unwrap();
    let (before, after) = seen.lines.split_at(restarted);
    assert_whole(before);
    assert_whole(&after[1..]);
    assert_eq!(after[1], "line 1");

    site.command(Message::RemoveTask(dummy("t", 2))).await;
    assert_eq!(designer.last("lease").await.problem, "the instance was removed");
    none_left(docker, "Worker.talks").await;
    site.stop().await;
}

/// Every line of a talking container is there once.
fn assert_whole(lines: &[String]) {
    let numbers: Vec<usize> = lines.iter().map(|line| line.strip_prefix("line ").unwrap().parse().unwrap()).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn container_that_keeps_exiting_is_restarted_and_reported_with_the_reason() {
    let docker = docker().await;
    let data = tempfile::tempdir().unwrap();
    let mut site = site(docker, "exits", data.path()).await;
    site.command(Message::AddTask(TaskInstance { docker_image: "fogflow-test/exits".into(), ..dummy("t", 1) })).await;
    let report = site.reported("t", InstanceStatus::Failed).await;
    assert!(
        report.reason.contains("exit code 3") || report.reason.contains("ended before it listened"),
        "{}",
        report.reason
    );
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn container_that_eats_too_much_memory_is_reported_so() {
    let docker = docker().await;
    let data = tempfile::tempdir().unwrap();
    let mut site = site(docker, "eats", data.path()).await;
    let mut instance = TaskInstance { docker_image: "fogflow-test/eats".into(), ..dummy("t", 1) };
    instance.parameters = vec![parameter("memory_mb", "16")];
    site.command(Message::AddTask(instance)).await;
    let report = site.reported("t", InstanceStatus::Failed).await;
    assert!(report.reason.contains("out of memory, limit 16 MiB"), "{}", report.reason);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exclusive_task_pauses_the_container_of_another() {
    let docker = docker().await;
    let data = tempfile::tempdir().unwrap();
    let mut site = site(docker, "exclusive", data.path()).await;
    site.command(Message::AddTask(dummy("low", 1))).await;
    site.reported("low", InstanceStatus::Running).await;
    let container = containers(docker, "Worker.exclusive").remove(0);
    let urgent = TaskInstance { is_exclusive: true, priority_level: 9, ..dummy("high", 1) };
    site.command(Message::AddTask(urgent.clone())).await;
    site.reported("low", InstanceStatus::Paused).await;
    let paused = async |expected: bool| {
        wait_until(WAIT, "the container is held", async || {
            (inspect(docker, &container)["State"]["Paused"] == expected).then_some(())
        })
        .await;
    };
    paused(true).await;
    site.command(Message::RemoveTask(urgent)).await;
    site.reported("low", InstanceStatus::Running).await;
    paused(false).await;
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn image_that_cannot_be_fetched_is_reported_with_the_reason() {
    let docker = docker().await;
    let data = tempfile::tempdir().unwrap();
    let mut site = site(docker, "missing", data.path()).await;
    let image = "127.0.0.1:1/nothing:there";
    site.command(Message::AddTask(TaskInstance { docker_image: image.into(), ..dummy("t", 1) })).await;
    let report = site.reported("t", InstanceStatus::Failed).await;
    assert!(report.reason.contains("image 127.0.0.1:1/nothing:there cannot be fetched"), "{}", report.reason);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn worker_without_an_engine_says_so() {
    let data = tempfile::tempdir().unwrap();
    let worker = json!({ "container_management": "docker", "docker_host": "unix:///nonexistent/docker.sock" });
    let mut site = Site::start(data.path(), worker).await;
    assert_eq!(site.heartbeat().await.1.engines, [flow::Engine::Function]);
    site.command(Message::AddTask(dummy("t", 1))).await;
    let report = site.reported("t", InstanceStatus::Failed).await;
    assert!(report.reason.contains("Docker does not answer"), "{}", report.reason);
    site.stop().await;
}
