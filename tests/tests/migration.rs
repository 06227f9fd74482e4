//! An input moves, and its task instance follows it without losing what it has written.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::time::Duration;

use serde_json::{Value, json};
use system_tests::{Part, Place, System, Workers, anomaly, panel};
use testkit::wait_until;

const PLACES: [Place; 2] = [("north", 60.0, 10.0), ("south", 40.0, 10.0)];
const PATIENCE: Duration = Duration::from_secs(60);

fn counting() -> Value {
    json!({ "name": "counting", "description": "", "tasks": [{
        "name": "Counter", "operator": "counter",
        "input_streams": [{ "selected_type": "PowerPanel", "selected_attributes": [], "groupby": "ALL", "scoped": false }],
        "output_streams": [{ "entity_type": "Stat" }],
    }] })
}

/// What the counter has written, as one client after the other sees it.
async fn counted(system: &System) -> Option<i64> {
    let found = system.api.query_type(&system.url(Part::Broker(0)), "Stat").await.ok()?;
    let attributes = found.first()?["attributes"].as_array()?;
    attributes.iter().find(|attribute| attribute["name"] == "counter")?["value"].as_i64()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_follows_its_input_and_goes_on_counting() {
    let system = System::start(&PLACES, 1, Workers::Function).await.unwrap();
    let broker = system.url(Part::Broker(0));
    system.submit(&anomaly::functions(), &counting(), &anomaly::everywhere()).await.unwrap();
    let report = async |usage: f64, latitude: f64| {
        system.api.update(&broker, &panel("p1", usage, latitude, 10.0)).await.unwrap();
    };
    report(0.0, 60.0).await;
    system.wait_placed("Counter", &[1, 0]).await;
    wait_until(PATIENCE, "the first update is counted", async || counted(&system).await).await;
    for usage in 1..20 {
        report(f64::from(usage), 60.0).await;
        let all = i64::from(usage) + 1;
        wait_until(PATIENCE, "it is counted", async || counted(&system).await.filter(|count| *count == all)).await;
    }

    report(20.0, 40.0).await;
    let mut last = 20;
    let moved = async {
        loop {
            let now = counted(&system).await.expect("the output stays");
            assert!(now >= last, "{now} after {last}");
            last = now;
            if system.running().await.iter().any(|(worker, _)| *worker == 1) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, moved).await.expect("the instance follows its input");
    system.wait_placed("Counter", &[0, 1]).await;
    assert!(counted(&system).await.expect("the output stays") >= last);
    report(21.0, 40.0).await;
    report(22.0, 40.0).await;
    wait_until(PATIENCE, "counting goes on", async || counted(&system).await.filter(|count| *count > last)).await;
}
