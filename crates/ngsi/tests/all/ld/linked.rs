//! Entities that stand inside of the Relationships that link to them.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::sync::Arc;

use ngsi::ld::write::{Geometry, Inline, Join, Linked, Place, Projection, Selection, links};
use ngsi::ld::{Context, Rendering, Representation};
use ngsi::{Attribute, AttributeKind, Entity, JsonText, Name, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

fn projections(text: &str) -> Vec<Projection> {
    Projection::parse(text, &|term| Context::core().expand(term)).unwrap()
}

fn relationship(name: &str, value: &Value) -> Attribute {
    let kind = if value.is_array() && name == "route" { "ListRelationship" } else { "Relationship" };
    Attribute {
        name: Name::from(name),
        kind: AttributeKind::Context,
        dataset_id: Name::default(),
        value_type: Name::from(kind),
        value: JsonText::from(value.clone()),
        metadata: Vec::new(),
        created_at: Timestamp::default(),
        modified_at: Timestamp::default(),
    }
}

fn entity(id: &str, attributes: &[(&str, Value)]) -> Arc<Entity> {
    let mut entity = Entity::new(id.into(), Name::from("T"), Timestamp::default());
    entity.attributes = attributes.iter().map(|(name, value)| relationship(name, value)).collect();
    Arc::new(entity)
}

fn written(all: &[Arc<Entity>], level: usize, change: impl FnOnce(&mut Rendering<'_>)) -> Value {
    let core = Context::core();
    let by_uri: HashMap<_, _> = all.iter().map(|it| (Name::from(it.id.as_str()), it.clone())).collect();
    let inline = Inline { linked: Arc::new(Linked::new(by_uri)), level, around: Vec::new() };
    let mut rendering = Rendering { inline: Some(inline), ..Rendering::new(&core) };
    change(&mut rendering);
    let mut out = Vec::new();
    rendering.write(&mut out, &all[0]);
    serde_json::from_slice(&out).unwrap()
}

fn town() -> Vec<Arc<Entity>> {
    vec![
        entity("urn:a", &[("in", json!("urn:b")), ("by", json!(["urn:c", "urn:gone"])), ("route", json!(["urn:c"]))]),
        entity("urn:b", &[("in", json!("urn:c")), ("back", json!("urn:a"))]),
        entity("urn:c", &[]),
    ]
}

#[test]
fn linked_entities_stand_inside() {
    let one = written(&town(), 1, |_| ());
    let c = json!({ "id": "urn:c", "type": "T" });
    assert_eq!(one["by"], json!({ "type": "Relationship", "object": ["urn:c", "urn:gone"], "entity": [c] }));
    let route = json!({ "type": "ListRelationship", "objectList": [{ "object": "urn:c" }], "entityList": [c] });
    assert_eq!(one["route"], route);
    assert_eq!(one["in"]["entity"]["in"], json!({ "type": "Relationship", "object": "urn:c" }));
    let two = written(&town(), 2, |_| ());
    assert_eq!(two["in"]["entity"]["in"]["entity"], c);
    assert_eq!(two["in"]["entity"]["back"].get("entity"), None, "what stands around does not come again");
}

#[test]
fn simplified_they_take_the_place_of_their_uris() {
    let values = written(&town(), 2, |rendering| rendering.representation = Representation::Simplified);
    let c = json!({ "id": "urn:c", "type": "T" });
    assert_eq!(values["in"], json!({ "id": "urn:b", "type": "T", "in": c, "back": "urn:a" }));
    assert_eq!((&values["by"], &values["route"]), (&json!([c, "urn:gone"]), &json!([c])));
    let concise = written(&town(), 1, |rendering| rendering.representation = Representation::Concise);
    assert_eq!(concise["route"], json!({ "objectList": ["urn:c"], "entityList": [c] }));
}

#[test]
fn a_projection_says_what_of_them_is_written() {
    let pick = projections("in{in{type}}");
    let selection = Selection { pick, ..Selection::default() };
    assert_eq!(selection.depth(), 2);
    let picked = written(&town(), 2, |rendering| rendering.selection = selection.clone());
    let inner = json!({ "in": { "type": "Relationship", "object": "urn:c", "entity": { "type": "T" } } });
    assert_eq!(picked, json!({ "in": { "type": "Relationship", "object": "urn:b", "entity": inner } }));
    let all = town();
    assert_eq!(links(&all[0], &selection), [(&Name::from("in"), Name::from("urn:b"))]);
    assert_eq!(links(&all[0], &Selection::default()).len(), 4);
}

#[test]
fn features_have_them_too_and_lists_have_selections_of_their_own() {
    let core = Context::core();
    let all = town();
    let only_id = Selection { pick: projections("id"), ..Selection::default() };
    let behind = [(only_id.clone(), all[1].clone()), (only_id, all[2].clone())];
    let mut out = Vec::new();
    Rendering::new(&core).write_joined(&mut out, None, &behind);
    assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), json!([{ "id": "urn:b" }, { "id": "urn:c" }]));
    out.clear();
    Rendering::new(&core).write_joined_features(&mut out, None, &behind, &Geometry::default());
    let collection: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!((&collection["type"], &collection["features"][1]["id"]), (&json!("FeatureCollection"), &json!("urn:c")));
}

#[test]
fn links_are_followed_level_by_level_and_each_entity_once() {
    let all = town();
    for (level, met, asked, behind) in [
        (1, vec![], vec![3], vec!["urn:b", "urn:c"]),
        (2, vec![], vec![3, 0], vec!["urn:b", "urn:c"]),
        (2, vec![Name::from("urn:b")], vec![2, 0], vec!["urn:c"]),
    ] {
        let join = Join { place: Place::Behind, level, met };
        let mut following = join.follow(&Selection::default(), &all[..1]);
        let mut counts = Vec::new();
        while let Some(uris) = following.wanted() {
            counts.push(uris.len());
            following
                .found(all.iter().filter(|entity| uris.contains(&Name::from(entity.id.as_str()))).cloned().collect());
        }
        let joined = following.end();
        let told: Vec<_> = joined.behind().iter().map(|(_, entity)| entity.id.as_str()).collect();
        assert_eq!((counts, told), (asked, behind));
        assert!(joined.inline().is_none() && joined.is_complete());
    }
}

/// The deepest that entities stand inside of one another.
fn depth(value: &Value) -> usize {
    let members = value.as_object().into_iter().flatten();
    members.filter_map(|(_, attribute)| attribute.get("entity")).map(|inner| 1 + depth(inner)).max().unwrap_or(0)
}

proptest! {
    #[test]
    fn any_graph_ends(links in prop::collection::vec((0..6_usize, 0..6_usize), 0..24), level in 0..5_usize) {
        let all: Vec<_> = (0..6_usize)
            .map(|from| {
                let to = links.iter().filter(|(start, _)| *start == from).enumerate();
                let names: Vec<_> = to.map(|(at, (_, to))| (format!("r{at}"), json!(format!("urn:{to}")))).collect();
                let named: Vec<_> = names.iter().map(|(name, uri)| (name.as_str(), uri.clone())).collect();
                entity(&format!("urn:{from}"), &named)
            })
            .collect();
        prop_assert!(depth(&written(&all, level, |_| ())) <= level.min(5));
    }
}
