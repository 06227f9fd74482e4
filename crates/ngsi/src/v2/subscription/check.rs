//! What a subscription must fulfil beyond its shape.

use super::{
    Condition, Destination, EntityChoice, Expression, HttpCustom, Notification, Password, Payload, Subscription,
};
use crate::v2::names::{check_characters, check_field};
use crate::v2::template::Patch;
use crate::{JsonText, Name, ParseError, date};

const MAX_DESCRIPTION: usize = 1024;
/// The longest URL, in bytes.
const MAX_URL: usize = 2048;
/// Half an hour, as the reference implementation has it.
const MAX_TIMEOUT_MS: u64 = 1_800_000;
const MAX_TOPIC: usize = 1024;
const METHODS: [&str; 9] = ["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT"];

type Checked = Result<(), ParseError>;

fn wrong<T>(path: &str, problem: impl Into<String>) -> Result<T, ParseError> {
    Err(ParseError::new(path, problem))
}

impl Subscription {
    pub(super) fn check(&mut self) -> Checked {
        if self.description.chars().count() > MAX_DESCRIPTION {
            return wrong("description", format!("must have at most {MAX_DESCRIPTION} characters"));
        }
        check_characters("description", &self.description)?;
        if self.subject.entities.is_empty() {
            return wrong("subject.entities", "must name at least one entity");
        }
        for (index, entity) in self.subject.entities.iter().enumerate() {
            entity.check().map_err(|error| error.within(&format!("subject.entities[{index}]")))?;
        }
        self.subject.condition.check().map_err(|error| error.within("subject.condition"))?;
        self.notification.check().map_err(|error| error.within("notification"))?;
        if !self.expires.is_empty() {
            let end = date::parse(&self.expires);
            let end = end.ok_or_else(|| ParseError::new("expires", "is no ISO 8601 date or time"))?;
            self.expires = end.to_string();
        }
        Ok(())
    }
}

impl EntityChoice {
    fn check(&self) -> Checked {
        if self.id.is_none() && self.id_pattern.is_none() {
            return wrong("id", "one of id and idPattern must be given");
        }
        for (name, exact, pattern) in
            [("id", &self.id, &self.id_pattern), ("type", &self.entity_type, &self.type_pattern)]
        {
            if exact.is_some() && pattern.is_some() {
                return wrong(name, format!("{name} and {name}Pattern exclude one another"));
            }
            if let Some(text) = exact {
                check_field(name, text)?;
            }
            if pattern.as_ref().is_some_and(String::is_empty) {
                return wrong(&format!("{name}Pattern"), "must not be empty");
            }
        }
        Ok(())
    }
}

impl Condition {
    fn check(&self) -> Checked {
        check_names("attrs", &self.attrs)?;
        self.expression
            .as_ref()
            .map_or(Ok(()), |expression| expression.check().map_err(|error| error.within("expression")))
    }
}

impl Expression {
    fn check(&self) -> Checked {
        let members = [
            ("q", &self.q),
            ("mq", &self.mq),
            ("georel", &self.georel),
            ("geometry", &self.geometry),
            ("coords", &self.coords),
        ];
        if members.iter().all(|(_, text)| text.is_none()) {
            return wrong("$", "must name at least one of q, mq and georel, geometry, coords");
        }
        match members.iter().find(|(_, text)| text.as_ref().is_some_and(String::is_empty)) {
            Some((name, _)) => wrong(name, "must not be empty"),
            None => Ok(()),
        }
    }
}

impl Notification {
    fn check(&self) -> Checked {
        let mut destinations = self.destinations();
        match (destinations.next(), destinations.next()) {
            (Some(destination), None) => destination.check()?,
            _ => return wrong("$", "must name exactly one of http, httpCustom, mqtt and mqttCustom"),
        }
        check_names("attrs", &self.attrs)?;
        check_names("metadata", &self.metadata)?;
        if let Some(except) = &self.except_attrs {
            if !self.attrs.is_empty() {
                return wrong("exceptAttrs", "attrs and exceptAttrs exclude one another");
            }
            if except.is_empty() {
                return wrong("exceptAttrs", "must not be empty");
            }
            check_names("exceptAttrs", except)?;
        }
        if self.covered && self.attrs.is_empty() {
            return wrong("covered", "covered true cannot be used if notification attributes list is empty");
        }
        match self.max_fails_limit {
            Some(0) => wrong("maxFailsLimit", "must be at least 1"),
            _ => Ok(()),
        }
    }
}

fn check_names(path: &str, names: &[Name]) -> Checked {
    match names.iter().position(Name::is_empty) {
        Some(index) => wrong(&format!("{path}[{index}]"), "must not be empty"),
        None => Ok(()),
    }
}

