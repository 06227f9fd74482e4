//! What a subscription must fulfil beyond its shape (5.2.12, 5.8.1).

use std::time::Duration;

use super::{Accept, Endpoint, Format, Notification, Subscription};
use crate::ld::id_pattern;
use crate::ld::write::MAX_JOIN_LEVEL;
use crate::{ParseError, Timestamp, date};

/// The longest text or URL, in bytes.
const MAX_TEXT: usize = 2048;
/// The most selectors, attributes or pairs.
const MAX_ITEMS: usize = 1_000;
const MAX_TIMEOUT_MS: u64 = 1_800_000;

type Checked = Result<(), ParseError>;

fn wrong<T>(path: &str, problem: impl Into<String>) -> Result<T, ParseError> {
    Err(ParseError::new(path, problem))
}

impl Subscription {
    pub(super) fn check(&self) -> Checked {
        if self.kind != "Subscription" {
            return wrong("type", "must be Subscription");
        }
        if !self.id.is_empty() && !is_uri(&self.id) {
            return wrong("id", format!("must be a URI, is {:?}", self.id));
        }
        if self.entities.is_empty() && self.watched_attributes.is_empty() {
            return wrong("entities", "one of entities and watchedAttributes must be given");
        }
        let lists = [
            ("entities", self.entities.len()),
            ("watchedAttributes", self.watched_attributes.len()),
            ("datasetId", self.dataset_id.len()),
            ("notification.attributes", self.notification.attributes.len()),
            ("notification.pick", self.notification.pick.len()),
            ("notification.omit", self.notification.omit.len()),
            ("notification.endpoint.receiverInfo", self.notification.endpoint.receiver_info.len()),
            ("notification.endpoint.notifierInfo", self.notification.endpoint.notifier_info.len()),
        ];
        if let Some((path, _)) = lists.into_iter().find(|(_, length)| *length > MAX_ITEMS) {
            return wrong(path, format!("must have at most {MAX_ITEMS} items"));
        }
        self.check_entities()?;
        self.check_times()?;
        self.notification.check().map_err(|error| error.within("notification"))
    }

    fn check_entities(&self) -> Checked {
        for (index, entity) in self.entities.iter().enumerate() {
            if entity.types.is_empty() {
                return wrong(&format!("entities[{index}].type"), "missing");
            }
            if entity.id.len() > MAX_ITEMS {
                return wrong(&format!("entities[{index}].id"), format!("must have at most {MAX_ITEMS} items"));
            }
            if let Some(id) = entity.id.iter().find(|id| !is_uri(id)) {
                return wrong(&format!("entities[{index}].id"), format!("must be a URI, is {id:?}"));
            }
            if let Some(pattern) = &entity.id_pattern {
                id_pattern(pattern).map_err(|error| error.within(&format!("entities[{index}]")))?;
            }
        }
        if let Some(id) = self.dataset_id.iter().find(|id| *id != "@none" && !is_uri(id)) {
            return wrong("datasetId", format!("must be URIs or @none, has {id:?}"));
        }
        match self.watched_attributes.iter().position(String::is_empty) {
            Some(index) => wrong(&format!("watchedAttributes[{index}]"), "must not be empty"),
            None => Ok(()),
        }
    }

    fn check_times(&self) -> Checked {
        match self.time_interval {
            Some(0) => return wrong("timeInterval", "must be at least 1"),
            Some(_) if !self.watched_attributes.is_empty() || !self.notification_trigger.is_empty() => {
                return wrong("timeInterval", "does not go with watchedAttributes and notificationTrigger");
            }
            Some(_) if self.throttling.is_some() => return wrong("timeInterval", "does not go with throttling"),
            _ => {}
        }
        if self.throttling.is_some() && self.throttling().is_none() {
            return wrong("throttling", "must be a number of seconds above 0");
        }
        match &self.expires_at {
            Some(text) if date::parse(text).is_none() => wrong("expiresAt", format!("not a date and time: {text:?}")),
            _ => Ok(()),
        }
    }

    /// When it ends.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at.as_deref().and_then(date::parse)
    }

    /// The shortest time between two notifications.
    #[must_use]
    pub fn throttling(&self) -> Option<Duration> {
        let seconds = self.throttling.as_ref()?.read::<f64>()?;
        Duration::try_from_secs_f64(seconds).ok().filter(|length| !length.is_zero())
    }
}

