use flow::{InstanceStatus, Parameter, TaskInstance};

use super::*;

#[test]
fn command_starts_instance_and_start_subscribes_inputs() {
    let mut tasks = worker(10);
    let actions = tasks.handle(add(instance("t", 1, &["s1", "s2"])), at(0));
    let run = start_run(&actions).unwrap();
    assert!(actions.contains(&Action::Store("t".into())));
    let actions = tasks.handle(started("t", run), at(0));
    let subscribed =
        actions.iter().filter(|a| matches!(a, Action::Subscribe { reference, .. } if reference == "http://host/t"));
    assert_eq!(subscribed.count(), 2);
    assert_eq!(statuses(&actions), [("t".into(), InstanceStatus::Running)]);
    assert!(actions.iter().any(|a| matches!(a, Action::Inform(i) if i.info == "refURL=http://host/t; containerID=c1")));
}

#[test]
fn repeated_command_changes_nothing() {
    let (mut tasks, _) = running(10, instance("t", 3, &["s"]));
    assert_eq!(tasks.handle(add(instance("t", 3, &["s"])), at(1)), []);
}

#[test]
fn stale_command_is_answered_with_what_is_known() {
    let (mut tasks, _) = running(10, instance("t", 5, &["s"]));
    for event in [add(instance("t", 4, &[])), remove(instance("t", 4, &[])), add_input("t", 4, "other")] {
        let actions = tasks.handle(event, at(1));
        assert_eq!(actions.len(), 1);
        assert!(matches!(&actions[0], Action::Report(u) if u.generation == 5 && u.status == InstanceStatus::Running));
    }
}

#[test]
fn command_without_generation_always_applies() {
    let (mut tasks, run) = running(10, instance("t", 5, &["s"]));
    let actions = tasks.handle(remove(instance("t", 0, &[])), at(1));
    assert!(actions.contains(&Action::Stop { task: "t".into(), run }));
}

#[test]
fn removal_stops_unsubscribes_deletes_outputs_and_reports() {
    let (mut tasks, run) = running(10, instance("t", 1, &["s"]));
    tasks
        .handle(Event::Subscribed { task: "t".into(), input: input("s"), subscription: subscription("t", "1") }, at(1));
    let actions = tasks.handle(remove(instance("t", 2, &[])), at(2));
    assert!(actions.contains(&Action::Stop { task: "t".into(), run }));
    assert!(actions.contains(&Action::Unsubscribe { task: "t".into(), subscription: subscription("t", "1") }));
    assert_eq!(tasks.report(), []);
    let actions = tasks.handle(Event::Stopped { task: "t".into(), run }, at(3));
    assert_eq!(statuses(&actions), [("t".into(), InstanceStatus::Removed)]);
    assert!(
        actions.iter().any(|a| matches!(a, Action::DeleteOutputs { outputs, .. } if outputs[0].stream_id == "Out.t"))
    );
    assert!(tasks.stored(&"t".into()).is_some(), "the clean-up survives a restart");
    tasks.handle(Event::OutputsDeleted { task: "t".into() }, at(4));
    tasks.handle(Event::Unsubscribed { task: "t".into(), subscription: subscription("t", "1") }, at(4));
    assert_eq!(tasks.stored(&"t".into()), None);
}

#[test]
fn instance_that_moved_to_another_worker_leaves_its_outputs() {
    let (mut tasks, run) = running(10, instance("t", 1, &[]));
    let moved = TaskInstance { worker_id: "Worker.b".into(), ..instance("t", 2, &[]) };
    tasks.handle(remove(moved), at(1));
    let actions = tasks.handle(Event::Stopped { task: "t".into(), run }, at(2));
    assert!(!actions.iter().any(|a| matches!(a, Action::DeleteOutputs { .. })));
    assert_eq!(tasks.stored(&"t".into()), None);
}

