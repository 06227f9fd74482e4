use anyhow::ensure;
use system_tests::cluster::{Cluster, Release};

use crate::operators::counter;

/// Data and running tasks outlive a change of values, its rollback, and even an uninstall as far as the docs say.
#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_and_its_rollback_keep_data_and_tasks() -> anyhow::Result<()> {
    let Some(cluster) = Cluster::from_env().await? else { return Ok(()) };
    let release = Release::cloud(&cluster, "fogflow-u", &[])?;
    let intent = release.run_for_each("Room", &counter()).await?;
    release.sense(&release.url, "Room", "Room1", 1.0).await?;
    release.running(&intent, 1).await?;
    let pod = release.task_pods()[0]["metadata"]["uid"].clone();
    let password = release.kubectl(&["get", "secret", "fogflow-u-rabbitmq", "-o", "jsonpath={.data.password}"])?;

    release.upgrade(&["--set", "worker.capacity=7", "--set", "logging.format=text"])?;
    release.running(&intent, 1).await?;
    let workers = release.api.get(&format!("{}/info/worker", release.url)).await.unwrap_or_default();
    ensure!(workers[0]["capacity"] == 7, "{workers}");
    release.sense(&release.url, "Room", "Room1", 2.0).await?;
    release.counted("counterResult", 2).await?;

    cluster.helm(&["rollback", "fogflow-u", "1", "-n", "fogflow-u", "--wait", "--timeout", "4m"])?;
    release.running(&intent, 1).await?;
    release.sense(&release.url, "Room", "Room1", 3.0).await?;
    release.counted("counterResult", 3).await?;
    ensure!(release.task_pods()[0]["metadata"]["uid"] == pod, "the task was started again");
    let kept = release.kubectl(&["get", "secret", "fogflow-u-rabbitmq", "-o", "jsonpath={.data.password}"])?;
    ensure!(kept == password, "the password has changed");

    cluster.helm(&["uninstall", "fogflow-u", "-n", "fogflow-u", "--wait"])?;
    release
        .until("only volumes and the password are left", async || {
            let kinds = "deploy,sts,pods,svc,cm,secrets,pvc,sa,roles,rolebindings,networkpolicies,pdb";
            let left = release.kubectl(&["get", kinds, "-o", "name"]).unwrap_or_default();
            let unexpected = |line: &&str| {
                let known = ["persistentvolumeclaim/data-fogflow-u-", "secret/fogflow-u-rabbitmq"];
                let clusters_own = ["configmap/kube-root-ca.crt", "serviceaccount/default"];
                !known.iter().any(|known| line.starts_with(known)) && !clusters_own.contains(line)
            };
            let unexpected: Vec<&str> = left.lines().filter(unexpected).collect();
            if unexpected.is_empty() { Ok(()) } else { Err(unexpected.join(" ")) }
        })
        .await
}
