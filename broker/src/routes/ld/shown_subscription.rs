//! A subscription as its owner sees it (ETSI GS CIM 009, 5.2.12 and 5.2.14).

use context::Subscribed;
use ngsi::Timestamp;
use serde_json::{Map, Value, json};

use super::rendering::Answering;
use crate::notifier::{Counters, Subscriber};

/// Appends it, with the `@context` of the answer where that is to be in the body.
pub(super) fn write(out: &mut Vec<u8>, subscriber: &Subscriber, answering: &Answering<'_>) {
    let Some(request) = subscriber.subscription().linked() else { return };
    let counters = subscriber.counters();
    let Ok(Value::Object(mut members)) = serde_json::to_value(&request.subscription) else { return };
    members.insert("status".to_owned(), json!(status(subscriber)));
    members.insert("isActive".to_owned(), json!(subscriber.listens()));
    if let Some(Value::Object(notification)) = members.get_mut("notification") {
        note(notification, &counters);
    }
    if answering.tells_times() {
        let created = subscriber.subscription().record.created_at;
        members.insert("createdAt".to_owned(), json!(created.to_string()));
        members.insert("modifiedAt".to_owned(), json!(created.to_string()));
    }
    if let Some(context) = answering.context_in_body().and_then(|text| serde_json::from_str(text).ok()) {
        members.insert("@context".to_owned(), context);
    }
    out.extend_from_slice(Value::Object(members).to_string().as_bytes());
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
    notification.insert("timesFailed".to_owned(), json!(counters.fails_counter));
    let moments = [
        ("lastNotification", counters.last_notification),
        ("lastSuccess", counters.last_success),
        ("lastFailure", counters.last_failure),
    ];
    for (name, moment) in moments {
        if let Some(moment) = moment {
            notification.insert(name.to_owned(), json!(Timestamp::to_string(&moment)));
        }
    }
}
