//! Changes to a subscription: `PATCH`.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{Kind, Problem, Subscription};
use crate::json;

type Members<'a> = BTreeMap<String, &'a RawValue>;

/// Members of which at most one stands in a notification, so that a new one takes the place of the others.
const EXCLUSIVE: [&[&str]; 2] = [&["http", "httpCustom", "mqtt", "mqttCustom"], &["attrs", "exceptAttrs"]];

/// What a notification tells of itself, and clients write back with it.
const TOLD: [&str; 7] = [
    "timesSent",
    "lastNotification",
    "lastSuccess",
    "lastSuccessCode",
    "lastFailure",
    "lastFailureReason",
    "failsCounter",
];

/// The subscription with the members of a `PATCH` in the place of its own; those of `subject` and `notification` one by one.
///
/// # Errors
/// As [`Subscription::parse`]; nothing is named that is not wrong in the outcome.
pub fn merged(present: &Subscription, patch: &[u8]) -> Result<Subscription, Problem> {
    json::check_depth(patch)?;
    let wrong = |error: serde_json::Error| {
        let kind = if error.is_data() { Kind::BadRequest } else { Kind::ParseError };
        Problem::new(kind, format!("the body: {error}"))
    };
    let broken = |error: serde_json::Error| Problem::new(Kind::ServiceUnavailable, error.to_string());
    let present = serde_json::to_vec(present).map_err(broken)?;
    let mut members: Members<'_> = serde_json::from_slice(&present).map_err(broken)?;
    let patch: Members<'_> = serde_json::from_slice(patch).map_err(wrong)?;
    if patch.is_empty() {
        return Err(Problem::bad_request("the body: names no member"));
    }
    let mut parts = Vec::new();
    for (name, exclusive) in [("subject", &[][..]), ("notification", &EXCLUSIVE[..])] {
        if let (Some(present), Some(given)) = (members.get(name), patch.get(name)) {
            parts.push((name, part(name, present, given, exclusive)?));
        }
    }
    members.extend(patch);
    members.extend(parts.iter().map(|(name, part)| ((*name).to_owned(), &**part)));
    Subscription::parse(&serde_json::to_vec(&members).map_err(broken)?)
}

fn part(name: &str, present: &RawValue, given: &RawValue, exclusive: &[&[&str]]) -> Result<Box<RawValue>, Problem> {
    let wrong = |_| Problem::bad_request(format!("{name}: must be an object"));
    let mut members: Members<'_> = serde_json::from_str(present.get()).map_err(wrong)?;
    let mut given: Members<'_> = serde_json::from_str(given.get()).map_err(wrong)?;
    given.retain(|member, _| name != "notification" || !TOLD.contains(&member.as_str()));
    for group in exclusive {
        if group.iter().any(|member| given.contains_key(*member)) {
            members.retain(|member, _| !group.contains(&member.as_str()));
        }
    }
    members.extend(given);
    serde_json::value::to_raw_value(&members).map_err(wrong)
}
