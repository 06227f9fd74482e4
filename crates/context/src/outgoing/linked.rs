//! Notifications of NGSI-LD (ETSI GS CIM 009, 5.3.1, 5.8.6, 6.3.8 and 7.2).

use std::borrow::Cow;
use std::time::Duration;

use ngsi::json::write_string;
use ngsi::ld::subscription::{Accept, Format, Notification, Subscription};
use ngsi::ld::write::{Geometry, Languages, Projection, Rendering, Representation, Selection};
use ngsi::ld::{Context, urn};
use ngsi::{Attribute, AttributeKind, Entity, JsonText, Name, ParseError, SubscriptionId, Timestamp};

use super::{HttpMessage, Message, MqttBroker, MqttMessage};
use crate::Notice;
use crate::cause::Action;

/// What stands for what is gone.
const NULL: &str = "urn:ngsi-ld:null";

/// How the notifications of a subscription are made.
#[derive(Debug, Clone)]
pub struct LinkedOutgoing {
    context: Context,
    notification: Notification,
    selection: Selection,
    languages: Option<Languages>,
    /// The topic, when it goes by MQTT.
    topic: Option<String>,
}

impl LinkedOutgoing {
    pub(crate) fn compile(
        subscription: &Subscription,
        context: Context,
        expand: &dyn Fn(&str) -> Name,
    ) -> Result<Self, ParseError> {
        let notification = subscription.notification.clone();
        let projection = |names: &[String], path: &str| match names {
            [] => Ok(Vec::new()),
            names => Projection::parse(&names.join(","), &context).map_err(|error| error.within(path)),
        };
        let selection = Selection {
            attributes: notification.attributes.iter().map(|name| expand(name)).collect(),
            pick: projection(&notification.pick, "notification.pick")?,
            omit: projection(&notification.omit, "notification.omit")?,
            data_sets: Vec::new(),
        };
        let languages = subscription.lang.as_deref().map(Languages::parse).transpose()?;
        let topic = notification.endpoint.mqtt_topic().map(str::to_owned);
        Ok(Self { context, notification, selection, languages, topic })
    }

    /// The notification of one state of an entity at that time.
    pub(super) fn message(&self, id: &SubscriptionId, notice: &Notice, tenant: &str, now: Timestamp) -> Message {
        let body = self.body(id, notice, now);
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

    fn body(&self, id: &SubscriptionId, notice: &Notice, now: Timestamp) -> Vec<u8> {
        let accept = self.notification.endpoint.accept;
        let mut out = Vec::with_capacity(512);
        out.extend_from_slice(b"{\"id\":");
        let moment = now.as_micros();
        write_string(&mut out, &format!("urn:ngsi-ld:Notification:{id}:{moment}"));
        out.extend_from_slice(b",\"type\":\"Notification\",\"subscriptionId\":");
        write_string(&mut out, id.as_str());
        out.extend_from_slice(b",\"notifiedAt\":");
        write_string(&mut out, &now.to_string());
        out.extend_from_slice(b",\"data\":");
        self.write_data(&mut out, notice);
        if accept == Accept::JsonLd {
            out.extend_from_slice(b",\"@context\":");
            out.extend_from_slice(self.context.to_json().as_bytes());
        }
        out.push(b'}');
        out
    }

    fn write_data(&self, out: &mut Vec<u8>, notice: &Notice) {
        if notice.deleted {
            return self.write_departed(out, notice);
        }
        let entity = with_departed(notice);
        let rendering = Rendering {
            representation: match self.notification.format {
                Format::Normalized => Representation::Normalized,
                Format::Concise => Representation::Concise,
                Format::Simplified | Format::KeyValues => Representation::Simplified,
            },
            sys_attrs: self.notification.sys_attrs,
            languages: self.languages.clone(),
            selection: self.selection.clone(),
            ..Rendering::new(&self.context)
        };
        match self.notification.endpoint.accept {
            Accept::GeoJson => rendering.write_features(out, [&*entity], &Geometry::default()),
            Accept::Json | Accept::JsonLd => rendering.write_list(out, [&*entity]),
        }
    }

    /// An entity that is gone is told by its identity alone.
    fn write_departed(&self, out: &mut Vec<u8>, notice: &Notice) {
        let entity = &notice.entity;
        out.extend_from_slice(b"[{\"id\":");
        write_string(out, &urn(entity.id.as_str()));
        out.extend_from_slice(b",\"type\":");
        write_string(out, &self.context.compact(&entity.entity_type));
        out.extend_from_slice(b",\"deletedAt\":");
        write_string(out, &notice.due_at.to_string());
        out.extend_from_slice(b"}]");
    }
}

/// The entity with the attributes that the change removed, which are [`NULL`] (5.2.14, table on deletions).
fn with_departed(notice: &Notice) -> Cow<'_, Entity> {
    let mut entity = Cow::Borrowed(&*notice.entity);
    let Some(cause) = &notice.cause else { return entity };
    for touched in cause.touched.iter().filter(|touched| touched.action == Action::Delete) {
        let Some(former) = cause.former.iter().find(|former| former.name == touched.name) else { continue };
        if former.kind == AttributeKind::Domain {
            continue;
        }
        entity.to_mut().attributes.push(Attribute {
            value: JsonText::string(NULL),
            metadata: Vec::new(),
            dataset_id: Name::default(),
            ..former.clone()
        });
    }
    entity
}
