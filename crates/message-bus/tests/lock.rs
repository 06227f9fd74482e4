//! The lock: one holder, whatever happens to connections and the server.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::{bus, envelope, eventually, next, wait_for};
use message_bus::{Bus, BusState, Lock, LockError, PublishError, RabbitMq};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

async fn obtained(bus: &Bus, name: &str) -> Lock {
    let mut lock = None;
    eventually(async || {
        lock = bus.try_lock(name).await.ok();
        lock.is_some()
    })
    .await;
    lock.unwrap()
}

async fn connected(server: &testkit::RabbitMq) -> (Bus, CancellationToken) {
    let (bus, shutdown) = bus(server);
    wait_for(&bus, |state| *state == BusState::Connected).await;
    (bus, shutdown)
}

#[tokio::test]
async fn in_a_process_the_first_has_it_until_it_lets_go() {
    let bus = Bus::in_process();
    let lock = bus.try_lock("a").await.unwrap();
    assert_eq!(bus.clone().try_lock("a").await.unwrap_err(), LockError::Held);
    let _other = bus.try_lock("b").await.unwrap();
    let mut subscription = bus.subscribe("q", &["k.*"]);
    lock.publish(envelope("k.", "1")).await.unwrap();
    assert_eq!(next(&mut subscription).await.envelope.message_type, "1");
    drop(lock);
    bus.try_lock("a").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_has_it_and_the_other_follows_at_once() {
    let server = testkit::RabbitMq::shared().await.unwrap();
    let ((first, leave), (second, _)) = (connected(server).await, connected(server).await);
    let lock = first.try_lock("master-1").await.unwrap();
    for _ in 0..20 {
        assert_eq!(second.try_lock("master-1").await.unwrap_err(), LockError::Held);
        assert_eq!(first.try_lock("master-1").await.unwrap_err(), LockError::Held);
    }
    drop(lock);
    let lock = obtained(&second, "master-1").await;
    assert_eq!(first.try_lock("master-1").await.unwrap_err(), LockError::Held);
    drop(lock);
    let _lock = obtained(&first, "master-1").await;
    leave.cancel();
    first.closed().await;
    obtained(&second, "master-1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_whose_connection_is_closed_is_not_heard_any_more() {
    let server = testkit::RabbitMq::start().await.unwrap();
    let (bus, _) = connected(&server).await;
    let mut subscription = bus.subscribe("hearing", &["k.*"]);
    subscription.bound().await;
    let lock = bus.try_lock("master-2").await.unwrap();
    lock.publish(envelope("k.", "held")).await.unwrap();
    assert_eq!(next(&mut subscription).await.envelope.message_type, "held");
    server.control(&["close_all_connections", "test"]).unwrap();
    tokio::time::timeout(Duration::from_secs(10), lock.lost()).await.unwrap();
    wait_for(&bus, |state| *state == BusState::Connected).await;
    let refused = lock.publish(envelope("k.", "lost")).await.unwrap_err();
    assert!(matches!(refused, PublishError::LockLost { .. }), "{refused:?}");
    let again = obtained(&bus, "master-2").await;
    eventually(async || {
        again.publish(envelope("k.", "again")).await.unwrap();
        let heard = tokio::time::timeout(Duration::from_millis(100), subscription.next()).await;
        heard.is_ok_and(|delivery| delivery.unwrap().envelope.message_type == "again")
    })
    .await;
}

#[tokio::test]
async fn a_queue_deleted_by_hand_is_a_lost_lock() {
    let server = testkit::RabbitMq::start().await.unwrap();
    let (bus, _) = connected(&server).await;
    let lock = bus.try_lock("master-3").await.unwrap();
    server.control(&["delete_queue", "master-3"]).unwrap();
    tokio::time::timeout(Duration::from_secs(10), lock.lost()).await.unwrap();
    obtained(&bus, "master-3").await;
}

#[tokio::test]
async fn without_a_connection_or_the_right_there_is_no_lock() {
    let settings = RabbitMq::new("127.0.0.1", 1, "admin", "mypass");
    let bus = Bus::rabbitmq(settings, CancellationToken::new());
    assert_eq!(bus.try_lock("master").await.unwrap_err(), LockError::NotConnected);
    let server = testkit::RabbitMq::start().await.unwrap();
    server.control(&["add_user", "poor", "poor"]).unwrap();
    server.control(&["set_permissions", "poor", "^fogflow$", ".*", ".*"]).unwrap();
    let settings = RabbitMq::new("127.0.0.1", server.port(), "poor", "poor");
    let bus = Bus::rabbitmq(settings, CancellationToken::new());
    wait_for(&bus, |state| *state == BusState::Connected).await;
    let refused = bus.try_lock("master").await.unwrap_err().to_string();
    assert!(refused.contains("`master`") && refused.contains("ACCESS_REFUSED"), "{refused}");
}

/// Competes for the lock; while it holds it, says so as fast as it can.
async fn contend(bus: Bus, terms: Arc<AtomicU64>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let Ok(lock) = bus.try_lock("contended").await else {
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        let term = terms.fetch_add(1, Ordering::SeqCst);
        let mut said = 0;
        // Not until the loss is known: the server has to be the one that ends it.
        while !stop.is_cancelled() && said < 2_000 {
            match lock.publish(envelope("term.", &term.to_string())).await {
                Err(PublishError::LockLost { .. }) => break,
                _ => said += 1,
            }
        }
    }
}

/// The terms in which messages came, in their order.
async fn listen(bus: &Bus, silence: &CancellationToken) -> Vec<u64> {
    let mut seen = Vec::new();
    let mut subscription = bus.subscribe("terms", &["term.*"]);
    while let Some(Some(delivery)) = silence.run_until_cancelled(subscription.next()).await {
        let term = delivery.envelope.message_type.parse().unwrap();
        delivery.ack();
        if seen.last() != Some(&term) {
            seen.push(term);
        }
    }
    seen
}

/// Everything said in one term comes before everything said in the next.
#[tokio::test(flavor = "multi_thread")]
async fn never_two_are_heard_while_connections_are_closed() {
    let server = testkit::RabbitMq::start().await.unwrap();
    let (terms, stop, silence) = (Arc::new(AtomicU64::new(0)), CancellationToken::new(), CancellationToken::new());
    let contenders = TaskTracker::new();
    for _ in 0..3 {
        let (bus, _) = bus(&server);
        contenders.spawn(contend(bus, terms.clone(), stop.clone()));
    }
    let (ears, _) = bus(&server);
    let disturb = async {
        for _ in 0..12 {
            let before = terms.load(Ordering::SeqCst);
            eventually(async || terms.load(Ordering::SeqCst) > before).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
            server.control(&["close_all_connections", "test"]).unwrap();
        }
        stop.cancel();
        contenders.close();
        contenders.wait().await;
        silence.cancel();
    };
    let ((), seen) = tokio::join!(disturb, listen(&ears, &silence));
    assert!(seen.len() > 3, "{seen:?}");
    assert!(seen.is_sorted(), "two at once: {seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_the_server_ends_the_lock_and_one_has_it_again() {
    let mut server = testkit::RabbitMq::start().await.unwrap();
    let buses = [bus(&server).0, bus(&server).0, bus(&server).0];
    let mut lock = obtained(&buses[0], "master-4").await;
    for kill in [true, false] {
        if kill {
            server.kill();
        } else {
            server.stop().await.unwrap();
        }
        tokio::time::timeout(Duration::from_secs(30), lock.lost()).await.unwrap();
        let refused = lock.publish(envelope("k.", "lost")).await.unwrap_err();
        assert!(matches!(refused, PublishError::LockLost { .. }), "{refused:?}");
        server.resume().await.unwrap();
        for bus in &buses {
            wait_for(bus, |state| *state == BusState::Connected).await;
        }
        let mut holders = Vec::new();
        for bus in &buses {
            holders.extend(bus.try_lock("master-4").await.ok());
        }
        assert_eq!(holders.len(), 1);
        lock = holders.remove(0);
    }
}
