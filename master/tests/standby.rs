//! Several masters on one bus.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::time::Duration;

use flow::{IntentAction, Message, ServiceIntent, TaskInstance, routing};
use serde_json::json;
use support::{Bed, PATIENCE, Started, intent};
use testkit::wait_until;
use tokio::time::timeout;

async fn state_intent(bed: &Bed, number: u8, from: &str) {
    let Message::ServiceIntent(wish) = intent(IntentAction::Add, true) else { unreachable!() };
    let wish = ServiceIntent { id: format!("ServiceIntent.{number}"), ..wish };
    bed.publish(routing::ORCHESTRATION, from, Message::ServiceIntent(wish)).await;
}

async fn is(master: &Started, role: &str) {
    master.until("/status", |status| status["role"] == role).await;
}

/// Waits until the active master sends nothing more but questions.
async fn silent(bed: &mut Bed) {
    while let Ok(Some(delivery)) = timeout(Duration::from_millis(500), bed.commands.next()).await {
        let message = delivery.envelope.message().unwrap();
        delivery.ack();
        assert!(matches!(message, Message::Report(_)), "{message:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_sends_whoever_asks_to_the_active_master() {
    let bed = Bed::new().await;
    let first = bed.master_number(1).await;
    is(&first, "active").await;
    let second = bed.master_number(2).await;
    is(&second, "standby").await;
    assert_eq!(second.get("/status").await["id"], "Master.test.2");
    let ask = async |path: &str| second.node.client.get(&format!("{}{path}", second.running.url())).await.unwrap();
    let end = tokio::time::Instant::now() + PATIENCE;
    while ask("/workers").await.status() != 307 {
        assert!(tokio::time::Instant::now() < end);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for path in ["/workers", "/instances?waiting=true", "/intents", "/demand"] {
        let answer = ask(path).await;
        let location = answer.headers()["location"].to_str().unwrap();
        let answer = second.node.client.get(location).await.unwrap();
        assert_eq!(answer.status(), 200, "{location}");
        assert!(location.ends_with(path), "{location}");
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(ask(path).await.status(), 200, "{path}");
    }
    first.stop().await;
    is(&second, "active").await;
    assert_eq!(ask("/workers").await.status(), 200);
    second.stop().await;
}

/// Two intents on a topology have ids that depend on which came first; the standby starts after both.
#[tokio::test(flavor = "multi_thread")]
async fn a_standby_takes_over_what_runs_and_restarts_nothing() {
    let mut bed = Bed::new().await;
    let first = bed.master_number(1).await;
    is(&first, "active").await;
    bed.hear(true, &[]).await;
    // Stated in the order in which nobody would repeat them, and by hand, so no designer can.
    state_intent(&bed, 9, "by hand").await;
    state_intent(&bed, 1, "by hand").await;
    bed.register("panel.1", "PT10M").await;
    let running = [bed.added().await, bed.added().await];
    let running: Vec<&TaskInstance> = running.iter().collect();
    bed.hear(false, &running).await;
    first.until("/demand", |demand| demand["running"] == 2).await;
    let second = bed.master_number(2).await;
    is(&second, "standby").await;
    second.keeps(&["ServiceIntent.1", "ServiceIntent.9"]).await;
    first.stop().await;

    is(&second, "active").await;
    bed.hear(false, &running).await;
    silent(&mut bed).await;
    second
        .until("/demand", |demand| *demand == json!({ "instances": 2, "waiting": 0, "running": 2, "failed": 0 }))
        .await;
    let all = second.get("/instances").await;
    let kept = |task: &&TaskInstance| {
        all.as_array()
            .unwrap()
            .iter()
            .any(|view| view["id"] == task.id.as_str() && view["generation"] == task.generation)
    };
    assert!(running.iter().all(kept), "{all}");
    state_intent(&bed, 5, "by hand").await;
    let new = bed.added().await;
    assert!(running.iter().all(|task| task.id != new.id));
    assert_eq!(new.service_intent_id, "ServiceIntent.5");

    // The first comes back and stands by; what it missed it copies, and it takes over in its turn.
    let first = bed.master_number(1).await;
    is(&first, "standby").await;
    first.keeps(&["ServiceIntent.1", "ServiceIntent.5", "ServiceIntent.9"]).await;
    second.stop().await;
    is(&first, "active").await;
    let running: Vec<&TaskInstance> = running.iter().copied().chain([&new]).collect();
    bed.hear(false, &running).await;
    silent(&mut bed).await;
    bed.publish(routing::ORCHESTRATION, "by hand", intent(IntentAction::Delete, false)).await;
    let removed = bed.command().await;
    assert!(
        matches!(&removed, Message::RemoveTask(task) if task.service_intent_id == "ServiceIntent.1"),
        "{removed:?}"
    );
    let url = format!("{}/ngsi9/subscription", bed.discovery.url());
    // That of the withdrawn intent is cancelled beside the commands.
    wait_until(PATIENCE, "only the subscriptions of two intents are left", async || {
        let answer = bed.discovery_node.client.get(&url).await.ok()?;
        let subscriptions: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        (subscriptions.as_object().unwrap().len() == 2).then_some(())
    })
    .await;
    first.stop().await;
}
