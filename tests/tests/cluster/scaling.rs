use system_tests::cluster::{Cluster, Release};

use crate::operators::counter;

/// As many workers as there are task instances for, and none when there are none.
#[tokio::test(flavor = "multi_thread")]
async fn waiting_instances_bring_a_worker_up_from_zero() -> anyhow::Result<()> {
    let Some(cluster) = Cluster::from_env().await? else { return Ok(()) };
    if !cluster.has_group("keda.sh") {
        return Ok(());
    }
    let keda = [
        "--set",
        "worker.keda.enabled=true",
        "--set",
        "worker.keda.minReplicaCount=0",
        "--set",
        "worker.keda.maxReplicaCount=2",
        "--set",
        "worker.keda.pollingInterval=2",
        "--set",
        "worker.keda.cooldownPeriod=5",
    ];
    let release = Release::cloud(&cluster, "fogflow-k", &keda)?;
    let workers = async |count: usize| {
        release
            .until("the workers are as many as needed", async || {
                match release.pods("app.kubernetes.io/component=worker").len() {
                    found if found == count => Ok(()),
                    found => Err(format!("{found} workers")),
                }
            })
            .await
    };
    workers(0).await?;
    let intent = release.run_for_each("Room", &counter()).await?;
    release.sense(&release.url, "Room", "Room1", 1.0).await?;
    release.running(&intent, 1).await?;
    workers(1).await?;
    release.withdraw(&intent).await?;
    workers(0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn busy_services_are_scaled_by_their_processors_time() -> anyhow::Result<()> {
    let Some(cluster) = Cluster::from_env().await? else { return Ok(()) };
    if !cluster.has_group("metrics.k8s.io") {
        return Ok(());
    }
    // A target that an idle nginx passes: what is looked at is that the autoscaler can measure and scale.
    let scaled = [
        "--set",
        "nginx.autoscaling.enabled=true",
        "--set",
        "nginx.autoscaling.minReplicas=1",
        "--set",
        "nginx.autoscaling.maxReplicas=2",
        "--set",
        "nginx.autoscaling.targetCPUUtilizationPercentage=1",
        "--set",
        "nginx.resources.requests.cpu=1m",
    ];
    let release = Release::cloud(&cluster, "fogflow-h", &scaled)?;
    release
        .until("there are two nginx", async || {
            for value in 0..20 {
                let sensed = release.sense(&release.url, "Room", "Room1", f64::from(value)).await;
                sensed.map_err(|error| error.to_string())?;
            }
            match release.pods("app.kubernetes.io/component=nginx").len() {
                2 => Ok(()),
                count => Err(format!("{count} nginx; {}", release.kubectl(&["get", "hpa"]).unwrap_or_default())),
            }
        })
        .await
}
