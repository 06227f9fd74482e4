use std::collections::{BTreeMap, BTreeSet};

use context::temporal::{Selected, Selection, bound};
use ngsi::ld::temporal::{Evolution, Instance, Relation, TimeProperty, Window};
use ngsi::{Name, Timestamp};
use proptest::prelude::*;

use super::{at, instance, subject};

fn windows() -> impl Strategy<Value = Window> {
    let property = prop_oneof![Just(TimeProperty::ObservedAt), Just(TimeProperty::ModifiedAt)];
    let relation = prop_oneof![
        Just(None),
        (0..12_i64).prop_map(|time| Some(Relation::Before(at(time)))),
        (0..12_i64).prop_map(|time| Some(Relation::After(at(time)))),
        (0..12_i64, 1..8_i64).prop_map(|(from, length)| Some(Relation::Between(at(from), at(from + length)))),
    ];
    let last = proptest::option::of(1..4_usize);
    (property, relation, last).prop_map(|(property, relation, last)| Window { property, relation, last })
}

/// Series after series, in the order of recording.
fn recorded() -> impl Strategy<Value = Vec<Instance>> {
    let observed = proptest::option::weighted(0.8, 0..12_i64);
    let series = proptest::collection::vec(observed, 0..12);
    proptest::collection::vec(series, 0..4).prop_map(|all| {
        let mut number = 0;
        let named = all.into_iter().zip(["a", "b", "c"]);
        named
            .flat_map(|(series, name)| series.into_iter().map(move |observed| (name, observed)))
            .map(|(name, observed)| {
                number += 1;
                instance(name, number, observed, "1")
            })
            .collect()
    })
}

fn time(window: &Window, instance: &Instance) -> Option<Timestamp> {
    let time = match window.property {
        TimeProperty::ObservedAt => instance.observed_at(),
        _ => Some(instance.attribute.modified_at),
    };
    if window.relation.is_none() { time.or(Some(instance.attribute.modified_at)) } else { time }
}

/// What the window covers, by series, latest first.
fn naive(window: &Window, all: &[Instance]) -> Vec<Instance> {
    let mut series: BTreeMap<&str, Vec<&Instance>> = BTreeMap::new();
    for instance in all {
        let Some(time) = time(window, instance) else { continue };
        let lies_right = match window.relation {
            None => true,
            Some(Relation::Before(to)) => time < to,
            Some(Relation::After(from)) => time > from,
            Some(Relation::Between(from, to)) => from <= time && time < to,
        };
        if lies_right {
            series.entry(instance.attribute.name.as_str()).or_default().push(instance);
        }
    }
    let mut kept = Vec::new();
    for series in series.values_mut() {
        series.sort_by_key(|instance| std::cmp::Reverse((time(window, instance), instance.number)));
        kept.extend(series.iter().take(window.last.unwrap_or(usize::MAX)).copied().cloned());
    }
    kept
}

fn numbers(instances: &[Instance]) -> Vec<u64> {
    let mut numbers: Vec<_> = instances.iter().map(|instance| instance.number).collect();
    numbers.sort_unstable();
    numbers
}

fn select(window: Window, all: &[Instance], most: usize) -> (Vec<Instance>, Option<Timestamp>) {
    let (evolution, horizon) = read(window, all, most);
    (evolution.instances, horizon)
}

fn read(window: Window, all: &[Instance], most: usize) -> (Evolution, Option<Timestamp>) {
    let mut selection = Selection::new(window, most);
    all.iter().cloned().for_each(|instance| selection.add(instance));
    let Selected { instances, horizon, beyond } = selection.finish();
    (Evolution { subject: subject("urn:e"), instances, beyond }, horizon)
}

fn names(instances: &[Instance]) -> BTreeSet<Name> {
    instances.iter().map(|instance| instance.attribute.name.clone()).collect()
}

proptest! {
    #[test]
    fn what_the_window_covers_is_selected(window in windows(), all in recorded()) {
        let (selected, horizon) = select(window, &all, 1_000);
        prop_assert_eq!(numbers(&selected), numbers(&naive(&window, &all)));
        prop_assert_eq!(horizon, None);
        let sorted = selected.is_sorted_by(|one, other| {
            one.attribute.name < other.attribute.name || one.is_of_series(other) && window.compare(one, other).is_lt()
        });
        prop_assert!(sorted);
    }

    #[test]
    fn too_many_are_cut_between_two_times(window in windows(), all in recorded(), most in 1..8_usize) {
        let (selected, horizon) = select(window, &all, most);
        let covered = naive(&window, &all);
        let Some(horizon) = horizon else {
            prop_assert_eq!(numbers(&selected), numbers(&covered));
            return Ok(());
        };
        prop_assert!(covered.len() > selected.len() || selected.len() > most);
        let is_within = |instance: &&Instance| window.compare_times(time(&window, instance).unwrap(), horizon).is_le();
        let within: Vec<_> = covered.iter().filter(is_within).cloned().collect();
        prop_assert_eq!(numbers(&selected), numbers(&within));
        let of_one_time = selected.iter().all(|instance| time(&window, instance) == Some(horizon));
        prop_assert!(!selected.is_empty() && (selected.len() <= most || of_one_time));
    }

    #[test]
    fn answers_one_after_another_hold_everything_once(
        all in recorded(), others in recorded(), most in 1..8_usize
    ) {
        let mut window = Window { property: TimeProperty::ModifiedAt, relation: Some(Relation::After(at(-1))), last: None };
        let mut seen = Vec::new();
        loop {
            let mut page = [&all, &others].map(|all| read(window, all, most));
            let covered = bound(&mut page, &window, most);
            for ((evolution, _), all) in page.iter().zip([&all, &others]) {
                let told = [names(&evolution.instances), names(&evolution.beyond)];
                prop_assert!(told[0].is_disjoint(&told[1]));
                prop_assert_eq!(&told[0] | &told[1], names(&naive(&window, all)));
            }
            let instances: Vec<_> = page.into_iter().flat_map(|(evolution, _)| evolution.instances).collect();
            seen.extend(numbers(&instances));
            let Some(covered) = covered else { break };
            prop_assert!(!instances.is_empty());
            prop_assert_eq!(Some(Relation::After(covered.from)), window.relation);
            window.relation = Some(Relation::After(covered.to));
        }
        seen.sort_unstable();
        let mut expected = [numbers(&all), numbers(&others)].concat();
        expected.sort_unstable();
        prop_assert_eq!(seen, expected);
    }
}

#[test]
fn backwards_the_range_begins_at_the_latest() {
    let all: Vec<_> = (1..=9).map(|number| instance("a", number, None, "1")).collect();
    for (relation, from) in [
        (None, at(9)),
        (Some(Relation::Before(at(20))), at(20)),
        (Some(Relation::Between(at(0), at(30))), at(30)),
        (Some(Relation::After(at(0))), at(9)),
    ] {
        let window = Window { property: TimeProperty::ModifiedAt, relation, last: Some(8) };
        let mut page = [read(window, &all, 3)];
        let covered = bound(&mut page, &window, 3).unwrap();
        assert_eq!((covered.from, covered.to), (from, at(7)), "{relation:?}");
        let left: Vec<_> = page[0].0.instances.iter().map(|instance| instance.number).collect();
        assert_eq!(left, [9, 8, 7]);
    }
}