impl Destination<'_> {
    fn check(self) -> Checked {
        match self {
            Self::Http(http) => check_http(&http.url, http.timeout).map_err(|error| error.within("http")),
            Self::HttpCustom(http) => check_http(&http.url, http.timeout)
                .and_then(|()| http.check())
                .and_then(|()| check_payload(http.payload.as_ref(), http.json.as_ref(), http.ngsi.as_ref()))
                .and_then(|()| self.payload().check())
                .map_err(|error| error.within("httpCustom")),
            Self::Mqtt(mqtt) => check_mqtt(&mqtt.url, &mqtt.topic, mqtt.qos)
                .and_then(|()| check_user(mqtt.user.as_deref(), mqtt.passwd.as_ref()))
                .map_err(|error| error.within("mqtt")),
            Self::MqttCustom(mqtt) => check_mqtt(&mqtt.url, &mqtt.topic, mqtt.qos)
                .and_then(|()| check_user(mqtt.user.as_deref(), mqtt.passwd.as_ref()))
                .and_then(|()| check_payload(mqtt.payload.as_ref(), mqtt.json.as_ref(), mqtt.ngsi.as_ref()))
                .and_then(|()| self.payload().check())
                .map_err(|error| error.within("mqttCustom")),
        }
    }
}

fn check_http(url: &str, timeout: Option<u64>) -> Checked {
    check_url(url, &["http://", "https://"])?;
    match timeout {
        Some(timeout) if timeout > MAX_TIMEOUT_MS => wrong("timeout", format!("must be at most {MAX_TIMEOUT_MS}")),
        _ => Ok(()),
    }
}

/// A URL that begins with a macro is known only when there is something to notify.
fn check_url(url: &str, schemes: &[&str]) -> Checked {
    if url.is_empty() {
        return wrong("url", "must not be empty");
    }
    if url.len() > MAX_URL {
        return wrong("url", format!("must have at most {MAX_URL} bytes"));
    }
    let Some(rest) = schemes.iter().find_map(|scheme| url.strip_prefix(scheme)) else {
        return match url.starts_with("${") && schemes.contains(&"http://") {
            true => Ok(()),
            false => wrong("url", format!("must begin with {}", schemes.join(" or "))),
        };
    };
    if rest.is_empty() || rest.starts_with(['/', ':']) {
        return wrong("url", "must name a host");
    }
    match url.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
        true => wrong("url", "must not contain spaces or control characters"),
        false => Ok(()),
    }
}

impl HttpCustom {
    fn check(&self) -> Checked {
        for (name, map) in [("headers", &self.headers), ("qs", &self.qs)] {
            if map.as_ref().is_some_and(std::collections::BTreeMap::is_empty) {
                return wrong(name, "must not be empty");
            }
        }
        match &self.method {
            Some(method) if !METHODS.contains(&method.as_str()) => {
                wrong("method", format!("must be one of {}, is {method:?}", METHODS.join(", ")))
            }
            _ => Ok(()),
        }
    }
}

fn check_mqtt(url: &str, topic: &str, qos: u8) -> Checked {
    check_url(url, &["mqtt://", "mqtts://"])?;
    if url.split("://").nth(1).is_some_and(|rest| rest.contains(['/', '?', '#', '@'])) {
        return wrong("url", "must hold a host and a port, and nothing else");
    }
    if topic.is_empty() || topic.len() > MAX_TOPIC {
        return wrong("topic", format!("must have 1 to {MAX_TOPIC} bytes"));
    }
    if topic.contains(['+', '#', '\0']) {
        return wrong("topic", "must not contain wildcards");
    }
    match qos {
        0..=2 => Ok(()),
        _ => wrong("qos", format!("must be 0, 1 or 2, is {qos}")),
    }
}

fn check_user(user: Option<&str>, password: Option<&Password>) -> Checked {
    match user.is_some() == password.is_some() {
        true => Ok(()),
        false => wrong("user", "user and passwd go together"),
    }
}

fn check_payload(text: Option<&Option<String>>, json: Option<&JsonText>, ngsi: Option<&JsonText>) -> Checked {
    let given = usize::from(text.is_some()) + usize::from(json.is_some()) + usize::from(ngsi.is_some());
    match given {
        0 | 1 => Ok(()),
        _ => wrong("payload", "payload, json and ngsi exclude one another"),
    }
}

impl Payload<'_> {
    fn check(self) -> Checked {
        match self {
            Self::Json(json) if !json.as_str().starts_with(['{', '[']) => wrong("json", "must be an object or a list"),
            Self::Ngsi(ngsi) => Patch::new(ngsi).map(drop).map_err(|error| error.within("ngsi")),
            Self::Usual | Self::Nothing | Self::Text(_) | Self::Json(_) => Ok(()),
        }
    }
}
