//! Containers of a real Docker engine over three workers and two brokers.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::collections::BTreeMap;
use std::time::Duration;

use http::Method;
use system_tests::{Part, Place, System, Workers, anomaly, build_images, panel, rule};
use testkit::{Docker, Receiver, wait_until};

const PLACES: [Place; 3] = [("north", 60.0, 10.0), ("middle", 50.0, 10.0), ("south", 40.0, 10.0)];
const PATIENCE: Duration = Duration::from_secs(90);

/// Task id to container id, of the containers that run; `None` while one stops whose successor runs already.
fn containers(docker: &Docker) -> Option<BTreeMap<String, String>> {
    let listed =
        docker.run(&["ps", "--filter", "label=fogflow.task", "--format", "{{.Label \"fogflow.task\"}} {{.ID}}"]);
    let mut containers = BTreeMap::new();
    for line in listed.unwrap().lines() {
        let (task, id) = line.split_once(' ').unwrap();
        if containers.insert(task.to_owned(), id.to_owned()).is_some() {
            return None;
        }
    }
    Some(containers)
}

async fn anomaly_of(results: &Receiver, system: &System, panel_id: &str, latitude: f64, broker: &str) {
    let mut usage = 1_000.0;
    wait_until(PATIENCE, &format!("an anomaly of {panel_id}"), async || {
        usage += 1.0;
        system.api.update(broker, &panel(panel_id, usage, latitude, 10.0)).await.ok()?;
        tokio::time::sleep(Duration::from_millis(100)).await;
        results.received().iter().any(|r| r.json().to_string().contains(&format!("\"{panel_id}\""))).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn containers_run_where_their_panels_are_and_outlive_their_worker() {
    let docker = Docker::shared().await.unwrap();
    build_images(docker).unwrap();
    let mut system = System::start(&PLACES, 2, Workers::Docker).await.unwrap();
    let (cloud, edge) = (system.url(Part::Broker(0)), system.url(Part::Broker(1)));
    let results = Receiver::start().await.unwrap();
    system.api.subscribe_reliably(&cloud, "Anomaly", &results.url()).await.unwrap();
    let topology = anomaly::topology("containers");
    let intent = system.submit(&anomaly::containers(), &topology, &anomaly::everywhere()).await.unwrap();

    system.api.update(&cloud, &rule(50.0)).await.unwrap();
    for (id, latitude, broker) in [("p1", 60.1, &cloud), ("p2", 59.9, &edge), ("p3", 50.1, &edge), ("p4", 40.1, &cloud)]
    {
        system.api.update(broker, &panel(id, 10.0, latitude, 10.0)).await.unwrap();
    }
    system.wait_placed("Detector", &[2, 1, 1]).await;
    anomaly_of(&results, &system, "p1", 60.1, &cloud).await;
    anomaly_of(&results, &system, "p3", 50.1, &edge).await;
    wait_until(PATIENCE, "the counter's result", async || {
        (!system.api.query_type(&edge, "Stat").await.ok()?.is_empty()).then_some(())
    })
    .await;
    assert_eq!(containers(docker).unwrap().len(), 5, "four detectors and a counter");

    // A worker that is killed and comes back adopts its containers.
    let before = containers(docker).unwrap();
    system.process(Part::Worker(0)).kill();
    system.process(Part::Worker(0)).resume().await.unwrap();
    system.wait_placed("Detector", &[2, 1, 1]).await;
    assert_eq!(containers(docker).unwrap(), before, "no container was started again");

    // A container that dies is started again.
    let (task, victim) = before.iter().find(|(task, _)| task.contains("Detector")).unwrap();
    docker.run(&["kill", victim]).unwrap();
    wait_until(PATIENCE, "the killed container is replaced", async || {
        containers(docker)?.get(task).is_some_and(|id| id != victim).then_some(())
    })
    .await;
    results.take().clear();
    anomaly_of(&results, &system, "p4", 40.1, &cloud).await;

    // A panel that moves takes its detector along; one that goes ends it.
    system.api.update(&edge, &panel("p3", 10.0, 40.2, 10.0)).await.unwrap();
    system.wait_placed("Detector", &[2, 0, 2]).await;
    system.api.delete(&edge, "p2").await.unwrap();
    system.wait_placed("Detector", &[1, 0, 2]).await;

    // An intent that is withdrawn leaves nothing behind.
    let url = format!("{}/intent/{intent}", system.url(Part::Designer));
    assert_eq!(system.api.call(Method::DELETE, &url, "").await.unwrap().0, 200);
    wait_until(PATIENCE, "no container is left", async || containers(docker)?.is_empty().then_some(())).await;
    wait_until(PATIENCE, "no output is left", async || {
        let left =
            [system.api.query_type(&cloud, "Anomaly").await.ok()?, system.api.query_type(&cloud, "Stat").await.ok()?];
        left.iter().all(Vec::is_empty).then_some(())
    })
    .await;
}
