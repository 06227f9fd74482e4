//! Changes to intents.

use flow::{IntentAction, ServiceIntent};
use ngsi::ParseError;
use serde_json::{Value, json};

use super::check::{name, parameters};
use super::document::object;
use super::{Catalog, Changes, Document};
use crate::records::{Kind, Record};
use crate::refusal::Refusal;

impl Catalog {
    /// Adds or changes an intent; one without an identifier gets `fresh_id`. Answers the document as stored.
    pub(crate) fn put_intent(&self, body: &[u8], fresh_id: &str) -> Result<(Changes, Value), Refusal> {
        let mut intent = understood(object(body)?, fresh_id)?;
        if self.topology(&intent.value.topology).is_none() {
            return Err(Refusal::field("topology", format!("there is no topology `{}`", intent.value.topology)));
        }
        let of_function = self.fog_functions.values().find(|function| function.value.intent.id == intent.value.id);
        if let Some(function) = of_function {
            return Err(Refusal::field("id", format!("belongs to the fog function `{}`", function.value.name)));
        }
        let known = self.intents.contains_key(&intent.value.id);
        let action = if known { IntentAction::Update } else { IntentAction::Add };
        intent.json["action"] = json!(action);
        let mut changes = Changes::default();
        changes.records.push(Record::set(Kind::Intent, &intent.value.id, intent.json.clone()));
        changes.records.push(Record::removed(Kind::Withdrawn, &intent.value.id));
        changes.announce(&intent.value, action);
        Ok((changes, intent.json))
    }

    /// Withdraws an intent.
    pub(crate) fn delete_intent(&self, id: &str) -> Result<Changes, Refusal> {
        let Some(intent) = self.intents.get(id) else { return Err(Refusal::not_found("intent", id)) };
        let mut changes = Changes::default();
        changes.records.push(Record::removed(Kind::Intent, id));
        self.withdraw(&mut changes, &intent.value);
        Ok(changes)
    }
}

/// Checks an intent; its `action` and `TopologyObject` are ours to say.
pub(super) fn understood(mut document: Value, fresh_id: &str) -> Result<Document<ServiceIntent>, ParseError> {
    if let Some(members) = document.as_object_mut() {
        members.remove("action");
        members.remove("TopologyObject");
        if members.get("id").is_none_or(|id| id.is_null() || id == "") {
            members.insert("id".to_owned(), json!(fresh_id));
        }
    }
    let intent = Document::<ServiceIntent>::new(document)?;
    name("id", &intent.value.id)?;
    if !["", "ASYN", "SYN"].contains(&intent.value.stype.as_str()) {
        return Err(ParseError::new("stype", format!("must be ASYN or SYN, is `{}`", intent.value.stype)));
    }
    parameters(&intent.value.parameters)?;
    if let Some(scope) = &intent.value.geoscope {
        scope.parse().map_err(|error| error.within("geoscope"))?;
    }
    Ok(intent)
}