impl Notification {
    fn check(&self) -> Checked {
        if self.show_changes && matches!(self.format, Format::KeyValues | Format::Simplified) {
            return wrong("showChanges", "does not go with the simplified format");
        }
        if !(self.attributes.is_empty() || self.pick.is_empty() && self.omit.is_empty()) {
            return wrong("attributes", "does not go with pick and omit");
        }
        if let Some(both) = self.omit.iter().find(|omitted| self.pick.contains(omitted)) {
            return wrong("omit", format!("{both:?} is to be picked"));
        }
        if self.join_level.is_some_and(|level| !(1..=MAX_JOIN_LEVEL).contains(&level)) {
            return wrong("joinLevel", format!("must be from 1 to {MAX_JOIN_LEVEL}"));
        }
        self.endpoint.check().map_err(|error| error.within("endpoint"))
    }
}

impl Endpoint {
    /// The topic, when notifications go by MQTT: the path of the URI, without the `/` that begins it.
    #[must_use]
    pub fn mqtt_topic(&self) -> Option<&str> {
        let rest = ["mqtt://", "mqtts://"].iter().find_map(|scheme| self.uri.strip_prefix(scheme))?;
        rest.split_once('/').map(|(_, topic)| topic)
    }

    /// The URI without the name and the password of a user.
    #[must_use]
    pub fn without_user(&self) -> &str {
        self.user().map_or(&self.uri, |(_, rest)| rest)
    }

    /// `name` or `name:password`, and the URI behind it.
    fn user(&self) -> Option<(&str, &str)> {
        let (_, rest) = self.uri.split_once("://")?;
        rest.split_once('@').filter(|(user, _)| !user.contains('/'))
    }

    fn check(&self) -> Checked {
        let schemes = ["http://", "https://", "mqtt://", "mqtts://"];
        let rest = schemes.iter().find_map(|scheme| self.uri.strip_prefix(scheme));
        if self.uri.len() > MAX_TEXT {
            return wrong("uri", format!("must have at most {MAX_TEXT} bytes"));
        }
        if !rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', ':'])) {
            return wrong("uri", "must be a URI of http, https, mqtt or mqtts with a host");
        }
        if self.uri.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return wrong("uri", "must not contain spaces or control characters");
        }
        if self.mqtt_topic().is_some_and(|topic| topic.is_empty() || topic.contains(['+', '#'])) {
            return wrong("uri", "must have a topic without wildcards as its path");
        }
        if self.uri.starts_with("mqtt") && self.mqtt_topic().is_none() {
            return wrong("uri", "must have a topic as its path");
        }
        let quality = self.notifier_info.iter().find(|pair| pair.key == "MQTT-QoS");
        if quality.is_some_and(|pair| !matches!(pair.value.as_str(), "0" | "1" | "2")) {
            return wrong("notifierInfo", "MQTT-QoS must be 0, 1 or 2");
        }
        if self.timeout.is_some_and(|timeout| timeout == 0 || timeout > MAX_TIMEOUT_MS) {
            return wrong("timeout", format!("must be between 1 and {MAX_TIMEOUT_MS} ms"));
        }
        if self.cooldown.is_some_and(|cooldown| cooldown == 0 || cooldown > MAX_TIMEOUT_MS) {
            return wrong("cooldown", format!("must be between 1 and {MAX_TIMEOUT_MS} ms"));
        }
        for (path, pairs) in [("receiverInfo", &self.receiver_info), ("notifierInfo", &self.notifier_info)] {
            if pairs.iter().any(|pair| pair.key.is_empty() || pair.key.len() + pair.value.len() > MAX_TEXT) {
                return wrong(path, format!("keys must not be empty, and pairs have at most {MAX_TEXT} bytes"));
            }
        }
        Ok(())
    }
}

impl Accept {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::JsonLd => "application/ld+json",
            Self::GeoJson => "application/geo+json",
        }
    }
}

fn is_uri(text: &str) -> bool {
    text.len() <= MAX_TEXT && crate::ld::parse::is_uri(text)
}
