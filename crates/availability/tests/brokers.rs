//! Who is taken for dead, and when.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use availability::{Brokers, origin};
use ngsi::Timestamp;

const INTERVAL: Duration = Duration::from_secs(30);
const URL: &str = "http://10.0.0.1:8070/ngsi10";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

/// The identifiers dropped when sweeping every interval from `from` to `to`.
fn sweep(brokers: &mut Brokers, from: i64, to: i64) -> Vec<String> {
    let times = (from..=to).step_by(30);
    times.flat_map(|time| brokers.sweep(at(time))).map(|broker| broker.id).collect()
}

#[test]
fn broker_is_dropped_after_six_missed_intervals() {
    let mut brokers = Brokers::new(INTERVAL);
    assert!(!brokers.heartbeat("one", URL, at(0)).unwrap().known);
    assert!(sweep(&mut brokers, 0, 180).is_empty());
    assert_eq!(sweep(&mut brokers, 210, 210), ["one"]);
    assert!(!brokers.heartbeat("one", URL, at(211)).unwrap().known);
}

#[test]
fn heartbeats_keep_a_broker_alive() {
    let mut brokers = Brokers::new(INTERVAL);
    for time in (0..3600).step_by(30) {
        assert_eq!(brokers.heartbeat("one", URL, at(time)).unwrap().known, time > 0);
        assert!(brokers.sweep(at(time)).is_empty());
    }
}

#[test]
fn old_address_of_a_broker_that_moved_dies() {
    let mut brokers = Brokers::new(INTERVAL);
    brokers.heartbeat("one", URL, at(0)).unwrap();
    for time in (0..=210).step_by(30) {
        brokers.heartbeat("one", "http://10.0.0.9:8070/ngsi10", at(time)).unwrap();
        let dropped: Vec<_> = brokers.sweep(at(time)).into_iter().map(|broker| broker.url).collect();
        assert_eq!(dropped, if time == 210 { vec![URL] } else { vec![] });
    }
    assert!(brokers.is_alive("http://10.0.0.9:8070"));
    assert!(!brokers.is_alive("http://10.0.0.1:8070"));
}

#[test]
fn nobody_is_blamed_for_the_time_discovery_was_suspended() {
    let mut brokers = Brokers::new(INTERVAL);
    brokers.heartbeat("one", URL, at(0)).unwrap();
    assert!(sweep(&mut brokers, 0, 60).is_empty());
    let woken = 60 + 8 * 3600;
    assert!(sweep(&mut brokers, woken, woken + 120).is_empty());
    assert_eq!(sweep(&mut brokers, woken + 150, woken + 150), ["one"]);
}

#[test]
fn dropped_broker_that_is_restored_is_dropped_again() {
    let mut brokers = Brokers::new(INTERVAL);
    brokers.heartbeat("one", URL, at(0)).unwrap();
    sweep(&mut brokers, 0, 180);
    let dropped = brokers.sweep(at(210)).remove(0);
    brokers.restore(dropped);
    assert_eq!(sweep(&mut brokers, 240, 240), ["one"]);
}

#[test]
fn origin_is_scheme_host_and_port() {
    let cases = [
        ("http://10.0.0.1:8070/ngsi10", "http://10.0.0.1:8070"),
        ("http://10.0.0.1:8070", "http://10.0.0.1:8070"),
        ("HTTPS://Edge.Example:443/a/b?c#d", "https://edge.example:443"),
        ("http://[::1]:8070/ngsi10", "http://[::1]:8070"),
        ("http://host?query", "http://host"),
        ("host:8070/ngsi10", "host:8070"),
        ("", ""),
    ];
    for (url, expected) in cases {
        assert_eq!(origin(url), expected);
    }
}
