#![allow(clippy::unwrap_used)]

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(second * 1_000)
}

fn element(id: &str, value: i64) -> ContextElement {
    let text =
        format!(r#"{{"entityId":{{"id":"{id}","type":"Panel"}},"attributes":[{{"name":"v","value":{value}}}]}}"#);
    serde_json::from_str(&text).unwrap()
}

fn gone(id: &str) -> ContextElement {
    serde_json::from_str(&format!(r#"{{"entityId":{{"id":"{id}"}},"attributes":[]}}"#)).unwrap()
}

fn watched() -> Watches {
    let mut watches = Watches::default();
    watches.enter("Panel", || "token".to_owned());
    watches
}

fn subscribe() -> Task {
    Task::Subscribe { entity_type: "Panel".into(), token: "token".into() }
}

#[test]
fn a_type_is_subscribed_to_once_for_all_pages_and_cancelled_a_while_after_the_last_left() {
    let mut watches = watched();
    watches.enter("Panel", || unreachable!());
    assert_eq!(watches.tasks(at(0)), [subscribe()]);
    assert_eq!(watches.tasks(at(1)), []);
    assert!(watches.subscribed("token", Ok("s1".into())));
    let check = || Task::Check { token: "token".into(), subscription: "s1".into() };
    assert_eq!((watches.tasks(at(5)), watches.tasks(at(34))), (vec![check()], vec![]));
    assert_eq!(watches.tasks(at(35)), [check()]);
    watches.leave("Panel", at(36));
    watches.leave("Panel", at(37));
    assert_eq!(watches.tasks(at(46)), []);
    watches.enter("Panel", || unreachable!());
    watches.leave("Panel", at(50));
    assert_eq!(watches.tasks(at(60)), [Task::Cancel { subscription: "s1".into() }]);
    assert_eq!(watches.tasks(at(61)), []);
    assert!(!watches.subscribed("token", Ok("s2".into())), "nobody wants it any more");
}

#[test]
fn what_failed_or_was_lost_is_subscribed_again() {
    let mut watches = watched();
    watches.subscribed("token", Err(WatchState::Failed("away".into())));
    assert_eq!(watches.tasks(at(5)), [subscribe()]);
    watches.subscribed("token", Ok("s1".into()));
    watches.notified("token", &[element("a", 1)]);
    watches.lost("token");
    assert_eq!(watches.entities, 0);
    assert_eq!(watches.tasks(at(6)), [subscribe()]);
    watches.subscribed("token", Err(WatchState::Refused("many".into())));
    assert_eq!(watches.tasks(at(7)), []);
}

#[test]
fn the_latest_state_is_kept_and_updates_are_counted() {
    let mut watches = watched();
    watches.subscribed("token", Ok("s1".into()));
    assert!(watches.notified("token", &[element("a", 1), element("b", 1), element("a", 2), element("a", 3)]));
    assert_eq!((watches.updates("Panel", "a"), watches.updates("Panel", "b")), (Some(2), Some(0)));
    assert_eq!(watches.updates("Other", "a"), None);
    let text = watches.get("Panel").unwrap().entities.get(&"a".into()).unwrap().text.get().to_owned();
    assert!(text.contains(r#""value":3"#), "{text}");
    watches.notified("token", &[gone("a"), gone("never seen")]);
    assert!(watches.get("Panel").unwrap().entities.get(&"a".into()).is_none());
    assert!(!watches.notified("unknown", &[]));
    watches.leave("Panel", at(0));
    watches.tasks(at(10));
    assert_eq!((watches.entities, watches.bytes), (0, 0));
}

#[test]
fn a_type_that_grows_too_large_is_refused() {
    let mut watches = watched();
    watches.subscribed("token", Ok("s1".into()));
    for number in 0..MAX_OF_TYPE {
        watches.notified("token", &[element(&number.to_string(), 0)]);
    }
    assert_eq!(watches.get("Panel").unwrap().state, WatchState::Live);
    watches.notified("token", &[element("7", 1)]);
    assert_eq!(watches.get("Panel").unwrap().state, WatchState::Live);
    watches.notified("token", &[element("one more", 0)]);
    assert!(matches!(watches.get("Panel").unwrap().state, WatchState::Refused(_)));
    watches.notified("token", &[element("late", 0)]);
    assert_eq!((watches.entities, watches.bytes), (0, 0));
    assert_eq!(watches.tasks(at(0)), [Task::Cancel { subscription: "s1".into() }]);
}
