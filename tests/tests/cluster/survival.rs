use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, ensure};
use serde_json::Value;
use system_tests::cluster::{Cluster, Release};

use crate::operators::counter;

/// Which pod each task instance has.
fn identities(release: &Release<'_>) -> BTreeMap<String, String> {
    let text = |pod: &Value, pointer: &str| pod.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let instance = "/metadata/labels/app.kubernetes.io~1instance";
    release.task_pods().iter().map(|pod| (text(pod, instance), text(pod, "/metadata/uid"))).collect()
}

async fn with_two_instances<'a>(
    cluster: &'a Cluster,
    name: &str,
    values: &[&str],
) -> anyhow::Result<(Release<'a>, String)> {
    let release = Release::cloud(cluster, name, values)?;
    let intent = release.run_for_each("Room", &counter()).await?;
    for room in ["Room1", "Room2"] {
        release.sense(&release.url, "Room", room, 1.0).await?;
    }
    release.running(&intent, 2).await?;
    Ok((release, intent))
}

/// Whichever service goes: what was acknowledged is there afterwards, and no task is started again.
#[tokio::test(flavor = "multi_thread")]
async fn tasks_run_on_while_each_service_is_replaced() -> anyhow::Result<()> {
    let Some(cluster) = Cluster::from_env().await? else { return Ok(()) };
    let (release, intent) = with_two_instances(&cluster, "fogflow-s", &[]).await?;
    let before = identities(&release);
    let mut value = 1;
    for service in ["worker", "master", "discovery", "broker", "designer", "rabbitmq"] {
        release.kubectl(&["delete", "pod", &format!("{}-{service}-0", release.prefix()), "--wait"])?;
        value += 1;
        release.sense(&release.url, "Room", "Room1", f64::from(value)).await?;
    }
    release.kubectl(&["delete", "pod", "-l", "app.kubernetes.io/component=nginx", "--wait"])?;
    release.ready().await?;
    release.sense(&release.url, "Room", "Room1", 100.0).await?;
    release.counted("counterResult", i64::from(value) + 1).await?;
    release.running(&intent, 2).await?;
    ensure!(identities(&release) == before, "a task was started again: {before:?} {:?}", identities(&release));
    // It also still takes commands.
    release.sense(&release.url, "Room", "Room3", 1.0).await?;
    release.running(&intent, 3).await.map(drop)
}

/// An urgent intent has the worker for itself; what waited for it goes on afterwards, and has missed nothing.
#[tokio::test(flavor = "multi_thread")]
async fn an_exclusive_intent_holds_the_pods_of_others() -> anyhow::Result<()> {
    let Some(cluster) = Cluster::from_env().await? else { return Ok(()) };
    let (release, intent) = with_two_instances(&cluster, "fogflow-x", &[]).await?;
    let urgent = serde_json::json!({ "priority": { "exclusive": true, "level": 100 } });
    release.sense(&release.url, "Alarm", "Alarm1", 1.0).await?;
    let alarm = release.run_with("Alarm", &crate::operators::operator("alarm", "counter", &[]), urgent).await?;
    release.running(&alarm, 1).await?;
    release
        .until("only the urgent instance has a pod", async || {
            let held = release.tasks(&intent).await.iter().filter(|task| task.status == "paused").count();
            match (release.task_pods().len(), held) {
                (1, 2) => Ok(()),
                found => Err(format!("(pods, held) = {found:?}")),
            }
        })
        .await?;
    release.sense(&release.url, "Room", "Room1", 2.0).await?;
    release.withdraw(&alarm).await?;
    release.running(&intent, 2).await?;
    // A pod that starts hears first how things stand, which its operator does not count: what came meanwhile may be in that.
    release.sense(&release.url, "Room", "Room1", 3.0).await?;
    release.counted("counterResult", 2).await
}

