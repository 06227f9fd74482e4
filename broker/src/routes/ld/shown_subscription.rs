//! A subscription as its owner sees it (ETSI GS CIM 009, 5.2.12 and 5.2.14).

use context::Subscribed;
use ngsi::Timestamp;
use ngsi::ld::Context;
use serde_json::{Map, Value, json};

use super::rendering::Answering;
use crate::Shared;
use crate::notifier::{Counters, Subscriber};

/// What is told when a subscription does not say (5.2.12).
const USUAL_TRIGGERS: [&str; 2] = ["attributeCreated", "attributeUpdated"];
/// What stands between names.
const OPERATORS: [char; 7] = [',', ';', '|', '(', ')', '{', '}'];

/// Appends it, with the `@context` of the answer where that is to be in the body.
pub(super) fn write(out: &mut Vec<u8>, broker: &Shared, subscriber: &Subscriber, answering: &Answering<'_>) {
    let Some(request) = subscriber.subscription().linked() else { return };
    let counters = subscriber.counters();
    let Ok(Value::Object(mut members)) = serde_json::to_value(&request.subscription) else { return };
    members.insert("status".to_owned(), json!(status(subscriber)));
    if subscriber.listens() {
        members.remove("isActive");
    }
    if subscriber.subscription().sources().is_none() {
        members.entry("notificationTrigger").or_insert_with(|| json!(USUAL_TRIGGERS));
    }
    let context = broker.contexts.at_hand(&request.context.to_value()).unwrap_or_else(Context::core);
    if let Some(url) = broker.contexts.implicit_url(&context) {
        members.entry("jsonldContext").or_insert_with(|| json!(url));
    }
    rename(&mut members, &|term| answering.compact(&request.expand(&context, term)).into_owned());
    if let Some(Value::Object(notification)) = members.get_mut("notification") {
        note(notification, &counters);
    }
    if answering.tells_times() {
        let created = subscriber.subscription().record.created_at;
        members.insert("createdAt".to_owned(), json!(created.brief()));
        members.insert("modifiedAt".to_owned(), json!(request.modified_at.unwrap_or(created).brief()));
    }
    if let Some(context) = answering.context_in_body().and_then(|text| serde_json::from_str(text).ok()) {
        members.insert("@context".to_owned(), context);
    }
    out.extend_from_slice(Value::Object(members).to_string().as_bytes());
}

/// Writes the names of types and attributes in the context of the answer.
fn rename(members: &mut Map<String, Value>, renamed: &dyn Fn(&str) -> String) {
    let each = |value: Option<&mut Value>| {
        for name in value.and_then(Value::as_array_mut).into_iter().flatten() {
            if let Value::String(name) = name {
                *name = in_expression(name, renamed);
            }
        }
    };
    each(members.get_mut("watchedAttributes"));
    if let Some(Value::Object(notification)) = members.get_mut("notification") {
        ["attributes", "pick", "omit"].into_iter().for_each(|member| each(notification.get_mut(member)));
    }
    for selector in members.get_mut("entities").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(Value::String(types)) = selector.get_mut("type") {
            *types = in_expression(types, renamed);
        }
    }
}

/// Renames every name of an expression, such as `(Home;Vehicle),Motorhome`.
fn in_expression(expression: &str, renamed: &dyn Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(expression.len());
    for part in expression.split_inclusive(OPERATORS) {
        let name = part.trim_end_matches(OPERATORS);
        let is_name = !matches!(name, "" | "*" | "id" | "type" | "scope");
        out.push_str(&if is_name { renamed(name) } else { name.to_owned() });
        out.push_str(&part[name.len()..]);
    }
    out
}

fn status(subscriber: &Subscriber) -> &'static str {
    if subscriber.subscription().is_expired(service::now()) {
        "expired"
    } else if !subscriber.listens() {
        "paused"
    } else {
        "active"
    }
}

/// How notifying has gone; nothing of that before the first notification.
fn note(notification: &mut Map<String, Value>, counters: &Counters) {
    if counters.times_sent == 0 {
        return;
    }
    let status = if counters.fails_counter > 0 { "failed" } else { "ok" };
    notification.insert("status".to_owned(), json!(status));
    notification.insert("timesSent".to_owned(), json!(counters.times_sent));
    if counters.times_failed > 0 {
        notification.insert("timesFailed".to_owned(), json!(counters.times_failed));
    }
    let moments = [
        ("lastNotification", counters.last_notification),
        ("lastSuccess", counters.last_success),
        ("lastFailure", counters.last_failure),
    ];
    for (name, moment) in moments {
        if let Some(moment) = moment {
            notification.insert(name.to_owned(), json!(Timestamp::brief(moment)));
        }
    }
}
