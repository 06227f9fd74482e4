//! NGSI-9 and NGSI-10 in JSON.
//!
//! Requests are parsed with [`crate::json::parse`]. Every list may be absent or `null`, unknown members are ignored.

mod element;
mod legacy;
pub mod ngsi10;
pub mod ngsi9;
mod status;

pub use element::{ContextAttribute, ContextElement, ContextMetadata, write_attribute, write_element};
pub use legacy::write_legacy;
pub use status::StatusCode;

pub use crate::scope::{OperationScope, Restriction};
pub use crate::selector::EntityRef;

/// `User-Agent` by which one broker tells another that a request must be answered from local entities only.
pub const BROKER_USER_AGENT: &str = "lightweight-iot-broker";

/// Parses an ISO 8601 duration such as `PT10M` or `P1DT2H`; weeks, days, hours, minutes and seconds are understood,
/// months count 30 days and years 365. A bare number is seconds.
#[must_use]
pub fn parse_duration(text: &str) -> Option<std::time::Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(std::time::Duration::from_secs(seconds));
    }
    let mut seconds = 0_f64;
    let (mut in_time, mut number) = (false, String::new());
    for letter in text.strip_prefix('P')?.chars() {
        match letter {
            'T' if !in_time && number.is_empty() => in_time = true,
            '0'..='9' | '.' => number.push(letter),
            unit => {
                let factor = match (unit, in_time) {
                    ('Y', false) => 365.0 * 86_400.0,
                    ('M', false) => 30.0 * 86_400.0,
                    ('W', false) => 7.0 * 86_400.0,
                    ('D', false) => 86_400.0,
                    ('H', true) => 3_600.0,
                    ('M', true) => 60.0,
                    ('S', true) => 1.0,
                    _ => return None,
                };
                seconds += number.parse::<f64>().ok()? * factor;
                number.clear();
            }
        }
    }
    if number.is_empty() { std::time::Duration::try_from_secs_f64(seconds).ok() } else { None }
}
