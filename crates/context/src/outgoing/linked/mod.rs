//! Notifications of NGSI-LD (ETSI GS CIM 009, 5.3.1, 5.3.2, 5.8.6, 5.11.7, 6.3.8 and 7.2).

mod entities;
mod registrations;

use std::time::Duration;

use ngsi::json::write_string;
use ngsi::ld::Context;
use ngsi::ld::subscription::{Accept, Notification, Subscription};
use ngsi::ld::write::Joined;
use ngsi::{Name, ParseError, SubscriptionId, Timestamp};

use self::entities::EntityData;
pub(crate) use self::entities::departed;
use super::{HttpMessage, Joins, Message, MqttBroker, MqttMessage};
use crate::Notice;

/// How the notifications of a subscription are made.
#[derive(Debug, Clone)]
pub struct LinkedOutgoing {
    context: Context,
    notification: Notification,
    data: Data,
    /// The topic, when it goes by MQTT.
    topic: Option<String>,
}

/// What is told.
#[derive(Debug, Clone)]
enum Data {
    Entities(EntityData),
    Registrations,
}

impl LinkedOutgoing {
    pub(crate) fn compile(
        subscription: &Subscription,
        context: Context,
        expand: &dyn Fn(&str) -> Name,
    ) -> Result<Self, ParseError> {
        let data = Data::Entities(EntityData::compile(subscription, expand)?);
        Ok(Self::new(subscription, context, data))
    }

    /// How registrations are told.
    pub(crate) fn compile_for_sources(subscription: &Subscription, context: Context) -> Result<Self, ParseError> {
        if subscription.notification.endpoint.accept == Accept::GeoJson {
            return Err(ParseError::new("notification.endpoint.accept", "registrations are no features of GeoJSON"));
        }
        Ok(Self::new(subscription, context, Data::Registrations))
    }

    fn new(subscription: &Subscription, context: Context, data: Data) -> Self {
        let notification = subscription.notification.clone();
        let topic = notification.endpoint.mqtt_topic().map(str::to_owned);
        Self { context, notification, data, topic }
    }

    /// Which links are followed for a notification.
    pub(super) fn joins(&self, notices: &[Notice]) -> Option<Joins<'_>> {
        let Data::Entities(data) = &self.data else { return None };
        let join = data.join.as_ref()?;
        let entities = EntityData::linking(notices);
        Some(Joins { join, context: &self.context, selection: &data.selection, entities })
    }

    /// The notification of these notices at that time.
    pub(super) fn message(
        &self,
        id: &SubscriptionId,
        notices: &[Notice],
        tenant: &str,
        joined: Option<&Joined>,
        now: Timestamp,
    ) -> Message {
        let body = self.body(id, notices, joined, now);
        match &self.topic {
            Some(topic) => Message::Mqtt(MqttMessage {
                broker: MqttBroker::parse(&self.notification.endpoint.uri),
                topic: topic.clone(),
                qos: self.quality(),
                retain: false,
                payload: self.envelope(&body, tenant),
            }),
            None => Message::Http(HttpMessage {
                method: "POST".to_owned(),
                url: self.notification.endpoint.uri.clone(),
                headers: self.headers(tenant),
                body,
                timeout: self.notification.endpoint.timeout.map(Duration::from_millis),
            }),
        }
    }

    /// `MQTT-QoS` of the endpoint's `notifierInfo` (7.2).
    fn quality(&self) -> u8 {
        let given = self.notification.endpoint.notifier_info.iter().find(|pair| pair.key == "MQTT-QoS");
        given.and_then(|pair| pair.value.parse().ok()).unwrap_or_default()
    }

    fn headers(&self, tenant: &str) -> Vec<(String, String)> {
        let accept = self.notification.endpoint.accept;
        let mut headers = vec![("content-type".to_owned(), accept.as_str().to_owned())];
        if let (Accept::Json, Some(url)) = (accept, self.context.link()) {
            let link = format!("<{url}>; rel=\"http://www.w3.org/ns/json-ld#context\"; type=\"application/ld+json\"");
            headers.push(("link".to_owned(), link));
        }
        if !tenant.is_empty() {
            headers.push(("ngsild-tenant".to_owned(), tenant.to_owned()));
        }
        for pair in &self.notification.endpoint.receiver_info {
            let name = pair.key.to_ascii_lowercase();
            headers.retain(|(present, _)| *present != name || name == "content-type");
            if name != "content-type" {
                headers.push((name, pair.value.clone()));
            }
        }
        headers
    }

    /// What is published by MQTT: the headers and the notification (7.2).
    fn envelope(&self, body: &[u8], tenant: &str) -> Vec<u8> {
        let mut out = b"{\"metadata\":{".to_vec();
        for (index, (name, value)) in self.headers(tenant).into_iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            let name = match name.as_str() {
                "content-type" => "Content-Type",
                "link" => "Link",
                "ngsild-tenant" => "NGSILD-Tenant",
                other => other,
            };
            write_string(&mut out, name);
            out.push(b':');
            write_string(&mut out, &value);
        }
        out.extend_from_slice(b"},\"body\":");
        out.extend_from_slice(body);
        out.push(b'}');
        out
    }

    fn body(&self, id: &SubscriptionId, notices: &[Notice], joined: Option<&Joined>, now: Timestamp) -> Vec<u8> {
        let accept = self.notification.endpoint.accept;
        let mut out = Vec::with_capacity(512);
        out.extend_from_slice(b"{\"id\":");
        let moment = now.as_micros();
        let kind = match self.data {
            Data::Entities(_) => "Notification",
            Data::Registrations => "ContextSourceNotification",
        };
        write_string(&mut out, &format!("urn:ngsi-ld:{kind}:{id}:{moment}"));
        out.extend_from_slice(b",\"type\":");
        write_string(&mut out, kind);
        out.extend_from_slice(b",\"subscriptionId\":");
        write_string(&mut out, id.as_str());
        out.extend_from_slice(b",\"notifiedAt\":");
        write_string(&mut out, &now.brief());
        out.extend_from_slice(b",\"data\":");
        match &self.data {
            Data::Entities(data) => data.write(&mut out, notices, &self.notification, &self.context, joined),
            Data::Registrations => registrations::write(&mut out, notices, &self.notification, &self.context),
        }
        if accept == Accept::JsonLd {
            out.extend_from_slice(b",\"@context\":");
            out.extend_from_slice(self.context.to_json().as_bytes());
        }
        out.push(b'}');
        out
    }
}
