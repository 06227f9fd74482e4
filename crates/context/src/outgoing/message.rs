//! Bodies, URLs and headers.

use std::borrow::Cow;

use ngsi::json::write_string;
use ngsi::v1::write_legacy;
use ngsi::v2::subscription::Format;
use ngsi::v2::template::{Facts, Template};
use ngsi::v2::write::{type_of, typed_value, write_attribute};
use ngsi::{Attribute, Entity, SubscriptionId};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{CustomOutgoing, HttpMessage, HttpRoute, Made};
use crate::Notice;

/// What is escaped in a parameter of a URL.
const PARAMETER: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// What is escaped of a value in a URL; identifiers with colons stay legible.
const SEGMENT: &AsciiSet = &PARAMETER.remove(b':').remove(b'@').remove(b'$').remove(b',').remove(b'!').remove(b'*');
/// What is escaped of a value that a URL begins with.
const BASE: &AsciiSet = &SEGMENT.remove(b'/').remove(b'?').remove(b'&').remove(b'=').remove(b'[').remove(b']');

/// Headers that the client cannot set.
const OURS: [&str; 2] = ["fiware-correlator", "ngsiv2-attrsformat"];

impl CustomOutgoing {
    pub(super) fn body(&self, id: &SubscriptionId, notice: &Notice, originator: &str, facts: &Facts<'_>) -> Vec<u8> {
        match &self.payload {
            Made::Nothing => Vec::new(),
            Made::Text(text) => text.render(facts).into_bytes(),
            Made::Json(json) => json.render(facts),
            Made::Usual => {
                let attributes = self.content.select(&notice.entity, notice, None);
                self.usual(id, originator, &notice.entity, attributes)
            }
            Made::Ngsi(patch) => {
                let entity = patch.apply(facts);
                let attributes = self.content.select(&entity, notice, Some(patch));
                self.usual(id, originator, &entity, attributes)
            }
        }
    }

    fn usual(&self, id: &SubscriptionId, originator: &str, entity: &Entity, attributes: Vec<Attribute>) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        match self.format {
            Format::Legacy => {
                let identity = Entity::new(entity.id.clone(), entity.entity_type.clone(), entity.created_at);
                write_legacy(&mut out, id.as_str(), originator, &Entity { attributes, ..identity });
            }
            Format::SimplifiedNormalized | Format::SimplifiedKeyValues => self.entity(&mut out, entity, &attributes),
            Format::Normalized | Format::KeyValues | Format::Values => {
                out.extend_from_slice(b"{\"subscriptionId\":");
                write_string(&mut out, id.as_str());
                out.extend_from_slice(b",\"data\":[");
                self.entity(&mut out, entity, &attributes);
                out.extend_from_slice(b"]}");
            }
        }
        out
    }

    fn entity(&self, out: &mut Vec<u8>, entity: &Entity, attributes: &[Attribute]) {
        if self.format == Format::Values {
            out.push(b'[');
            for (index, attribute) in attributes.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                out.extend_from_slice(typed_value(attribute).1.as_str().as_bytes());
            }
            out.push(b']');
            return;
        }
        out.extend_from_slice(b"{\"id\":");
        write_string(out, entity.id.as_str());
        out.extend_from_slice(b",\"type\":");
        write_string(out, type_of(entity));
        for attribute in attributes {
            out.push(b',');
            write_string(out, attribute.name.as_str());
            out.push(b':');
            match self.format {
                Format::KeyValues | Format::SimplifiedKeyValues => {
                    out.extend_from_slice(typed_value(attribute).1.as_str().as_bytes());
                }
                _ => write_attribute(out, attribute, &[]),
            }
        }
        out.push(b'}');
    }

    pub(super) fn request(&self, route: &HttpRoute, notice: &Notice, facts: &Facts<'_>, body: Vec<u8>) -> HttpMessage {
        HttpMessage {
            method: route.method.clone(),
            url: full_url(&route.url, &route.parameters, facts),
            headers: self.headers(notice, facts, &route.headers),
            body,
            timeout: route.timeout,
        }
    }

    fn headers(&self, notice: &Notice, facts: &Facts<'_>, custom: &[(Template, Template)]) -> Vec<(String, String)> {
        let mut headers = vec![("content-type".to_owned(), self.content_type().to_owned())];
        headers.push(("fiware-servicepath".to_owned(), facts.service_path.to_owned()));
        if !facts.service.is_empty() {
            headers.push(("fiware-service".to_owned(), facts.service.to_owned()));
        }
        if !facts.auth_token.is_empty() {
            headers.push(("x-auth-token".to_owned(), facts.auth_token.to_owned()));
        }
        for (name, value) in custom {
            let name = name.render(facts).to_ascii_lowercase();
            headers.retain(|(present, _)| *present != name);
            let value = value.render(facts);
            if !value.is_empty() && !OURS.contains(&name.as_str()) {
                headers.push((name, value));
            }
        }
        headers.push(("ngsiv2-attrsformat".to_owned(), self.format_name().to_owned()));
        let correlator = notice.cause.as_ref().map(|cause| cause.origin.correlator.clone());
        headers.extend(correlator.filter(|text| !text.is_empty()).map(|text| ("fiware-correlator".to_owned(), text)));
        headers
    }

    fn content_type(&self) -> &'static str {
        match self.payload {
            Made::Text(_) => "text/plain",
            _ => "application/json",
        }
    }

    fn format_name(&self) -> &'static str {
        match self.payload {
            Made::Text(_) | Made::Json(_) | Made::Nothing => "custom",
            Made::Usual | Made::Ngsi(_) => self.format.as_str(),
        }
    }
}

fn full_url(url: &Template, parameters: &[(Template, Template)], facts: &Facts<'_>) -> String {
    let set = if url.begins_with_macro() { BASE } else { SEGMENT };
    let mut full = url.render_with(facts, |value| Cow::from(utf8_percent_encode(value, set).to_string()));
    for (name, value) in parameters {
        full.push(if full.contains('?') { '&' } else { '?' });
        full.push_str(&escaped(&name.render(facts)));
        full.push('=');
        full.push_str(&escaped(&value.render(facts)));
    }
    full
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, PARAMETER).to_string()
}
