//! Changes to services: topologies with their drawing.

use flow::Topology;
use serde::Deserialize;

use super::check::unique;
use super::document::at;
use super::{Catalog, Changes, Document, elements};
use crate::records::{Kind, Record};
use crate::refusal::Refusal;

/// A topology with its drawing, which only clients read.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Service {
    pub(crate) topology: Topology,
}

impl Catalog {
    /// Adds or replaces services; intents on them are announced again.
    pub(crate) fn put_services(&self, body: &[u8]) -> Result<Changes, Refusal> {
        let mut changes = Changes::default();
        let mut names = Vec::new();
        for (path, document) in elements(body)? {
            let service = Document::<Service>::new(document).map_err(at(&path))?;
            let topology = &service.value.topology;
            self.check_topology(topology).map_err(|error| at(&path)(error.within("topology")))?;
            let name_path = if path.is_empty() { "topology.name".to_owned() } else { format!("{path}.topology.name") };
            if self.fog_functions.contains_key(&topology.name) {
                return Err(Refusal::field(name_path, format!("`{}` is the name of a fog function", topology.name)));
            }
            names.push((name_path, topology.name.clone()));
            changes.records.push(Record::set(Kind::Service, &topology.name, service.json));
        }
        unique(names.iter().map(|(path, name)| (path.clone(), name.as_str())))?;
        self.announce_users(&mut changes, |topology| names.iter().any(|(_, name)| name == topology));
        Ok(changes)
    }

    /// Removes a service that no intent needs.
    pub(crate) fn delete_service(&self, name: &str) -> Result<Changes, Refusal> {
        if !self.services.contains_key(name) {
            return Err(Refusal::not_found("service", name));
        }
        let users = self.intents.values().filter(|intent| intent.value.topology == name);
        let users = users.map(|intent| intent.value.id.as_str()).collect::<Vec<_>>().join("`, `");
        if !users.is_empty() {
            return Err(Refusal::InUse(format!("service `{name}` is wanted by intent `{users}`: delete that first")));
        }
        Ok(Changes { records: vec![Record::removed(Kind::Service, name)], ..Changes::default() })
    }
}
