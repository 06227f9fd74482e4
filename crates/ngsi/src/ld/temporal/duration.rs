//! Durations as `aggrPeriodDuration` has them (ETSI GS CIM 009, 4.5.19.0): `P1Y2M3DT4H5M6S` or `P2W` (ISO 8601).

use crate::{ParseError, Timestamp, date};

const MICROS: i64 = 1_000_000;
/// A month in the calendar has at least so many.
const SHORTEST_MONTH: i64 = 28 * DAY;
const DAY: i64 = 86_400 * MICROS;

/// A duration: months of the calendar, and microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Duration {
    months: i64,
    micros: i64,
}

impl Duration {
    /// Reads a duration.
    ///
    /// # Errors
    /// Without a path, when it is of another form or longer than ten thousand years.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Self::read(text).ok_or_else(|| {
            ParseError::new("aggrPeriodDuration", format!("must be a duration such as PT1H or P1D, is {text:?}"))
        })
    }

    fn read(text: &str) -> Option<Self> {
        const LONGEST: i64 = 10_000 * 366 * DAY;
        let body = text.strip_prefix('P')?;
        let (date, time) = match body.split_once('T') {
            Some((_, "")) => return None,
            Some((date, time)) => (date, time),
            None => (body, ""),
        };
        if date.is_empty() && time.is_empty() {
            return None;
        }
        let [years, months, weeks, days] = parts(date, ['Y', 'M', 'W', 'D'], MICROS)?;
        let [hours, minutes, seconds] = parts(time, ['H', 'M', 'S'], MICROS)?;
        let whole = |micros: i64| (micros % MICROS == 0).then_some(micros / MICROS);
        let months = whole(years)?.checked_mul(12)?.checked_add(whole(months)?)?;
        let seconds = [(weeks, 7 * 86_400), (days, 86_400), (hours, 3_600), (minutes, 60), (seconds, 1)];
        let micros = seconds.iter().try_fold(0_i64, |sum, (count, of)| sum.checked_add(count.checked_mul(*of)?))?;
        (micros <= LONGEST && months <= 120_000).then_some(Self { months, micros })
    }

    /// Whether it is none at all: the whole range is meant.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self == Self::default()
    }

    /// The period that holds a time, when periods follow one another from `start`, which is not later: from, before.
    #[must_use]
    pub fn period(self, start: Timestamp, time: Timestamp) -> (Timestamp, Timestamp) {
        let shortest = self.months.saturating_mul(SHORTEST_MONTH).saturating_add(self.micros).max(1);
        let distance = time.as_micros().saturating_sub(start.as_micros());
        let (mut count, mut beyond) = (0, distance / shortest + 1);
        while beyond - count > 1 {
            let middle = count + (beyond - count) / 2;
            if self.times_after(start, middle) <= time { count = middle } else { beyond = middle }
        }
        (self.times_after(start, count), self.times_after(start, count + 1))
    }

    /// The time that is that long after another.
    #[must_use]
    pub fn after(self, start: Timestamp) -> Timestamp {
        self.times_after(start, 1)
    }

    fn times_after(self, start: Timestamp, count: i64) -> Timestamp {
        let months = date::months_after(start, self.months.saturating_mul(count));
        Timestamp::from_micros(months.as_micros().saturating_add(self.micros.saturating_mul(count)))
    }
}

/// The numbers before each of the letters, which stand in that order where they stand, in units.
fn parts<const N: usize>(mut text: &str, letters: [char; N], unit: i64) -> Option<[i64; N]> {
    let mut numbers = [0; N];
    for (number, letter) in numbers.iter_mut().zip(letters) {
        if let Some((digits, rest)) = text.split_once(letter) {
            *number = decimal(digits, unit)?;
            text = rest;
        }
    }
    text.is_empty().then_some(numbers)
}

fn decimal(digits: &str, unit: i64) -> Option<i64> {
    let (whole, fraction) = digits.split_once(['.', ',']).map_or((digits, None), |(w, f)| (w, Some(f)));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !fraction.is_none_or(is_number) {
        return None;
    }
    let mut micros = whole.parse::<i64>().ok()?.checked_mul(unit)?;
    let mut place = unit;
    for digit in fraction.unwrap_or_default().bytes() {
        place /= 10;
        micros = micros.checked_add(i64::from(digit - b'0') * place)?;
    }
    Some(micros)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn at(text: &str) -> Timestamp {
        date::parse(text).unwrap()
    }

    #[test]
    fn durations_are_read() {
        let micros = |seconds: i64| seconds * MICROS;
        for (text, months, micros) in [
            ("P3Y6M4DT12H30M5S", 42, micros(4 * 86_400 + 12 * 3_600 + 30 * 60 + 5)),
            ("P2W", 0, micros(14 * 86_400)),
            ("PT0S", 0, 0),
            ("P0D", 0, 0),
            ("PT0.25S", 0, 250_000),
            ("P1M", 1, 0),
            ("PT1M", 0, micros(60)),
        ] {
            assert_eq!(Duration::parse(text).unwrap(), Duration { months, micros }, "{text}");
        }
        for text in ["", "P", "PT", "1H", "P1H", "P-1D", "P1DT", "PT1H1", "P1M1Y", "P99999999999999999Y", "P1.5M"] {
            assert!(Duration::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn periods_follow_the_calendar() {
        let start = at("2020-01-31T00:00:00Z");
        for (duration, time, from, to) in [
            ("P1M", "2020-02-28T23:59:59Z", "2020-01-31", "2020-02-29"),
            ("P1M", "2020-02-29T00:00:00Z", "2020-02-29", "2020-03-31"),
            ("P1Y", "2024-01-31T00:00:00Z", "2024-01-31", "2025-01-31"),
            ("P1D", "2020-02-01T12:00:00Z", "2020-02-01", "2020-02-02"),
            ("P1D", "2020-01-31T00:00:00Z", "2020-01-31", "2020-02-01"),
            ("PT6H", "2020-01-31T13:00:00Z", "2020-01-31T12:00:00Z", "2020-01-31T18:00:00Z"),
        ] {
            let period = Duration::parse(duration).unwrap().period(start, at(time));
            assert_eq!(period, (at(from), at(to)), "{duration} {time}");
        }
    }
}
