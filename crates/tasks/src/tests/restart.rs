use flow::{InstanceStatus, TaskInstance};

use super::*;
use crate::RestartRefusal;

#[test]
fn restart_ends_the_instance_and_starts_it_at_the_same_generation() {
    let (mut tasks, run) = running(10, instance("t", 4, &["s"]));
    let subscribed = Event::Subscribed { task: "t".into(), input: input("s"), subscription: subscription("t", "1") };
    tasks.handle(subscribed, at(1));
    let actions = tasks.handle(restart("t"), at(2));
    assert!(actions.contains(&Action::Stop { task: "t".into(), run }));
    assert_eq!(statuses(&actions), [("t".into(), InstanceStatus::Starting)]);
    let actions = tasks.handle(Event::Stopped { task: "t".into(), run }, at(3));
    let Some(Action::Start { instance, run: again }) = actions.iter().find(|a| matches!(a, Action::Start { .. }))
    else {
        panic!("{actions:?}")
    };
    assert_eq!((instance.generation, *again > run), (4, true));
    let actions = tasks.handle(started("t", *again), at(4));
    assert_eq!(statuses(&actions), [("t".into(), InstanceStatus::Running)]);
    assert!(actions.contains(&Action::Unsubscribe { task: "t".into(), subscription: subscription("t", "1") }));
    assert!(actions.iter().any(|a| matches!(a, Action::Subscribe { .. })), "it is told its inputs anew");
}

#[test]
fn restarted_again_before_it_has_ended_it_is_ended_once() {
    let (mut tasks, run) = running(10, instance("t", 1, &[]));
    tasks.handle(restart("t"), at(1));
    assert_eq!(tasks.handle(restart("t"), at(1)), []);
    assert!(start_run(&tasks.handle(Event::Stopped { task: "t".into(), run }, at(2))).is_some());
}

#[test]
fn restart_in_the_middle_of_a_start_begins_it_anew() {
    let mut tasks = worker(10);
    let run = start_run(&tasks.handle(add(instance("t", 1, &[])), at(0))).unwrap();
    assert!(tasks.handle(restart("t"), at(1)).contains(&Action::Stop { task: "t".into(), run }));
    assert!(start_run(&tasks.handle(Event::Stopped { task: "t".into(), run }, at(2))).is_some());
}

#[test]
fn restart_of_a_failed_instance_starts_it_at_once_and_forgets_its_failures() {
    let mut tasks = worker(10);
    let run = start_run(&tasks.handle(add(instance("t", 1, &[])), at(0))).unwrap();
    let failure = Event::StartFailed { task: "t".into(), run, reason: "no image".into(), permanent: true };
    tasks.handle(failure, at(0));
    assert_eq!(tasks.next_wake(), Some(at(60)));
    let actions = tasks.handle(restart("t"), at(1));
    let run = start_run(&actions).unwrap();
    assert_eq!(statuses(&actions), [("t".into(), InstanceStatus::Starting)]);
    tasks.handle(started("t", run), at(2));
    tasks.handle(exited("t", run), at(3));
    assert_eq!(tasks.next_wake(), Some(at(4)), "the first pause again");
}

#[test]
fn restart_cures_an_instance_in_trouble() {
    let (mut tasks, run) = running(10, instance("t", 1, &[]));
    tasks.handle(Event::Health { task: "t".into(), run, trouble: Some("line 3".into()) }, at(1));
    tasks.handle(restart("t"), at(2));
    assert_eq!(status(&tasks, "t"), Some(InstanceStatus::Starting));
}

#[test]
fn restart_of_what_is_not_wanted_here_is_refused() {
    let (mut tasks, _) = running(10, instance("t", 1, &[]));
    tasks.handle(remove(instance("t", 2, &[])), at(1));
    for id in ["t", "never seen"] {
        assert_eq!(tasks.may_restart(&id.into()), Err(RestartRefusal::NotFound));
        assert_eq!(tasks.handle(restart(id), at(2)), []);
    }
}

#[test]
fn restart_of_a_paused_instance_is_refused() {
    let mut tasks = worker(10);
    launch(&mut tasks, instance("low", 1, &[]));
    launch(&mut tasks, TaskInstance { priority_level: 5, is_exclusive: true, ..instance("high", 1, &[]) });
    assert_eq!(tasks.may_restart(&"low".into()), Err(RestartRefusal::Held));
    assert_eq!(tasks.handle(restart("low"), at(1)), []);
    assert_eq!(status(&tasks, "low"), Some(InstanceStatus::Paused));
    assert_eq!(tasks.may_restart(&"high".into()), Ok(()));
    tasks.handle(restart("high"), at(1));
    assert_eq!(status(&tasks, "low"), Some(InstanceStatus::Paused), "the exclusive one holds on while it starts anew");
}
