use ngsi::ld::temporal::{Instance, Subject};
use ngsi::{Attribute, AttributeKind, Entity, EntityId, JsonText, Name, Timestamp};

use crate::Change;

/// What stands for the value of an attribute that was deleted (ETSI GS CIM 009, 4.5.0).
const DELETED: &str = "urn:ngsi-ld:null";

/// One step by which recorded evolutions change. Doing one twice does no more than doing it once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Adds instances, or sets those of the same numbers anew.
    Append {
        /// To whose evolution.
        subject: Subject,
        /// What is added.
        instances: Vec<Instance>,
    },
    /// Removes all there is of an entity.
    ForgetEntity(EntityId),
    /// Removes all instances of an attribute.
    ForgetAttribute {
        /// Of which entity.
        entity: EntityId,
        /// Of which attribute.
        name: Name,
        /// Of which data set, empty for the default one; of all when none is given.
        dataset_id: Option<Name>,
    },
    /// Removes one instance.
    ForgetInstance {
        /// Of which entity.
        entity: EntityId,
        /// Of which attribute.
        name: Name,
        /// Of which data set.
        dataset_id: Name,
        /// Which one.
        number: u64,
    },
}

/// What a change of an entity adds to its evolution: the attributes it has set as they are now, and a mark for each that it has
/// removed. `next` gives the numbers of instances.
#[must_use]
pub fn recorded(change: &Change, now: Timestamp, mut next: impl FnMut() -> u64) -> Step {
    let entity = &change.entity;
    if change.deleted {
        return Step::Append { subject: subject(entity, Some(now)), instances: Vec::new() };
    }
    let at = entity.modified_at;
    let set = visible(entity).filter(|attribute| attribute.modified_at == at);
    let set = set.map(|attribute| (Attribute { created_at: at, ..attribute.clone() }, None));
    let gone = change.touched.iter().filter(|name| entity.attributes.iter().all(|attribute| attribute.name != **name));
    let gone = gone.map(|name| (removed(name, at), Some(at)));
    let instances = set.chain(gone).map(|(attribute, deleted_at)| Instance { number: next(), attribute, deleted_at });
    let instances = instances.collect();
    Step::Append { subject: subject(entity, None), instances }
}

/// What NGSI-LD sees of an entity: an attribute hides the domain metadatum of its name.
fn visible(entity: &Entity) -> impl Iterator<Item = &Attribute> {
    let is_context = |attribute: &Attribute| attribute.kind == AttributeKind::Context;
    let hides = move |name: &Name| entity.attributes.iter().any(|other| is_context(other) && other.name == *name);
    entity.attributes.iter().filter(move |attribute| is_context(attribute) || !hides(&attribute.name))
}

fn subject(entity: &Entity, deleted_at: Option<Timestamp>) -> Subject {
    let entity = Entity {
        more_types: entity.more_types.clone(),
        scopes: entity.scopes.clone(),
        modified_at: entity.modified_at,
        ..Entity::new(EntityId::from(entity.id.as_str()), entity.entity_type.clone(), entity.created_at)
    };
    Subject { entity, deleted_at }
}

/// The mark for a removed attribute.
#[must_use]
pub fn removed(name: &Name, at: Timestamp) -> Attribute {
    Attribute {
        name: name.clone(),
        kind: AttributeKind::Context,
        dataset_id: Name::default(),
        value_type: Name::default(),
        value: JsonText::string(DELETED),
        metadata: Vec::new(),
        created_at: at,
        modified_at: at,
    }
}
