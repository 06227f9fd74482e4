//! Devices and subscriptions: documents of the designer that stand for something at the broker.

use ngsi::v1::ngsi10::SubscribeContextRequest;
use ngsi::v1::{ContextElement, EntityRef};
use ngsi::{Name, ParseError};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Document;
use super::document::object;

/// A device to create: its document and the entity that stands for it.
#[derive(Debug)]
pub(crate) struct DeviceDocument {
    pub(crate) id: String,
    pub(crate) json: Value,
    pub(crate) element: ContextElement,
}

impl DeviceDocument {
    /// Understands `{"id","type","location","attributes","metadata"}`. Attributes and metadata are objects by name or
    /// NGSI-10 lists; `location` is a shorthand for the metadatum of that name. A device without an identifier gets
    /// one that ends in `fresh`.
    pub(crate) fn parse(body: &[u8], fresh: &str) -> Result<Self, ParseError> {
        let mut json = object(body)?;
        let entity_type = text(&json, "type")?;
        let id = match text(&json, "id")? {
            id if id.is_empty() => format!("{entity_type}.{fresh}"),
            id => id,
        };
        if entity_type.is_empty() {
            return Err(ParseError::new("type", "must not be empty"));
        }
        json["id"] = json!(id);
        json["entityId"] = json!({ "id": id, "type": entity_type, "isPattern": false });
        let mut metadata = named(&json, "metadata")?;
        metadata.extend(named(&json, "domainMetadata")?);
        if let Some(place) = json.get("location").filter(|place| !place.is_null()) {
            metadata.push(json!({ "name": "location", "type": "point", "value": place }));
        }
        let element = json!({
            "entityId": json["entityId"], "attributes": named(&json, "attributes")?, "domainMetadata": metadata,
        });
        let element = Document::<ContextElement>::new(element)?.value;
        element.validate()?;
        Ok(Self { id, json, element })
    }
}

fn text(document: &Value, member: &str) -> Result<String, ParseError> {
    match document.get(member) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(ParseError::new(member, "must be a string")),
    }
}

/// A list of named things, whether written as a list or as an object by name.
fn named(document: &Value, member: &str) -> Result<Vec<Value>, ParseError> {
    let with_name = |(name, thing): (&String, &Value)| {
        let mut thing =
            thing.as_object().cloned().unwrap_or_else(|| Map::from_iter([("value".to_owned(), thing.clone())]));
        thing.insert("name".to_owned(), json!(name));
        Value::Object(thing)
    };
    match document.get(member) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => Ok(list.clone()),
        Some(Value::Object(by_name)) => Ok(by_name.iter().map(with_name).collect()),
        Some(_) => Err(ParseError::new(member, "must be a list, or an object by name")),
    }
}

/// A subscription to make at the broker for a receiver outside.
#[derive(Debug)]
pub(crate) struct SubscriptionDocument {
    pub(crate) json: Value,
    pub(crate) request: SubscribeContextRequest,
    /// `Destination` and, for NGSI-LD, `NGSILD-Tenant`.
    pub(crate) headers: Vec<(&'static str, String)>,
}

#[derive(Deserialize)]
struct Subscription {
    entity_type: String,
    reference_url: String,
    #[serde(default)]
    destination_broker: String,
    #[serde(default, deserialize_with = "flow::null_as_default")]
    tenant: String,
}

impl SubscriptionDocument {
    /// Understands `{"entity_type","reference_url","destination_broker","tenant"}`.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, ParseError> {
        let Document { json, value } = Document::<Subscription>::new(object(body)?)?;
        if value.entity_type.is_empty() {
            return Err(ParseError::new("entity_type", "must not be empty"));
        }
        let usable =
            value.reference_url.parse::<http::Uri>().is_ok_and(|url| url.scheme().is_some() && url.host().is_some());
        if !usable {
            return Err(ParseError::new("reference_url", "must be a URL such as http://host:port"));
        }
        let request = SubscribeContextRequest {
            entities: vec![EntityRef::of_type(Name::from(value.entity_type))],
            reference: value.reference_url,
            ..SubscribeContextRequest::default()
        };
        Ok(Self { json, request, headers: headers(&value.destination_broker, value.tenant)? })
    }
}

fn headers(destination: &str, tenant: String) -> Result<Vec<(&'static str, String)>, ParseError> {
    if tenant.chars().any(char::is_control) {
        return Err(ParseError::new("tenant", "must not contain control characters"));
    }
    match destination {
        "" | "NGSIv1" | "NGSI-v1" | "FogFlow" => Ok(Vec::new()),
        "NGSIv2" => Ok(vec![("Destination", "NGSIv2".to_owned())]),
        "NGSI-LD" => {
            let mut headers = vec![("Destination", "NGSI-LD".to_owned())];
            headers.extend((!tenant.is_empty()).then_some(("NGSILD-Tenant", tenant)));
            Ok(headers)
        }
        other => Err(ParseError::new("destination_broker", format!("must be NGSI-LD or NGSIv2, is `{other}`"))),
    }
}
