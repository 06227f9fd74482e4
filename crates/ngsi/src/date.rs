//! ISO 8601 dates and times as clients of every dialect write them.

use time::{Date, Month};

use crate::Timestamp;

const MICROS_PER_SECOND: i64 = 1_000_000;
const DAY_MICROS: i64 = 86_400 * MICROS_PER_SECOND;
/// The Julian day of 1 January 1970.
const UNIX_EPOCH_DAY: i64 = 2_440_588;

/// Whether values of this type are times.
#[must_use]
pub fn is_date(value_type: &str) -> bool {
    matches!(value_type, "DateTime" | "ISO8601")
}

/// The instant of `YYYY-MM-DD` or `YYYYMMDD`, optionally with `Thh`, `Thh:mm`, `Thh:mm:ss` or `Thh:mm:ss.s…` and then `Z`,
/// `±hh`, `±hh:mm`; the colons may be left out. Without a time zone it is UTC. `None` for any other text.
#[must_use]
pub fn parse(text: &str) -> Option<Timestamp> {
    let (date, micros) = match text.split_once('T') {
        Some((date, time)) => (date, time_of_day(time)?),
        None => (text, 0),
    };
    Some(Timestamp::from_micros(day(date.as_bytes())? * DAY_MICROS + micros))
}

/// The same day and time so many months later, or the last day of a month that is shorter; the last time there is beyond the
/// year 9999.
#[must_use]
pub fn months_after(time: Timestamp, months: i64) -> Timestamp {
    later(time, months).unwrap_or(Timestamp::from_micros(i64::MAX))
}

fn later(time: Timestamp, months: i64) -> Option<Timestamp> {
    let day = time.as_micros().div_euclid(DAY_MICROS);
    let date = Date::from_julian_day(i32::try_from(day + UNIX_EPOCH_DAY).ok()?).ok()?;
    let month = (i64::from(date.year()) * 12 + i64::from(u8::from(date.month())) - 1).checked_add(months)?;
    let (year, month) = (i32::try_from(month.div_euclid(12)).ok()?, u8::try_from(month.rem_euclid(12) + 1).ok()?);
    let month = Month::try_from(month).ok()?;
    let date = Date::from_calendar_date(year, month, date.day().min(month.length(year))).ok()?;
    let day = i64::from(date.to_julian_day()) - UNIX_EPOCH_DAY;
    Some(Timestamp::from_micros(day * DAY_MICROS + time.as_micros().rem_euclid(DAY_MICROS)))
}

/// Microseconds since midnight UTC of `hh:mm:ssZ` or `hh:mm:ss.s…Z`, the times of NGSI-LD (ETSI GS CIM 009, 4.6.3). `None` for any
/// other text.
#[must_use]
pub fn parse_time(text: &str) -> Option<i64> {
    let clock = text.strip_suffix('Z').filter(|clock| clock.get(2..3) == Some(":") && clock.len() >= 8)?;
    clock_micros(clock)
}

/// Days since the epoch.
fn day(text: &[u8]) -> Option<i64> {
    let (&[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] | &[y1, y2, y3, y4, m1, m2, d1, d2]) = text else { return None };
    let year = two_digits(y1, y2)? * 100 + two_digits(y3, y4)?;
    let month = Month::try_from(u8::try_from(two_digits(m1, m2)?).ok()?).ok()?;
    let date = Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(two_digits(d1, d2)?).ok()?);
    Some(i64::from(date.ok()?.to_julian_day()) - UNIX_EPOCH_DAY)
}

/// Microseconds from midnight UTC; the zone may move it out of the day.
fn time_of_day(text: &str) -> Option<i64> {
    let zone_at = text.find(['Z', '+', '-']).unwrap_or(text.len());
    let (clock, zone) = text.split_at(zone_at);
    Some(clock_micros(clock)? - zone_seconds(zone)? * MICROS_PER_SECOND)
}

fn clock_micros(text: &str) -> Option<i64> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let micros = match fraction {
        Some(fraction) if whole.len() >= 6 => fraction_micros(fraction)?,
        Some(_) => return None,
        None => 0,
    };
    Some(seconds(whole.as_bytes())? * MICROS_PER_SECOND + micros)
}

fn fraction_micros(digits: &str) -> Option<i64> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let padded = digits.bytes().chain(std::iter::repeat(b'0')).take(6);
    Some(padded.fold(0, |micros, digit| micros * 10 + i64::from(digit - b'0')))
}

fn seconds(clock: &[u8]) -> Option<i64> {
    let (hour, minute, second) = match *clock {
        [a, b] => (two_digits(a, b)?, 0, 0),
        [a, b, c, d] | [a, b, b':', c, d] => (two_digits(a, b)?, two_digits(c, d)?, 0),
        [a, b, c, d, e, f] | [a, b, b':', c, d, b':', e, f] => {
            (two_digits(a, b)?, two_digits(c, d)?, two_digits(e, f)?)
        }
        _ => return None,
    };
    (hour < 24 && minute < 60 && second < 60).then_some((hour * 60 + minute) * 60 + second)
}

fn zone_seconds(text: &str) -> Option<i64> {
    match text.as_bytes() {
        [] | [b'Z'] => Some(0),
        [b'+', offset @ ..] if offset.len() <= 5 => seconds(offset),
        [b'-', offset @ ..] if offset.len() <= 5 => seconds(offset).map(|seconds| -seconds),
        _ => None,
    }
}

fn two_digits(tens: u8, ones: u8) -> Option<i64> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
}
