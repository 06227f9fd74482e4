use context::temporal::{Step, read_step, recorded, write_step};
use context::{Edit, EditAction, EntityMap};
use ngsi::v2::AttributeInput;
use ngsi::{EntityId, JsonText, Name};

use super::{at, instance, subject};

fn edit(map: &mut EntityMap, action: EditAction, attributes: &[(&str, &str)], second: i64) -> Step {
    let attributes = attributes.iter().map(|(name, value)| AttributeInput {
        name: Name::from(*name),
        value_type: None,
        value: JsonText::from(serde_json::from_str::<serde_json::Value>(value).unwrap()),
        metadata: Vec::new(),
    });
    let edit = Edit {
        id: EntityId::from("urn:car"),
        entity_type: Name::default(),
        action,
        creates: action == EditAction::Append,
        path: Default::default(),
        overrides_metadata: false,
        attributes: attributes.collect(),
    };
    let mut number = 100;
    recorded(&map.edit(edit, at(second)).unwrap().change, at(second), || {
        number += 1;
        number
    })
}

fn said(step: &Step) -> Vec<(u64, &str, &str, bool)> {
    let Step::Append { instances, .. } = step else { return Vec::new() };
    let said = instances.iter().map(|instance| {
        let attribute = &instance.attribute;
        (instance.number, attribute.name.as_str(), attribute.value.as_str(), instance.deleted_at.is_some())
    });
    said.collect()
}

#[test]
fn what_a_change_sets_or_removes_is_recorded() {
    let mut map = EntityMap::default();
    let created = edit(&mut map, EditAction::Append, &[("speed", "1"), ("fuel", "2")], 1);
    assert_eq!(said(&created), [(101, "speed", "1", false), (102, "fuel", "2", false)]);
    let set = edit(&mut map, EditAction::Append, &[("speed", "3")], 2);
    assert_eq!(said(&set), [(101, "speed", "3", false)]);
    let Step::Append { instances, .. } = &set else { panic!("{set:?}") };
    assert_eq!((instances[0].attribute.created_at, instances[0].attribute.modified_at), (at(2), at(2)));
    let removed = edit(&mut map, EditAction::Delete, &[("fuel", "0")], 3);
    assert_eq!(said(&removed), [(101, "fuel", r#""urn:ngsi-ld:null""#, true)]);
    let gone = edit(&mut map, EditAction::Delete, &[], 4);
    let Step::Append { subject, instances } = gone else { panic!("{gone:?}") };
    assert_eq!((subject.deleted_at, instances.len(), subject.entity.attributes.len()), (Some(at(4)), 0, 0));
}

#[test]
fn steps_are_read_as_they_were_written() {
    let (entity, name) = (EntityId::from("urn:car"), Name::from("speed"));
    let mut gone = subject("urn:car");
    gone.deleted_at = Some(at(9));
    let mut mark = instance("speed", 8, Some(4), "[1,2]");
    (mark.number, mark.deleted_at) = (u64::MAX, Some(at(5)));
    for step in [
        Step::Append { subject: subject("urn:car"), instances: vec![instance("speed", 7, None, "3"), mark] },
        Step::Append { subject: gone, instances: Vec::new() },
        Step::ForgetEntity(entity.clone()),
        Step::ForgetAttribute { entity: entity.clone(), name: name.clone(), dataset_id: None },
        Step::ForgetAttribute { entity: entity.clone(), name: name.clone(), dataset_id: Some(Name::default()) },
        Step::ForgetInstance { entity, name, dataset_id: Name::from("urn:d"), number: 9 },
    ] {
        let mut bytes = Vec::new();
        write_step(&mut bytes, &step);
        assert_eq!(read_step(&bytes).unwrap(), step);
        assert!(read_step(&bytes[..bytes.len() - 1]).is_err());
    }
}
