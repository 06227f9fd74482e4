//! Changes to fog functions: a topology of one task with an intent of its own.

use flow::{FogFunction, FogFunctionStatus, IntentAction};
use ngsi::ParseError;
use serde_json::{Value, json};

use super::check::{name, unique};
use super::document::at;
use super::{Catalog, Changes, Document, elements, intent};
use crate::records::{Kind, Record};
use crate::refusal::Refusal;

/// Whether its intent is to be carried out.
pub(super) fn enabled(function: &FogFunction) -> bool {
    function.status == FogFunctionStatus::Enabled
}

impl Catalog {
    /// Adds or replaces fog functions; those enabled are announced at once.
    pub(crate) fn put_fog_functions(
        &self,
        body: &[u8],
        mut fresh_id: impl FnMut() -> String,
    ) -> Result<Changes, Refusal> {
        let mut changes = Changes::default();
        let mut names = Vec::new();
        for (path, document) in elements(body)? {
            let known_id = self.known_intent_id(&document);
            let document = completed(document, &known_id.unwrap_or_else(&mut fresh_id)).map_err(at(&path))?;
            let function = Document::<FogFunction>::new(document).map_err(at(&path))?;
            self.check_fog_function(&function.value).map_err(at(&path))?;
            names.push((format!("{path}.name"), function.value.name.clone()));
            self.put_fog_function(&mut changes, function);
        }
        unique(names.iter().map(|(path, name)| (path.clone(), name.as_str())))?;
        Ok(changes)
    }

    /// The identifier of the intent of the function this document replaces.
    fn known_intent_id(&self, document: &Value) -> Option<String> {
        let name = document.get("name")?.as_str()?;
        Some(self.fog_functions.get(name)?.value.intent.id.clone())
    }

    fn check_fog_function(&self, function: &FogFunction) -> Result<(), ParseError> {
        name("name", &function.name)?;
        if function.topology.name != function.name {
            return Err(ParseError::new("topology.name", format!("must be that of the function, `{}`", function.name)));
        }
        if self.services.contains_key(&function.name) {
            return Err(ParseError::new("name", format!("`{}` is the name of a service", function.name)));
        }
        if self.intents.contains_key(&function.intent.id) {
            return Err(ParseError::new("intent.id", "is the identifier of another intent"));
        }
        self.check_topology(&function.topology).map_err(|error| error.within("topology"))
    }

    fn put_fog_function(&self, changes: &mut Changes, function: Document<FogFunction>) {
        let Document { json, value } = function;
        let before = self.fog_functions.get(&value.name).map(|document| &document.value).filter(|f| enabled(f));
        if let Some(before) = before
            && (!enabled(&value) || before.intent.id != value.intent.id)
        {
            self.withdraw(changes, &before.intent);
        }
        if enabled(&value) {
            let action = if before.is_some() { IntentAction::Update } else { IntentAction::Add };
            changes.records.push(Record::removed(Kind::Withdrawn, &value.intent.id));
            changes.announce(&value.intent, action);
        }
        changes.records.push(Record::set(Kind::FogFunction, &value.name, json));
    }

    /// Enables or disables a fog function; answers its document.
    pub(crate) fn switch_fog_function(
        &self,
        name: &str,
        status: FogFunctionStatus,
    ) -> Result<(Changes, Value), Refusal> {
        let Some(function) = self.fog_functions.get(name) else { return Err(Refusal::not_found("fog function", name)) };
        let mut function = function.clone();
        function.json["status"] = json!(status);
        function.value.status = status;
        let (mut changes, document) = (Changes::default(), function.json.clone());
        self.put_fog_function(&mut changes, function);
        Ok((changes, document))
    }

    /// Removes a fog function and withdraws its intent.
    pub(crate) fn delete_fog_function(&self, name: &str) -> Result<Changes, Refusal> {
        let Some(function) = self.fog_functions.get(name) else { return Err(Refusal::not_found("fog function", name)) };
        let mut intents = self.intents.values().filter(|intent| intent.value.topology == name);
        if let Some(intent) = intents.next() {
            let problem =
                format!("fog function `{name}` is wanted by intent `{}` too: delete that first", intent.value.id);
            return Err(Refusal::InUse(problem));
        }
        let mut changes = Changes::default();
        changes.records.push(Record::removed(Kind::FogFunction, name));
        self.withdraw(&mut changes, &function.value.intent);
        Ok(changes)
    }
}

/// Fills in what a short document leaves out: the names of topology and intent, and the status.
fn completed(mut document: Value, fresh_id: &str) -> Result<Value, ParseError> {
    let name = document.get("name").cloned().unwrap_or_default();
    let members = document.as_object_mut().ok_or_else(|| ParseError::new("$", "must be a JSON object"))?;
    let topology = members.get_mut("topology").and_then(Value::as_object_mut);
    let topology = topology.ok_or_else(|| ParseError::new("topology", "must be a JSON object"))?;
    fill(topology, "name", &name);
    let mut intent = members.remove("intent").filter(|intent| !intent.is_null()).unwrap_or_else(|| json!({}));
    let intent_members = intent.as_object_mut().ok_or_else(|| ParseError::new("intent", "must be a JSON object"))?;
    fill(intent_members, "topology", &name);
    let intent = intent::understood(intent, fresh_id).map_err(|error| error.within("intent"))?;
    if name.as_str() != Some(&intent.value.topology) {
        return Err(ParseError::new("intent.topology", "must be the name of the function"));
    }
    members.insert("intent".to_owned(), intent.json);
    fill(members, "status", &json!(FogFunctionStatus::Enabled));
    Ok(document)
}

fn fill(members: &mut serde_json::Map<String, Value>, key: &str, value: &Value) {
    if members.get(key).is_none_or(|present| present.is_null() || present == "") {
        members.insert(key.to_owned(), value.clone());
    }
}
