//! Every service is killed in turn, and the message bus stopped, while panels report.
//!
//! What must hold: no acknowledged update is lost, each reaches a reliable subscriber, every task instance runs where it
//! should, none twice, and results keep coming.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::cast_possible_truncation, missing_docs)]

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use system_tests::{Part, Place, System, Workers, anomaly, panel, rule};
use testkit::{Receiver, wait_until};

const PLACES: [Place; 3] = [("north", 60.0, 10.0), ("middle", 50.0, 10.0), ("south", 40.0, 10.0)];
const PATIENCE: Duration = Duration::from_secs(60);

/// Two panels near the first worker, one near each other worker; the number is the broker they report to.
const PANELS: [(&str, f64, usize); 4] = [("p1", 60.1, 0), ("p2", 59.9, 1), ("p3", 50.1, 1), ("p4", 40.1, 0)];
const PLACED: [usize; 3] = [2, 1, 1];

struct Story {
    system: System,
    panels: Receiver,
    anomalies: Receiver,
    acknowledged: BTreeSet<i64>,
    next: i64,
}

impl Story {
    async fn begin() -> Self {
        let system = System::start(&PLACES, 2, Workers::Function).await.unwrap();
        let (panels, anomalies) = (Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
        let (api, broker) = (system.api.clone(), system.url(Part::Broker(0)));
        api.subscribe_reliably(&broker, "PowerPanel", &panels.url()).await.unwrap();
        api.subscribe_reliably(&broker, "Anomaly", &anomalies.url()).await.unwrap();
        system
            .submit(&anomaly::functions(), &anomaly::topology("anomaly-detection"), &anomaly::everywhere())
            .await
            .unwrap();
        api.update(&broker, &rule(50.0)).await.unwrap();
        let mut story = Self { system, panels, anomalies, acknowledged: BTreeSet::new(), next: 1_000 };
        story.report().await;
        story.system.wait_placed("Detector", &PLACED).await;
        story
    }

    /// Each panel reports a usage never reported before; what is acknowledged is remembered.
    async fn report(&mut self) {
        for (id, latitude, broker) in PANELS {
            self.next += 1;
            let url = self.system.url(Part::Broker(broker));
            if self.system.api.update(&url, &panel(id, self.next as f64, latitude, 10.0)).await.is_ok() {
                self.acknowledged.insert(self.next);
            }
        }
    }

    async fn report_for(&mut self, duration: Duration) {
        let end = tokio::time::Instant::now() + duration;
        while tokio::time::Instant::now() < end {
            self.report().await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Kills a part while panels report, starts it again, and checks everything.
    async fn survives_the_death_of(&mut self, part: Part, absence: Duration) {
        eprintln!("── kill -9 of {part:?}");
        self.report_for(Duration::from_millis(300)).await;
        self.system.process(part).kill();
        self.report_for(absence).await;
        self.system.process(part).resume().await.unwrap();
        self.holds().await;
    }

    /// What must hold once everything is up again.
    async fn holds(&mut self) {
        self.report_for(Duration::from_millis(300)).await;
        self.system.wait_placed("Detector", &PLACED).await;
        wait_until(PATIENCE, "every acknowledged update reaches the subscriber", async || {
            self.acknowledged.is_subset(&usages(&self.panels)).then_some(())
        })
        .await;
        self.results_come().await;
        self.last_values_are_there().await;
    }

    /// A new usage above the threshold becomes an anomaly, for each panel.
    async fn results_come(&mut self) {
        drop(self.anomalies.take());
        for (id, ..) in PANELS {
            wait_until(PATIENCE, &format!("an anomaly of {id}"), async || {
                self.report().await;
                tokio::time::sleep(Duration::from_millis(100)).await;
                self.anomalies
                    .received()
                    .iter()
                    .any(|r| r.json().to_string().contains(&format!("\"{id}\"")))
                    .then_some(())
            })
            .await;
        }
    }

    async fn last_values_are_there(&mut self) {
        for (id, latitude, broker) in PANELS {
            self.next += 1;
            let (url, usage) = (self.system.url(Part::Broker(broker)), self.next);
            self.system.api.update(&url, &panel(id, usage as f64, latitude, 10.0)).await.unwrap();
            self.acknowledged.insert(usage);
            let other = self.system.url(Part::Broker(1 - broker));
            wait_until(PATIENCE, &format!("{id} is found from the other broker"), async || {
                let found = self.system.api.query_type(&other, "PowerPanel").await.ok()?;
                let element = found.iter().find(|element| element["entityId"]["id"] == id)?;
                (element["attributes"][0]["value"] == json!(usage as f64)).then_some(())
            })
            .await;
        }
    }
}

fn usages(receiver: &Receiver) -> BTreeSet<i64> {
    let mut usages = BTreeSet::new();
    for notification in receiver.received() {
        let body: Value = notification.json();
        for response in body["contextResponses"].as_array().into_iter().flatten() {
            for attribute in response["contextElement"]["attributes"].as_array().into_iter().flatten() {
                usages.extend(attribute["value"].as_f64().map(|usage| usage as i64));
            }
        }
    }
    usages
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_services_are_killed_and_the_bus_stops() {
    let mut story = Story::begin().await;
    story.holds().await;
    for part in [Part::Discovery, Part::Master, Part::Designer, Part::Broker(0), Part::Broker(1)] {
        story.survives_the_death_of(part, Duration::from_secs(1)).await;
    }
    // Long enough for the master to notice and to place its instances elsewhere.
    story.survives_the_death_of(Part::Worker(0), Duration::from_secs(6)).await;
    story.survives_the_death_of(Part::Worker(2), Duration::from_millis(500)).await;

    eprintln!("── the message bus stops");
    story.system.rabbitmq.stop().await.unwrap();
    story.report_for(Duration::from_secs(2)).await;
    story.system.rabbitmq.resume().await.unwrap();
    story.holds().await;
}

/// The subscriptions of task instances at a broker whose notifications lead to that URL.
async fn led_to(system: &System, broker: usize, url: &str) -> Vec<String> {
    let all = format!("{}/ngsi10/subscription?statistics=true", system.url(Part::Broker(broker)));
    let all = system.api.get(&all).await.unwrap();
    let leads =
        |entry: &Value| entry["request"]["reference"].as_str().is_some_and(|reference| reference.starts_with(url));
    let found = all.as_object().unwrap().iter().filter(|(_, entry)| leads(entry));
    found.map(|(_, entry)| entry["correlator"].as_str().unwrap().to_owned()).collect()
}

/// Half a minute until its receiver counts as lost, and two looks of the other worker, which are half a minute apart.
const GOES: Duration = Duration::from_secs(240);

#[tokio::test(flavor = "multi_thread")]
async fn what_fed_an_instance_on_a_worker_that_is_lost_for_good_ends() {
    let mut system = System::start(&PLACES[..2], 2, Workers::Function).await.unwrap();
    let (api, broker) = (system.api.clone(), system.url(Part::Broker(0)));
    system.submit(&anomaly::functions(), &anomaly::topology("lost"), &anomaly::everywhere()).await.unwrap();
    api.update(&broker, &rule(50.0)).await.unwrap();
    api.update(&broker, &panel("p1", 1.0, 60.1, 10.0)).await.unwrap();
    system.wait_placed("Detector", &[1, 0]).await;
    let lost = system.url(Part::Worker(0));
    wait_until(PATIENCE, "it is fed", async || (!led_to(&system, 0, &lost).await.is_empty()).then_some(())).await;
    system.process(Part::Worker(0)).kill();
    wait_until(PATIENCE, "it runs elsewhere", async || {
        system.running().await.iter().any(|(worker, _)| *worker == 1).then_some(())
    })
    .await;
    let mut usage = 1.0;
    wait_until(GOES, "what fed it before ends", async || {
        usage += 1.0;
        // What is not due to be sent cannot fail, and stays.
        api.update(&broker, &panel("p1", usage, 60.1, 10.0)).await.unwrap();
        api.update(&broker, &rule(50.0 + usage)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        led_to(&system, 0, &lost).await.is_empty().then_some(())
    })
    .await;
    let now = system.url(Part::Worker(1));
    let feeds = [led_to(&system, 0, &now).await, led_to(&system, 1, &now).await].concat();
    assert_eq!(feeds.len(), 2, "the inputs of the instance where it runs now: {feeds:?}");
}
