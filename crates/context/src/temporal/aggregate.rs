//! Figures over periods of an evolution (ETSI GS CIM 009, 4.5.19).

use std::collections::HashSet;

use ngsi::ld::AttributeType;
use ngsi::ld::temporal::{Aggregated, Duration, Instance, Method, Relation, Window};
use ngsi::{JsonText, Timestamp};
use serde_json::Value;

use crate::history;

/// Works out figures of one series, for periods that follow one another from the begin of the window, or else from the first
/// instance; of length zero, for all in one. A method that the values do not admit gives nothing.
///
/// Numbers are themselves, `true` and `false` 1 and 0, an array its length. Strings have a least and a greatest; everything else is
/// only counted.
#[must_use]
pub fn aggregate(series: &[Instance], methods: &[Method], duration: Duration, window: &Window) -> Vec<Aggregated> {
    let mut timed: Vec<_> = series
        .iter()
        .filter(|instance| instance.deleted_at.is_none())
        .filter_map(|instance| Some((window.time(instance)?, instance)))
        .collect();
    timed.sort_by_key(|(time, _)| *time);
    let mut results: Vec<_> =
        methods.iter().map(|method| Aggregated { method: *method, periods: Vec::new() }).collect();
    let mut rest = timed.as_slice();
    while let (Some((first, _)), Some((last, _))) = (rest.first(), rest.last()) {
        let (from, to) = if duration.is_zero() {
            (begin(window).unwrap_or(*first), end(window).unwrap_or(*last))
        } else {
            duration.period(begin(window).unwrap_or(timed[0].0), *first)
        };
        let length = if duration.is_zero() { rest.len() } else { rest.partition_point(|(time, _)| *time < to) };
        let (period, later) = rest.split_at(length.max(1));
        let values: Vec<_> = period.iter().map(|(_, instance)| *instance).collect();
        for result in &mut results {
            if let Some(figure) = figure(result.method, &values) {
                result.periods.push((figure, from, to));
            }
        }
        rest = later;
    }
    results.retain(|result| !result.periods.is_empty());
    results
}

fn begin(window: &Window) -> Option<Timestamp> {
    match window.relation? {
        Relation::After(from) | Relation::Between(from, _) => Some(from),
        Relation::Before(_) => None,
    }
}

fn end(window: &Window) -> Option<Timestamp> {
    match window.relation? {
        Relation::Before(to) | Relation::Between(_, to) => Some(to),
        Relation::After(_) => None,
    }
}

fn figure(method: Method, values: &[&Instance]) -> Option<JsonText> {
    match method {
        Method::TotalCount => Some(count(values.len())),
        Method::DistinctCount => {
            let distinct: HashSet<_> = values.iter().map(|instance| &instance.attribute.value).collect();
            Some(count(distinct.len()))
        }
        Method::Min | Method::Max => extreme(method, values),
        Method::Sum => of_numbers(values, |numbers| numbers.iter().sum()),
        Method::Avg => of_numbers(values, mean),
        Method::Sumsq => of_numbers(values, |numbers| numbers.iter().map(|number| number * number).sum()),
        Method::Stddev => of_numbers(values, |numbers| {
            let mean = mean(numbers);
            let squares: Vec<_> = numbers.iter().map(|number| (number - mean).powi(2)).collect();
            self::mean(&squares).sqrt()
        }),
    }
}

fn count(count: usize) -> JsonText {
    JsonText::from(Value::from(count))
}

fn of_numbers(values: &[&Instance], work_out: impl FnOnce(&[f64]) -> f64) -> Option<JsonText> {
    let numbers: Vec<_> = values.iter().filter_map(|instance| number(instance)).collect();
    (!numbers.is_empty()).then(|| written(work_out(&numbers))).flatten()
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

/// A number that is whole is written without a fraction.
fn written(number: f64) -> Option<JsonText> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT {
        return format!("{number:.0}").parse::<i64>().ok().map(|whole| JsonText::from(Value::from(whole)));
    }
    serde_json::Number::from_f64(number).map(|number| JsonText::from(Value::Number(number)))
}

fn number(instance: &Instance) -> Option<f64> {
    let attribute = &instance.attribute;
    if !matches!(
        AttributeType::of_value_type(attribute.value_type.as_str()),
        AttributeType::Property | AttributeType::ListProperty
    ) {
        return None;
    }
    match attribute.value.as_str() {
        "true" => Some(1.0),
        "false" => Some(0.0),
        array if array.starts_with('[') => attribute.value.read::<Vec<serde::de::IgnoredAny>>().map(|a| a.len() as f64),
        _ => history::number(attribute),
    }
}

fn extreme(method: Method, values: &[&Instance]) -> Option<JsonText> {
    let greatest = method == Method::Max;
    if values.iter().any(|instance| number(instance).is_some()) {
        let choose = if greatest { f64::max } else { f64::min };
        return of_numbers(values, |numbers| numbers.iter().copied().reduce(choose).unwrap_or_default());
    }
    let plain = |instance: &&&Instance| instance.attribute.value_type.as_str().is_empty() || !is_reference(instance);
    let texts = values.iter().filter(plain).filter_map(|instance| instance.attribute.value.as_string());
    let text = if greatest { texts.max() } else { texts.min() };
    text.map(|text| JsonText::string(&text))
}

fn is_reference(instance: &Instance) -> bool {
    AttributeType::of_value_type(instance.attribute.value_type.as_str()) != AttributeType::Property
}
