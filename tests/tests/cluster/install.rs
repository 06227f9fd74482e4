use anyhow::ensure;
use system_tests::cluster::{Cluster, Release};

use crate::operators::{counter, operator};

/// No value but the address: then a sensor's update through nginx becomes a task pod, on the node its operator asks
/// for and with the memory its intent grants.
#[tokio::test(flavor = "multi_thread")]
async fn an_installed_chart_works_at_once() -> anyhow::Result<()> {
    let Some(cluster) = Cluster::from_env().await? else { return Ok(()) };
    let release = Release::cloud(&cluster, "fogflow-a", &[])?;
    cluster.helm(&["test", "fogflow-a", "-n", "fogflow-a", "--logs", "--timeout", "4m"])?;

    let node = cluster.nodes()?.pop().unwrap_or_default();
    let selector = format!("kubernetes.io/hostname={node}");
    let placed = operator("placed", "counter", &[("node_selector", &selector), ("memory_mb", "64")]);
    let granted = serde_json::json!({ "parameters": [{ "name": "memory_mb", "value": "48" }] });
    let intent = release.run_with("Room", &placed, granted).await?;
    release.sense(&release.url, "Room", "Room1", 1.0).await?;
    release.running(&intent, 1).await?;
    release.sense(&release.url, "Room", "Room1", 2.0).await?;
    release.counted("placedResult", 2).await?;
    let pods = release.task_pods();
    ensure!(pods.len() == 1 && pods[0]["spec"]["nodeName"] == node.as_str(), "{pods:?}");
    ensure!(pods[0]["spec"]["containers"][0]["resources"]["limits"]["memory"] == "48Mi", "{pods:?}");

    release.withdraw(&intent).await?;
    release
        .until("nothing of the instance is left", async || {
            let left = release.kubectl(&[
                "get",
                "deploy,svc,cm,pods",
                "-l",
                "app.kubernetes.io/name=fogflow-task",
                "-o",
                "name",
            ]);
            match left.unwrap_or_default().trim() {
                "" => Ok(()),
                left => Err(left.to_owned()),
            }
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn many_masters_and_many_workers_share_the_instances() -> anyhow::Result<()> {
    let Some(cluster) = Cluster::from_env().await? else { return Ok(()) };
    let many = ["--set", "master.replicaCount=2", "--set", "worker.replicaCount=2", "--set", "worker.capacity=3"];
    let release = Release::cloud(&cluster, "fogflow-m", &many)?;
    let intent = release.run_for_each("Room", &counter()).await?;
    for room in 0..6 {
        release.sense(&release.url, "Room", &format!("Room{room}"), 1.0).await?;
    }
    let tasks = release.running(&intent, 6).await?;
    for worker in ["Worker.fogflow-m_fogflow-m", "Worker.fogflow-m_fogflow-m.2"] {
        ensure!(tasks.iter().filter(|task| task.worker == worker).count() == 3, "{tasks:?}");
    }

    // A worker that is scaled away takes nothing along: the other one may run three, the rest waits and says why.
    release.upgrade(&["--set", "worker.replicaCount=1"])?;
    release.trouble(&intent, &["is full"]).await?;
    release
        .until("three pods are left", async || match release.task_pods().len() {
            3 => Ok(()),
            count => Err(format!("{count} pods")),
        })
        .await?;
    release.upgrade(&["--set", "worker.replicaCount=2"])?;
    release.running(&intent, 6).await.map(drop)
}
