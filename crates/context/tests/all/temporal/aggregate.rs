use std::collections::BTreeMap;

use context::temporal::aggregate;
use ngsi::ld::temporal::{Duration, Instance, Method, Relation, TimeProperty, Window};
use ngsi::{Name, Timestamp};
use proptest::prelude::*;

use super::{at, instance};

const ALL: [Method; 8] = [
    Method::TotalCount,
    Method::DistinctCount,
    Method::Sum,
    Method::Avg,
    Method::Min,
    Method::Max,
    Method::Stddev,
    Method::Sumsq,
];

fn of_modification(relation: Option<Relation>) -> Window {
    Window { property: TimeProperty::ModifiedAt, relation, last: None }
}

/// The figures of all instances together.
fn figures(values: &[&str], value_type: &str) -> Vec<(&'static str, String)> {
    let series: Vec<_> = (1..)
        .zip(values)
        .map(|(number, value)| {
            let mut instance = instance("a", number, None, value);
            instance.attribute.value_type = Name::from(value_type);
            instance
        })
        .collect();
    let results = aggregate(&series, &ALL, Duration::default(), &of_modification(None));
    results.iter().map(|result| (result.method.name(), result.periods[0].0.as_str().to_owned())).collect()
}

fn expect(values: &[&str], value_type: &str, expected: &[(&'static str, &str)]) {
    let expected: Vec<_> = expected.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    assert_eq!(figures(values, value_type), expected, "{values:?} {value_type}");
}

#[test]
fn values_of_each_kind_admit_what_makes_sense() {
    expect(
        &["2", "4", "4", "4", "5", "5", "7", "9"],
        "",
        &[
            ("totalCount", "8"),
            ("distinctCount", "5"),
            ("sum", "40"),
            ("avg", "5"),
            ("min", "2"),
            ("max", "9"),
            ("stddev", "2"),
            ("sumsq", "232"),
        ],
    );
    let of_ones = [("sum", "1"), ("avg", "0.5"), ("min", "0"), ("max", "1"), ("stddev", "0.5"), ("sumsq", "1")];
    expect(&["true", "false"], "", &[&[("totalCount", "2"), ("distinctCount", "2")], &of_ones[..]].concat());
    expect(
        &["[1,2,3]", "[4]"],
        "",
        &[
            ("totalCount", "2"),
            ("distinctCount", "2"),
            ("sum", "4"),
            ("avg", "2"),
            ("min", "1"),
            ("max", "3"),
            ("stddev", "1"),
            ("sumsq", "10"),
        ],
    );
    let counted = [("totalCount", "2"), ("distinctCount", "2")];
    expect(&[r#""b""#, r#""a""#], "", &[&counted[..], &[("min", r#""a""#), ("max", r#""b""#)]].concat());
    expect(&[r#""urn:b""#, r#""urn:a""#], "Relationship", &counted);
    expect(&[r#"{"a":1}"#, r#"{"a":2}"#], "", &counted);
    expect(&[r#"{"en":"a"}"#, r#"{"en":"b"}"#], "LanguageProperty", &counted);
}

#[test]
fn periods_begin_with_the_window() {
    let series: Vec<_> = [10, 11, 14].map(|number| instance("a", number, None, "1")).into();
    let two = Duration::parse("PT2S").unwrap();
    for (relation, duration, expected) in [
        (None, two, vec![(10, 12), (14, 16)]),
        (Some(Relation::After(at(9))), two, vec![(9, 11), (11, 13), (13, 15)]),
        (Some(Relation::Between(at(0), at(100))), Duration::default(), vec![(0, 100)]),
        (Some(Relation::Before(at(50))), Duration::default(), vec![(10, 50)]),
        (Some(Relation::After(at(9))), Duration::default(), vec![(9, 14)]),
    ] {
        let results = aggregate(&series, &[Method::TotalCount], duration, &of_modification(relation));
        let seconds = |time: Timestamp| time.as_micros() / 1_000_000;
        let periods: Vec<_> = results[0].periods.iter().map(|(_, from, to)| (seconds(*from), seconds(*to))).collect();
        assert_eq!(periods, expected, "{relation:?} {duration:?}");
    }
}

fn deviation(numbers: &[f64]) -> f64 {
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    (numbers.iter().map(|number| (number - mean) * (number - mean)).sum::<f64>() / numbers.len() as f64).sqrt()
}

fn naive(method: Method, numbers: &[f64]) -> f64 {
    let count = numbers.len() as f64;
    match method {
        Method::TotalCount => count,
        Method::DistinctCount => {
            let mut sorted = numbers.to_vec();
            sorted.sort_by(f64::total_cmp);
            sorted.dedup();
            sorted.len() as f64
        }
        Method::Sum => numbers.iter().sum(),
        Method::Avg => numbers.iter().sum::<f64>() / count,
        Method::Min => numbers.iter().copied().fold(f64::MAX, f64::min),
        Method::Max => numbers.iter().copied().fold(f64::MIN, f64::max),
        Method::Stddev => deviation(numbers),
        Method::Sumsq => numbers.iter().map(|number| number * number).sum(),
    }
}

proptest! {
    #[test]
    fn figures_are_those_of_the_values_in_each_period(
        values in proptest::collection::vec((0..40_u64, -50..50_i32), 1..30), seconds in 1..9_i64, from in 0..20_i64
    ) {
        let series: Vec<Instance> =
            values.iter().map(|(time, value)| instance("a", *time, None, &value.to_string())).collect();
        let window = of_modification(Some(Relation::After(at(from - 1))));
        let series: Vec<_> = series.into_iter().filter(|instance| window.covers(instance)).collect();
        let mut periods: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
        for (time, value) in &values {
            let time = i64::try_from(*time).unwrap();
            if time >= from {
                periods.entry((time - (from - 1)) / seconds).or_default().push(f64::from(*value));
            }
        }
        let duration = Duration::parse(&format!("PT{seconds}S")).unwrap();
        for result in aggregate(&series, &ALL, duration, &window) {
            prop_assert_eq!(result.periods.len(), periods.len());
            for ((figure, begin, end), (index, numbers)) in result.periods.iter().zip(&periods) {
                let figure: f64 = figure.read().unwrap();
                let expected = naive(result.method, numbers);
                prop_assert!((figure - expected).abs() < 1e-6, "{:?}: {} {}", result.method, figure, expected);
                prop_assert_eq!((*begin, *end), (at(from - 1 + index * seconds), at(from - 1 + (index + 1) * seconds)));
            }
        }
    }
}