/// A worker that is lost and cannot start again: another one of its pool takes its running pods as they are.
#[tokio::test(flavor = "multi_thread")]
async fn running_pods_of_a_lost_worker_are_taken_over() -> anyhow::Result<()> {
    let Some(cluster) = Cluster::from_env().await? else { return Ok(()) };
    let two = ["--set", "worker.replicaCount=2", "--set", "worker.capacity=10", "--set", "worker.heartbeat_interval=2"];
    let (release, intent) = with_two_instances(&cluster, "fogflow-w", &two).await?;
    let before = identities(&release);
    let lost = release.tasks(&intent).await[0].worker.clone();
    let ordinal = usize::from(lost.ends_with(".2"));
    for node in cluster.nodes()? {
        cluster.kubectl(&["cordon", &node])?;
    }
    let pod = format!("{}-worker-{ordinal}", release.prefix());
    let taken = async {
        release.kubectl(&["delete", "pod", &pod, "--force", "--grace-period=0"])?;
        release
            .until("the other worker has both", async || {
                let tasks = release.tasks(&intent).await;
                let all = tasks.len() == 2 && tasks.iter().all(|task| task.worker != lost && task.status == "running");
                if all { Ok(()) } else { Err(format!("{tasks:?}")) }
            })
            .await?;
        release.sense(&release.url, "Room", "Room1", 2.0).await?;
        release.counted("counterResult", 2).await?;
        ensure!(identities(&release) == before, "a task was started again: {before:?} {:?}", identities(&release));
        Ok(())
    }
    .await;
    for node in cluster.nodes()? {
        cluster.kubectl(&["uncordon", &node])?;
    }
    taken?;
    release.ready().await?;
    release.running(&intent, 2).await?;
    ensure!(identities(&release) == before, "the worker that came back has restarted a task");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_leave_a_node_that_is_drained() -> anyhow::Result<()> {
    let Some(cluster) = Cluster::from_env().await? else { return Ok(()) };
    let (release, intent) = with_two_instances(&cluster, "fogflow-d", &[]).await?;
    let node = release.task_pods()[0]["spec"]["nodeName"].as_str().unwrap_or_default().to_owned();
    let drained = cluster.kubectl(&["drain", &node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=120s"]);
    let settled = async {
        drained?;
        release.ready().await?;
        release.running(&intent, 2).await?;
        release
            .until("no task is left on the node", async || {
                let left = release.task_pods().iter().filter(|pod| pod["spec"]["nodeName"] == node.as_str()).count();
                if left == 0 { Ok(()) } else { Err(format!("{left} pods")) }
            })
            .await?;
        release.sense(&release.url, "Room", "Room1", 5.0).await?;
        release.counted("counterResult", 2).await
    }
    .await;
    cluster.kubectl(&["uncordon", &node])?;
    settled
}

/// A node whose kubelet is gone takes its tasks along until Kubernetes gives it up; then they run elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn tasks_of_a_lost_node_run_elsewhere() -> anyhow::Result<()> {
    let Some(cluster) = Cluster::from_env().await? else { return Ok(()) };
    let Some(node) = StoppableNode::last(&cluster)? else { return Ok(()) };
    // The services stay where they are; only the tasks are on the node that goes.
    let elsewhere = format!(r"nodeSelector.kubernetes\.io/hostname={}", cluster.nodes()?[0]);
    let release = Release::cloud(
        &cluster,
        "fogflow-l",
        &[
            "--set",
            &elsewhere,
            "--set",
            "worker.tasks.nodeSelector.kubernetes\\.io/os=linux",
            "--set",
            "worker.tasks.notReadySeconds=5",
        ],
    )?;
    let selector = format!(
        r#"{{"nodeAffinity":{{"preferredDuringSchedulingIgnoredDuringExecution":[{{"weight":100,"preference":{{"matchExpressions":[{{"key":"kubernetes.io/hostname","operator":"In","values":["{}"]}}]}}}}]}}}}"#,
        node.name
    );
    let intent = release
        .run_for_each("Room", &crate::operators::operator("counter", "counter", &[("affinity", &selector)]))
        .await?;
    release.sense(&release.url, "Room", "Room1", 1.0).await?;
    release.running(&intent, 1).await?;
    ensure!(release.task_pods()[0]["spec"]["nodeName"] == node.name.as_str(), "{:?}", release.task_pods());
    node.signal("-STOP")?;
    let moved = async {
        release
            .until("the task runs on another node", async || {
                let pods = release.task_pods();
                let places: Vec<&Value> = pods.iter().map(|pod| &pod["spec"]["nodeName"]).collect();
                let moved = places.iter().any(|place| place.is_string() && **place != node.name.as_str());
                if moved { Ok(()) } else { Err(format!("{places:?}")) }
            })
            .await?;
        release.sense(&release.url, "Room", "Room1", 2.0).await?;
        release.counted("counterResult", 2).await?;
        release.running(&intent, 1).await.map(drop)
    }
    .await;
    node.signal("-CONT")?;
    release
        .until("the node is back", async || {
            match cluster.kubectl(&["wait", "--for=condition=Ready", "--timeout=1s", &format!("node/{}", node.name)]) {
                Ok(_) => Ok(()),
                Err(error) => Err(error.to_string()),
            }
        })
        .await?;
    moved
}

/// A node of a cluster on this machine, whose kubelet can be stopped: the file beside the kubeconfig lists its processes.
struct StoppableNode {
    name: String,
    kubelet: String,
}

impl StoppableNode {
    fn last(cluster: &Cluster) -> anyhow::Result<Option<Self>> {
        let name = cluster.nodes()?.pop().context("no node")?;
        let kubeconfig = std::env::var("KUBECONFIG")?;
        let listed = std::fs::read_to_string(Path::new(&kubeconfig).with_file_name("pids")).unwrap_or_default();
        let wanted = format!(" {name}-kubelet");
        let kubelet = listed.lines().find_map(|line| line.strip_suffix(&wanted)).map(str::to_owned);
        if kubelet.is_none() {
            eprintln!("skipped: the nodes of this cluster cannot be stopped from here");
        }
        Ok(kubelet.map(|kubelet| Self { name, kubelet }))
    }

    fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let status = std::process::Command::new("kill").args([signal, &self.kubelet]).status()?;
        ensure!(status.success(), "kill {signal} {}", self.kubelet);
        Ok(())
    }
}
