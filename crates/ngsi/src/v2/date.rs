//! ISO 8601 dates and times, brought to one form: UTC with milliseconds.

use time::{Date, Month, PrimitiveDateTime, Time, UtcOffset};

use crate::Timestamp;

/// Whether values of this type are times.
#[must_use]
pub fn is_date(value_type: &str) -> bool {
    matches!(value_type, "DateTime" | "ISO8601")
}

/// Reads `2017-06-17`, `2017-06-17T07:21:24.238Z`, `20170617T0721+02` and what lies between; without a zone UTC is meant.
#[must_use]
pub fn parse(text: &str) -> Option<Timestamp> {
    let (date, rest) = match text.split_once('T') {
        Some((date, rest)) => (date, Some(rest)),
        None => (text, None),
    };
    let date = parse_date(date)?;
    let (time, offset) = match rest {
        None => (Time::MIDNIGHT, UtcOffset::UTC),
        Some(rest) => {
            let zone = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
            (parse_time(&rest[..zone])?, parse_zone(&rest[zone..])?)
        }
    };
    let at = PrimitiveDateTime::new(date, time).assume_offset(offset);
    i64::try_from(at.unix_timestamp_nanos() / 1_000).ok().map(Timestamp::from_micros)
}

fn parse_date(text: &str) -> Option<Date> {
    let [year, month, day] = match text.len() {
        10 if text.is_ascii() && &text[4..5] == "-" && &text[7..8] == "-" => [&text[..4], &text[5..7], &text[8..]],
        8 if text.is_ascii() => [&text[..4], &text[4..6], &text[6..]],
        _ => return None,
    };
    let month = Month::try_from(u8::try_from(digits(month)?).ok()?).ok()?;
    Date::from_calendar_date(i32::try_from(digits(year)?).ok()?, month, u8::try_from(digits(day)?).ok()?).ok()
}

fn parse_time(text: &str) -> Option<Time> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let parts = pairs(whole)?;
    let [hour, minute, second] = match parts.as_slice() {
        [hour] => [*hour, 0, 0],
        [hour, minute] => [*hour, *minute, 0],
        [hour, minute, second] => [*hour, *minute, *second],
        _ => return None,
    };
    let fraction = fraction.get(..9).unwrap_or(fraction);
    let nanos = digits(fraction)? * 10_u32.pow(9 - u32::try_from(fraction.len()).ok()?);
    Time::from_hms_nano(hour, minute, second, nanos).ok()
}

fn parse_zone(text: &str) -> Option<UtcOffset> {
    if matches!(text, "" | "Z") {
        return Some(UtcOffset::UTC);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let [hours, minutes] = match pairs(text.get(1..)?)?.as_slice() {
        [hours] => [*hours, 0],
        [hours, minutes] => [*hours, *minutes],
        _ => return None,
    };
    UtcOffset::from_hms(sign * i8::try_from(hours).ok()?, sign * i8::try_from(minutes).ok()?, 0).ok()
}

/// Two-digit numbers, all or none of them with `:` between.
fn pairs(text: &str) -> Option<Vec<u8>> {
    let number = |pair: &str| (pair.len() == 2).then(|| digits(pair)).flatten().and_then(|n| u8::try_from(n).ok());
    if text.contains(':') {
        return text.split(':').map(number).collect();
    }
    if !text.is_ascii() || text.len() > 6 {
        return None;
    }
    (0..text.len()).step_by(2).map(|start| number(text.get(start..start + 2)?)).collect()
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
