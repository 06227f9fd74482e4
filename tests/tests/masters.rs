//! Two masters over a real RabbitMQ: the active one is killed while panels report.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::collections::BTreeSet;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use system_tests::{Api, Part, Place, System, Workers, anomaly, panel, rule};
use testkit::{Fogflow, wait_until};
use tokio::task::JoinHandle;

const PLACES: [Place; 2] = [("north", 60.0, 10.0), ("south", 40.0, 10.0)];
const PATIENCE: Duration = Duration::from_secs(60);

/// Panels that report ten times a second.
fn reporting(api: Api, broker: String) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut usage = 1_000.0;
        loop {
            usage += 1.0;
            for (id, latitude) in [("p1", 60.1), ("p2", 59.9), ("p3", 40.1)] {
                api.update(&broker, &panel(id, usage, latitude, 10.0)).await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
}

/// How often the workers have started an instance.
async fn starts(system: &System) -> u64 {
    let client = service::http::Client::new(None);
    let mut sum = 0;
    for number in 0..PLACES.len() {
        let metrics = client.get(&format!("{}/metrics", system.url(Part::Worker(number)))).await.unwrap();
        let text = String::from_utf8(metrics.body().to_vec()).unwrap();
        let counts = text.lines().filter(|line| line.contains("worker_starts") && !line.starts_with('#'));
        sum += counts.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum::<u64>();
    }
    sum
}

async fn is(api: &Api, master: &str, role: &str) {
    wait_until(PATIENCE, &format!("{master} is {role}"), async || {
        (api.get(&format!("{master}/status")).await?["role"] == role).then_some(())
    })
    .await;
}

async fn demand(api: &Api, master: &str, running: usize) {
    let wanted = json!({ "instances": running, "waiting": 0, "running": running, "failed": 0 });
    wait_until(PATIENCE, &format!("{running} instances run"), async || {
        (api.get(&format!("{master}/demand")).await? == wanted).then_some(())
    })
    .await;
}

/// A detector for each panel, which has one place: none of them has a reason to migrate.
fn detectors() -> Value {
    let mut topology = anomaly::topology("anomaly-detection");
    topology["tasks"].as_array_mut().unwrap().truncate(1);
    topology
}

fn ids(running: &[(usize, String)]) -> BTreeSet<String> {
    running.iter().map(|(_, id)| id.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_takes_over_and_no_instance_is_started_again() {
    let mut system = System::start(&PLACES, 1, Workers::Function).await.unwrap();
    let (api, broker) = (system.api.clone(), system.url(Part::Broker(0)));
    let first = system.url(Part::Master);
    let topology = detectors();
    system.submit(&anomaly::functions(), &topology, &anomaly::everywhere()).await.unwrap();
    system.intend(&topology, &anomaly::everywhere()).await.unwrap();
    api.update(&broker, &rule(50.0)).await.unwrap();
    let panels = reporting(api.clone(), broker.clone());
    // For each of two intents three detectors.
    demand(&api, &first, 6).await;

    let mut config = system.config(0);
    config["master"] = json!({ "rest_api_port": 0, "ngsi_agent_port": 0 });
    let standby = Fogflow::start(&["master", "-i", "2"], &config).await.unwrap();
    let second = standby.url("master").unwrap();
    is(&api, &second, "standby").await;
    wait_until(PATIENCE, "the intents are copied", async || {
        (standby.log().matches("copied").count() >= 2).then_some(())
    })
    .await;
    let (status, _) = api.call(Method::GET, &format!("{second}/workers"), "").await.unwrap();
    assert_eq!(status, 307);

    eprintln!("── kill -9 of the active master");
    let (before, started) = (system.running().await, starts(&system).await);
    system.process(Part::Master).kill();
    let killed = std::time::Instant::now();
    is(&api, &second, "active").await;
    eprintln!("taken over after {:?}", killed.elapsed());
    demand(&api, &second, 6).await;
    eprintln!("all adopted after {:?}", killed.elapsed());
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(system.running().await, before);
    assert_eq!(starts(&system).await, started, "nothing was started again\n{}", standby.log());

    eprintln!("── the new one serves intents and entities");
    api.update(&broker, &panel("p4", 10.0, 40.2, 10.0)).await.unwrap();
    demand(&api, &second, 8).await;
    let third = system.intend(&topology, &anomaly::everywhere()).await.unwrap();
    demand(&api, &second, 12).await;
    assert!(ids(&before).is_subset(&ids(&system.running().await)));
    let shown = api.get(&format!("{}/info/master", system.url(Part::Designer))).await.unwrap();
    assert_eq!(shown[0]["id"], "Master.north.2");

    eprintln!("── the first one comes back and stands by");
    system.process(Part::Master).resume().await.unwrap();
    is(&api, &first, "standby").await;
    wait_until(PATIENCE, "the first knows the active one", async || {
        let (status, _) = api.call(Method::GET, &format!("{first}/demand"), "").await.ok()?;
        (status == 307).then_some(())
    })
    .await;
    let (_, tasks) =
        api.call(Method::GET, &format!("{}/info/task/{third}", system.url(Part::Designer)), "").await.unwrap();
    assert_eq!(tasks.as_array().map(Vec::len), Some(4), "{tasks}");

    eprintln!("── all connections to the bus are lost");
    let started = starts(&system).await;
    system.rabbitmq.control(&["close_all_connections", "test"]).unwrap();
    let active = wait_until(PATIENCE, "one of them is active", async || {
        let mut active = Vec::new();
        for master in [&first, &second] {
            let status: Value = api.get(&format!("{master}/status")).await?;
            active.extend((status["role"] == "active").then(|| master.clone()));
        }
        let [only] = &active[..] else { return None };
        (api.get(&format!("{only}/demand")).await?["running"] == 12).then(|| only.clone())
    })
    .await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(starts(&system).await, started, "nothing was started again");
    api.call(Method::DELETE, &format!("{}/intent/{third}", system.url(Part::Designer)), "").await.unwrap();
    demand(&api, &active, 8).await;
    panels.abort();
}
