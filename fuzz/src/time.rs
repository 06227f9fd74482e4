//! Dates, durations and the temporal parameters.

use ngsi::ld::temporal::{Duration, Instance, Window};
use ngsi::{Timestamp, date};

use crate::parts;
use crate::sample::{self, NOW};

pub(crate) fn date(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = date::parse_time(text);
    let _ = ngsi::v1::parse_duration(text);
    let Some(time) = date::parse(text) else { return };
    let printed = time.to_string();
    let in_millis = Timestamp::from_millis(time.as_micros().div_euclid(1_000));
    assert_eq!(date::parse(&printed), Some(in_millis), "{text} is {printed}");
    for months in [-1, 1, 12, i64::from(i32::MAX), i64::MAX, i64::MIN] {
        let moved = date::months_after(time, months);
        assert!(months < 0 || moved >= time);
    }
}

pub(crate) fn temporal(data: &[u8]) {
    let Some([property, relation, at, end, last, duration]) = parts::lines::<6>(data) else { return };
    let given = |text: &'static str, value| (text, Some(value).filter(|value: &&str| !value.is_empty()));
    let params = [
        given("timeproperty", property),
        given("timerel", relation),
        given("timeAt", at),
        given("endTimeAt", end),
        given("lastN", last),
    ];
    let window = Window::parse(|name| params.iter().find(|(param, _)| *param == name).and_then(|(_, value)| *value));
    if let Ok(window) = &window {
        let instance = Instance { number: 1, attribute: sample::entity().attributes.remove(0), deleted_at: None };
        let _ = (window.covers(&instance), window.time(&instance));
        let (from, to) = window.bounds();
        assert!(!window.covers(&instance) || from.is_none_or(|from| to.is_none_or(|to| from < to)));
    }
    let Ok(duration) = Duration::parse(duration) else { return };
    if !duration.is_zero() {
        let (from, to) = duration.period(Timestamp::default(), NOW);
        assert!(from <= NOW && NOW < to, "{NOW} is not in {from} to {to}");
    }
}
