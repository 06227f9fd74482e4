//! The entity that tells where the services of a task are: `uService.<topology>.<task id>`.

use flow::{TaskId, TaskInstance};
use ngsi::v1::ngsi10::{UpdateAction, UpdateContextRequest};
use ngsi::v1::{ContextElement, ContextMetadata, EntityRef};
use ngsi::{JsonText, Point};

use crate::broker::{BrokerClient, Nearest};

const TYPE: &str = "uService";

/// The id of the entity for an instance.
pub(crate) fn service_entity_id(instance: &TaskInstance) -> String {
    format!("{TYPE}.{}.{}", instance.topology_name, instance.id)
}

/// Writes and deletes such entities at the nearest broker.
pub(crate) struct ServiceEntity {
    pub(crate) client: BrokerClient,
    pub(crate) nearest: Nearest,
    pub(crate) place: Option<Point>,
}

impl ServiceEntity {
    pub(crate) async fn register(&self, instance: &TaskInstance, entity: &str, host: &str, ports: &[u16]) {
        let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
        let text = |name: &str, value: &str| metadata(name, "string", JsonText::string(value));
        let mut domain_metadata = vec![
            text("service", &instance.topology_name),
            text("taskID", instance.id.as_str()),
            text("operator", &instance.operator_name),
            text("IP", host),
            metadata("port", "object", JsonText::string(&ports.join(";"))),
        ];
        if let Some(place) = self.place {
            let value = serde_json::json!({ "latitude": place.latitude, "longitude": place.longitude });
            domain_metadata.push(metadata("location", "point", value.into()));
        }
        let element = ContextElement { entity: reference(entity), domain_metadata, ..ContextElement::default() };
        let request = UpdateContextRequest { context_elements: vec![element], update_action: UpdateAction::Update };
        let broker = self.nearest.url().await;
        if let Err(error) = self.client.update(&broker, instance.id.as_str(), &request).await {
            tracing::warn!(task = %instance.id, %error, "the service could not be registered");
        }
    }

    pub(crate) async fn unregister(&self, task: &TaskId, entity: &str) {
        let element = ContextElement { entity: reference(entity), ..ContextElement::default() };
        let request = UpdateContextRequest { context_elements: vec![element], update_action: UpdateAction::Delete };
        let broker = self.nearest.url().await;
        if let Err(error) = self.client.delete(&broker, task.as_str(), &request).await {
            tracing::warn!(%task, %error, "the entity of a service stays behind");
        }
    }
}

fn reference(entity: &str) -> EntityRef {
    EntityRef { id: entity.into(), entity_type: TYPE.into(), is_pattern: false }
}

fn metadata(name: &str, value_type: &str, value: JsonText) -> ContextMetadata {
    ContextMetadata { name: name.into(), value_type: value_type.into(), value }
}
