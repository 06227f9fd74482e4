use flow::InstanceStatus;

use super::*;

fn level(id: &str, level: i64, exclusive: bool) -> TaskInstance {
    TaskInstance { priority_level: level, is_exclusive: exclusive, ..instance(id, 1, &[]) }
}

#[test]
fn exclusive_instance_holds_less_urgent_ones_until_it_ends() {
    let mut tasks = worker(10);
    let low = launch(&mut tasks, level("low", 0, false));
    launch(&mut tasks, level("peer", 50, false));
    let actions = tasks.handle(add(level("high", 50, true)), at(1));
    let high = start_run(&actions).unwrap();
    assert!(actions.contains(&Action::Pause { task: "low".into(), run: low }));
    assert_eq!(status(&tasks, "low"), Some(InstanceStatus::Paused));
    assert_eq!(status(&tasks, "peer"), Some(InstanceStatus::Running));
    tasks.handle(started("high", high), at(1));
    assert_eq!(start_run(&tasks.handle(add(level("late", 0, false)), at(2))), None, "held before it starts");
    let actions = tasks.handle(remove(level("high", 50, true)), at(3));
    assert!(actions.contains(&Action::Resume { task: "low".into(), run: low }));
    assert!(start_run(&actions).is_some(), "what was held starts");
    assert!(statuses(&actions).contains(&("low".into(), InstanceStatus::Running)));
}

#[test]
fn failed_exclusive_instance_holds_nobody() {
    let mut tasks = worker(10);
    let low = launch(&mut tasks, level("low", 0, false));
    let high = start_run(&tasks.handle(add(level("high", 50, true)), at(1))).unwrap();
    let failure = Event::StartFailed { task: "high".into(), run: high, reason: "no image".into(), permanent: true };
    assert!(tasks.handle(failure, at(2)).contains(&Action::Resume { task: "low".into(), run: low }));
}

#[test]
fn instance_that_starts_while_held_is_paused() {
    let mut tasks = worker(10);
    let low = start_run(&tasks.handle(add(level("low", 0, false)), at(0))).unwrap();
    tasks.handle(add(level("high", 50, true)), at(1));
    assert!(tasks.handle(started("low", low), at(2)).contains(&Action::Pause { task: "low".into(), run: low }));
}