#[test]
fn late_command_does_not_bring_a_removed_instance_back() {
    let mut tasks = worker(10);
    tasks.handle(remove(instance("t", 7, &[])), at(0));
    let actions = tasks.handle(add(instance("t", 6, &[])), at(1));
    assert_eq!(statuses(&actions), [("t".into(), InstanceStatus::Removed)]);
    assert_eq!(start_run(&actions), None);
    assert!(start_run(&tasks.handle(add(instance("t", 8, &[])), at(2))).is_some());
}

#[test]
fn instance_added_while_it_is_being_removed_starts_again() {
    let (mut tasks, run) = running(10, instance("t", 1, &[]));
    tasks.handle(remove(instance("t", 2, &[])), at(1));
    assert_eq!(start_run(&tasks.handle(add(instance("t", 3, &[])), at(2))), None);
    let actions = tasks.handle(Event::Stopped { task: "t".into(), run }, at(3));
    assert!(start_run(&actions).is_some());
    assert!(!actions.iter().any(|a| matches!(a, Action::DeleteOutputs { .. })));
}

#[test]
fn changed_program_restarts() {
    let parameter = Parameter { name: "memory_mb".into(), value: "64".into() };
    let changes: [fn(&mut TaskInstance, Parameter); 3] = [
        |i, _| i.docker_image = "other:1".into(),
        |i, _| i.function_code = "exports.handler = null".into(),
        |i, p| i.parameters = vec![p],
    ];
    for change in changes {
        let (mut tasks, run) = running(10, instance("t", 1, &["s"]));
        let mut other = instance("t", 2, &["s"]);
        change(&mut other, parameter.clone());
        assert!(tasks.handle(add(other), at(1)).contains(&Action::Stop { task: "t".into(), run }));
        assert!(start_run(&tasks.handle(Event::Stopped { task: "t".into(), run }, at(2))).is_some());
    }
}

#[test]
fn changed_outputs_are_told_without_restart() {
    let (mut tasks, run) = running(10, instance("t", 1, &["s"]));
    let mut other = instance("t", 2, &["s"]);
    other.outputs.clear();
    let actions = tasks.handle(add(other), at(1));
    assert!(actions.iter().any(|a| matches!(a, Action::Configure { run: r, .. } if *r == run)));
    assert!(!actions.iter().any(|a| matches!(a, Action::Stop { .. })));
}

#[test]
fn full_worker_refuses_and_admits_when_there_is_room() {
    let (mut tasks, run) = running(1, instance("t", 1, &[]));
    let actions = tasks.handle(add(instance("u", 1, &[])), at(1));
    assert_eq!(statuses(&actions), [("u".into(), InstanceStatus::Refused)]);
    assert_eq!(status(&tasks, "u"), Some(InstanceStatus::Refused));
    assert_eq!(tasks.workload(), 1);
    assert!(
        tasks
            .handle(add(instance("t", 2, &["s"])), at(1))
            .iter()
            .all(|a| !matches!(a, Action::Report(u) if u.status == InstanceStatus::Refused))
    );
    tasks.handle(remove(instance("t", 3, &[])), at(2));
    tasks.handle(Event::Stopped { task: "t".into(), run }, at(2));
    assert!(start_run(&tasks.handle(add(instance("u", 1, &[])), at(3))).is_some());
}

#[test]
fn exiting_instance_is_restarted_with_growing_pauses_and_reported_failed() {
    let (mut tasks, mut run) = running(10, instance("t", 1, &[]));
    let mut now = 0;
    for (failures, pause) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32), (7, 60), (8, 60)] {
        tasks.handle(exited("t", run), at(now));
        let expected = if failures < 3 { InstanceStatus::Starting } else { InstanceStatus::Failed };
        assert_eq!(status(&tasks, "t"), Some(expected));
        assert_eq!(tasks.next_wake(), Some(at(now + pause)));
        assert_eq!(start_run(&tasks.handle(Event::Tick, at(now + pause - 1))), None);
        now += pause;
        run = start_run(&tasks.handle(Event::Tick, at(now))).unwrap();
        tasks.handle(started("t", run), at(now));
    }
    assert_eq!(tasks.report()[0].reason, "exit code 1");
    let actions = tasks.handle(Event::Tick, at(now + 10));
    assert_eq!(statuses(&actions), [("t".into(), InstanceStatus::Running)]);
    tasks.handle(exited("t", run), at(now + 61));
    assert_eq!(tasks.next_wake(), Some(at(now + 62)), "a long run makes earlier failures forgotten");
}

