use anyhow::ensure;
use system_tests::cluster::{Cluster, Release};

use crate::operators::counter;

/// An edge node in a namespace of its own joins by the address of the cloud; what its sensors say is processed there.
#[tokio::test(flavor = "multi_thread")]
async fn an_edge_node_joins_the_cloud() -> anyhow::Result<()> {
    let Some(cluster) = Cluster::from_env().await? else { return Ok(()) };
    let place = |latitude: &str| {
        [
            "--set".to_owned(),
            format!("physical_location.latitude={latitude}"),
            "--set".to_owned(),
            "physical_location.longitude=8.7".to_owned(),
        ]
    };
    let far: Vec<String> = place("10").into();
    let far: Vec<&str> = far.iter().map(String::as_str).collect();
    let cloud = Release::cloud(&cluster, "fogflow-c", &far)?;
    let nodes = cluster.nodes()?;
    let node = nodes.last().cloned().unwrap_or_default();
    let selector = format!(r"worker.nodeSelector.kubernetes\.io/hostname={node}");
    let near: Vec<String> = place("49.4").into();
    let near: Vec<&str> =
        near.iter().map(String::as_str).chain(["--set", "site_id=shop-7", "--set", &selector]).collect();
    let edge = Release::edge(&cluster, "fogflow-e", &cloud, &near)?;

    let intent = cloud.run_for_each("Shelf", &counter()).await?;
    let place = r#"[{"name":"location","type":"point","value":{"latitude":49.4,"longitude":8.7}}]"#;
    let element = serde_json::json!({ "entityId": { "id": "Shelf1", "type": "Shelf" },
        "attributes": [{ "name": "value", "type": "float", "value": 1 }],
        "domainMetadata": serde_json::from_str::<serde_json::Value>(place)? });
    // A sensor at the edge speaks to the broker there, from inside the cluster.
    let broker = format!("http://{}-broker.{}.svc:8070", edge.prefix(), edge.namespace);
    let body = serde_json::json!({ "contextElements": [element], "updateAction": "UPDATE" });
    edge.post_from_inside(&format!("{broker}/ngsi10/updateContext"), &body)?;

    let tasks = cloud.running(&intent, 1).await?;
    ensure!(tasks[0].worker == "Worker.shop-7", "{tasks:?}");
    let pods = edge.task_pods();
    ensure!(pods.len() == 1 && pods[0]["spec"]["nodeName"] == node.as_str(), "{pods:?}");
    ensure!(cloud.task_pods().is_empty(), "a task runs in the cloud");
    // The result is at the edge, and read through the cloud.
    cloud.counted("counterResult", 1).await
}
