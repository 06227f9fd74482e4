use super::*;

fn subscribed(task: &str, id: &str) -> Event {
    Event::Subscribed { task: task.into(), input: input(id), subscription: subscription(task, id) }
}

#[test]
fn input_added_to_a_running_instance_is_subscribed() {
    let (mut tasks, _) = running(10, instance("t", 1, &["s1"]));
    let actions = tasks.handle(add_input("t", 2, "s2"), at(1));
    assert!(actions.iter().any(|a| matches!(a, Action::Subscribe { input: i, .. } if i.id == "s2")));
    assert!(!tasks.handle(add_input("t", 2, "s2"), at(1)).iter().any(|a| matches!(a, Action::Subscribe { .. })));
    assert_eq!(tasks.get(&"t".into()).unwrap().inputs.len(), 2);
}

#[test]
fn changed_inputs_are_subscribed_and_cancelled_without_restart() {
    let (mut tasks, _) = running(10, instance("t", 1, &["s1", "s2"]));
    tasks.handle(subscribed("t", "s1"), at(1));
    let actions = tasks.handle(add(instance("t", 2, &["s2", "s3"])), at(2));
    assert!(actions.contains(&Action::Unsubscribe { task: "t".into(), subscription: subscription("t", "s1") }));
    assert!(actions.iter().any(|a| matches!(a, Action::Subscribe { input: i, .. } if i.id == "s3")));
    assert!(!actions.iter().any(|a| matches!(a, Action::Stop { .. } | Action::Start { .. })));
}

#[test]
fn subscription_that_arrives_too_late_is_cancelled() {
    let (mut tasks, _) = running(10, instance("t", 1, &["s1"]));
    tasks.handle(add(instance("t", 2, &[])), at(1));
    let actions = tasks.handle(subscribed("t", "s1"), at(2));
    assert!(actions.contains(&Action::Unsubscribe { task: "t".into(), subscription: subscription("t", "s1") }));
    let mut tasks = worker(1);
    let actions = tasks.handle(subscribed("gone", "s1"), at(2));
    assert_eq!(actions, [Action::Unsubscribe { task: "gone".into(), subscription: subscription("gone", "s1") }]);
}

#[test]
fn lost_subscription_is_asked_for_again() {
    let (mut tasks, _) = running(10, instance("t", 1, &["s1"]));
    tasks.handle(subscribed("t", "s1"), at(1));
    let lost = Event::SubscriptionLost { task: "t".into(), subscription: subscription("t", "s1") };
    let actions = tasks.handle(lost, at(2));
    assert!(actions.iter().any(|a| matches!(a, Action::Subscribe { input: i, .. } if i.id == "s1")));
}

#[test]
fn instance_reached_elsewhere_after_a_restart_is_subscribed_anew() {
    let (mut tasks, run) = running(10, instance("t", 1, &["s1"]));
    tasks.handle(subscribed("t", "s1"), at(1));
    tasks.handle(exited("t", run), at(2));
    let run = start_run(&tasks.handle(Event::Tick, at(4))).unwrap();
    let address = Address { reference: "http://host/elsewhere".into(), container: String::new(), adopted: false };
    let actions = tasks.handle(Event::Started { task: "t".into(), run, address }, at(4));
    assert!(actions.contains(&Action::Unsubscribe { task: "t".into(), subscription: subscription("t", "s1") }));
    assert!(
        actions.iter().any(|a| matches!(a, Action::Subscribe { reference, .. } if reference.ends_with("elsewhere")))
    );
}

#[test]
fn instance_that_starts_anew_is_told_how_its_inputs_stand_and_an_adopted_one_is_not() {
    for adopted in [false, true] {
        let (mut tasks, _) = running(10, instance("t", 1, &["s1"]));
        tasks.handle(subscribed("t", "s1"), at(1));
        let mut again = worker(10);
        let run = start_run(&again.restore(vec![tasks.stored(&"t".into()).unwrap()], at(2))).unwrap();
        let address = Address { reference: "http://host/t".into(), container: String::new(), adopted };
        let actions = again.handle(Event::Started { task: "t".into(), run, address }, at(2));
        let subscribes = actions.iter().any(|action| matches!(action, Action::Subscribe { .. }));
        let cancels = actions.iter().any(|action| matches!(action, Action::Unsubscribe { .. }));
        assert_eq!((subscribes, cancels), (!adopted, !adopted));
    }
}