#[test]
fn permanent_failure_is_reported_at_once_and_retried_slowly() {
    let mut tasks = worker(10);
    let run = start_run(&tasks.handle(add(instance("t", 1, &[])), at(0))).unwrap();
    let failure = Event::StartFailed { task: "t".into(), run, reason: "no engine runs it".into(), permanent: true };
    let actions = tasks.handle(failure, at(0));
    assert!(actions.iter().any(
        |a| matches!(a, Action::Report(u) if u.status == InstanceStatus::Failed && u.reason == "no engine runs it")
    ));
    assert_eq!(tasks.next_wake(), Some(at(60)));
    let run = start_run(&tasks.handle(Event::Tick, at(60))).unwrap();
    assert_eq!(statuses(&tasks.handle(started("t", run), at(61))), [("t".into(), InstanceStatus::Running)]);
}

#[test]
fn events_of_an_earlier_run_are_ignored() {
    let (mut tasks, old) = running(10, instance("t", 1, &[]));
    tasks.handle(exited("t", old), at(1));
    let run = start_run(&tasks.handle(Event::Tick, at(3))).unwrap();
    tasks.handle(started("t", run), at(3));
    assert_eq!(tasks.handle(exited("t", old), at(4)), []);
    assert_eq!(tasks.handle(Event::Stopped { task: "t".into(), run: old }, at(4)), []);
}

#[test]
fn trouble_is_reported_without_a_restart() {
    let (mut tasks, run) = running(10, instance("t", 1, &[]));
    let trouble = |trouble: Option<&str>| Event::Health { task: "t".into(), run, trouble: trouble.map(str::to_owned) };
    let actions = tasks.handle(trouble(Some("line 3: x is not defined")), at(1));
    assert_eq!(statuses(&actions), [("t".into(), InstanceStatus::Failed)]);
    assert_eq!(statuses(&tasks.handle(trouble(None), at(2))), [("t".into(), InstanceStatus::Running)]);
}

#[test]
fn restarted_worker_starts_what_it_had_and_finishes_what_it_was_removing() {
    let (mut tasks, _) = running(10, instance("t", 4, &["s"]));
    let feed = Event::Subscribed { task: "t".into(), input: input("s"), subscription: subscription("t", "1") };
    tasks.handle(feed, at(1));
    launch(&mut tasks, instance("u", 1, &[]));
    tasks.handle(remove(instance("u", 2, &[])), at(2));
    let stored = ["t", "u"].map(|id| tasks.stored(&id.into()).unwrap());

    let mut tasks = worker(10);
    let actions = tasks.restore(stored.to_vec(), at(100));
    let run = start_run(&actions).unwrap();
    assert!(actions.iter().any(|a| matches!(a, Action::Stop { task, .. } if task.as_str() == "u")));
    tasks.handle(started("t", run), at(101));
    assert_eq!(tasks.report()[0].generation, 4);
}

#[test]
fn engine_that_comes_back_starts_what_could_not_be_started() {
    let mut tasks = worker(10);
    let run = start_run(&tasks.handle(add(instance("t", 1, &[])), at(0))).unwrap();
    let reason = "no engine".to_owned();
    tasks.handle(Event::StartFailed { task: "t".into(), run, reason, permanent: true }, at(0));
    launch(&mut tasks, instance("exits", 1, &[]));
    let run = tasks.records["exits"].run().unwrap();
    tasks.handle(exited("exits", run), at(1));
    let started: Vec<Action> = tasks.handle(Event::Retry, at(1));
    let ids: Vec<&str> = started
        .iter()
        .filter_map(|a| if let Action::Start { instance, .. } = a { Some(instance.id.as_str()) } else { None })
        .collect();
    assert_eq!(ids, ["t"]);
}
