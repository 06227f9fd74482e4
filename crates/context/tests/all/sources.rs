//! Who is asked and told what, against a naive evaluator that looks at every registration.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::sync::Arc;

use context::sources::{
    Attributes, Selection, Source, SourceIndex, Subject, asks, conflicting, merge, readers, split, supplement,
};
use ngsi::registration::{EntityInfo, Information, Mode, Operation};
use ngsi::selector::Matcher;
use ngsi::{
    Attribute, AttributeKind, Entity, EntityId, JsonText, Metadata, Name, Registration, RegistrationId, Timestamp,
};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_micros(1_000);

fn names(list: &[&str]) -> Vec<Name> {
    list.iter().map(|name| Name::from(*name)).collect()
}

pub(crate) fn subset(of: &'static [&'static str]) -> impl Strategy<Value = Vec<Name>> {
    proptest::sample::subsequence(of, 0..=of.len()).prop_map(|list| names(&list))
}

fn entity_info() -> impl Strategy<Value = EntityInfo> {
    let ids = prop_oneof![Just(("", "")), Just(("e:1", "")), Just(("e:2", "")), Just(("", "1$")), Just(("", "^e"))];
    (ids, subset(&["A", "B"])).prop_map(|((id, pattern), types)| EntityInfo {
        id: id.to_owned(),
        id_pattern: pattern.to_owned(),
        types,
    })
}

fn information() -> impl Strategy<Value = Information> {
    (proptest::collection::vec(entity_info(), 0..3), subset(&["x", "y"]), subset(&["z"]))
        .prop_map(|(entities, properties, relationships)| Information { entities, properties, relationships })
}

pub(crate) fn registration() -> impl Strategy<Value = Registration> {
    let operations = prop_oneof![
        Just("federationOps"),
        Just("updateOps"),
        Just("retrieveOps"),
        Just("redirectionOps"),
        Just("mergeBatch")
    ];
    let alias = prop_oneof![Just(None), Just(Some("met")), Just(Some("other"))];
    let expiry = prop_oneof![3 => Just(None), 1 => Just(Some(1_000)), 1 => Just(Some(1_001))];
    (
        proptest::sample::select(&Mode::ALL[..]),
        proptest::collection::vec(information(), 1..3),
        operations,
        alias,
        expiry,
    )
        .prop_map(|(mode, information, operations, alias, expiry)| Registration {
            endpoint: "http://source".to_owned(),
            mode,
            information,
            operations: vec![operations.to_owned()],
            alias: alias.map(str::to_owned),
            expires_at: expiry.map(Timestamp::from_micros),
            ..Registration::default()
        })
}

fn registrations() -> impl Strategy<Value = Vec<Source>> {
    proptest::collection::vec(registration(), 0..8).prop_map(|all| {
        let numbered = all.into_iter().enumerate().map(|(number, registration)| Registration {
            id: RegistrationId::from(format!("urn:r:{number}")),
            ..registration
        });
        numbered.map(|registration| Source::compile(registration).unwrap()).collect()
    })
}

/// Adds all and takes some out again.
fn index(sources: &[Source], gone: usize) -> SourceIndex<Source> {
    let mut index = SourceIndex::default();
    for source in sources {
        index.insert(Arc::new(source.clone()));
        index.insert(Arc::new(source.clone()));
    }
    for source in &sources[..gone.min(sources.len())] {
        assert!(index.remove(source.registration.id.as_str()).is_some());
    }
    index
}

fn has_entity(info: &EntityInfo, id: &str, types: &[Name]) -> bool {
    let by_pattern = match info.id_pattern.as_str() {
        "1$" => id.ends_with('1'),
        "^e" => id.starts_with('e'),
        _ => true,
    };
    let by_id = if info.id.is_empty() { by_pattern } else { info.id == id };
    by_id && (info.types.is_empty() || types.is_empty() || info.types.iter().any(|name| types.contains(name)))
}

/// Whether the source may have the attribute of the entity.
fn has(source: &Source, id: &str, types: &[Name], attribute: &str) -> bool {
    source.registration.information.iter().any(|information| {
        let listed: Vec<_> = information.properties.iter().chain(&information.relationships).collect();
        (information.entities.is_empty() || information.entities.iter().any(|info| has_entity(info, id, types)))
            && (listed.is_empty() || listed.iter().any(|name| **name == *attribute))
    })
}

fn lives(source: &Source) -> bool {
    source.registration.expires_at.is_none_or(|end| end > NOW)
}

fn serves(source: &Source, operation: Operation) -> bool {
    source.registration.allowed().has(operation) && source.registration.alias.as_deref() != Some("met")
}

type Shares = BTreeSet<(String, String)>;

fn shares(parts: &[context::sources::Part<Source>]) -> Shares {
    let each = |part: &context::sources::Part<Source>| {
        let id = part.source.registration.id.to_string();
        part.attributes.names().iter().map(|name| (id.clone(), name.to_string())).collect::<Vec<_>>()
    };
    parts.iter().flat_map(each).collect()
}

const WRITES: [Operation; 4] =
    [Operation::CreateEntity, Operation::UpdateEntity, Operation::MergeBatch, Operation::ReplaceAttrs];

proptest! {
    #[test]
    fn changes_are_shared_out_attribute_by_attribute(
        sources in registrations(),
        gone in 0_usize..3,
        id in proptest::sample::select(&["e:1", "e:2", "f:3"][..]),
        types in subset(&["A", "B", "C"]),
        attributes in subset(&["x", "y", "z", "w"]),
        operation in proptest::sample::select(&WRITES[..]),
    ) {
        prop_assume!(!attributes.is_empty());
        let index = index(&sources, gone);
        let met = |alias: &str| alias == "met";
        let subject = Subject { id, types: &types };
        let plan = split(&index, subject, Attributes::Only(attributes.clone()), operation, &met, NOW);
        let living: Vec<_> = sources.iter().skip(gone).filter(|source| lives(source)).collect();
        let (mut here, mut there, mut refused) = (Vec::new(), Shares::new(), Shares::new());
        for name in &attributes {
            let types = &types;
            let of = |mode: Mode| {
                living.iter().filter(move |source| source.registration.mode == mode && has(source, id, types, name.as_str()))
            };
            let takers: Vec<_> = match (of(Mode::Exclusive).next(), of(Mode::Redirect).next()) {
                (Some(_), _) => of(Mode::Exclusive).collect(),
                (None, Some(_)) => of(Mode::Redirect).collect(),
                (None, None) => {
                    here.push(name.clone());
                    of(Mode::Inclusive).filter(|source| serves(source, operation)).collect()
                }
            };
            for source in takers {
                let share = (source.registration.id.to_string(), name.to_string());
                if serves(source, operation) { there.insert(share); } else { refused.insert(share); }
            }
        }
        prop_assert_eq!(plan.here, (!here.is_empty()).then_some(Attributes::Only(here)));
        prop_assert_eq!(shares(&plan.there), there);
        prop_assert_eq!(shares(&plan.refused), refused);
    }

    #[test]
    fn readers_are_all_that_may_have_something(
        sources in registrations(),
        id in proptest::sample::select(&["e:1", "e:2", "f:3"][..]),
        types in subset(&["A", "B", "C"]),
        attributes in subset(&["x", "z", "w"]),
    ) {
        prop_assume!(!attributes.is_empty());
        let wanted = Attributes::Only(attributes.clone());
        let subject = Subject { id, types: &types };
        let found = readers(&index(&sources, 0), subject, &wanted, Operation::RetrieveEntity, &|alias| alias == "met", NOW);
        let mut expected = Shares::new();
        for source in sources.iter().filter(|source| lives(source) && serves(source, Operation::RetrieveEntity)) {
            let of_source = attributes.iter().filter(|name| has(source, id, &types, name.as_str()));
            expected.extend(of_source.map(|name| (source.registration.id.to_string(), name.to_string())));
        }
        prop_assert_eq!(shares(&found), expected);
    }

    /// An entity that is asked for and that a source may have is in what the source is asked for.
    #[test]
    fn queries_reach_all_that_may_have_something(
        sources in registrations(),
        ids in proptest::sample::subsequence(&["e:1", "e:2", "f:3"][..], 0..3),
        asked in subset(&["A", "B", "C"]),
        id in proptest::sample::select(&["e:1", "e:2", "f:3", "e:41"][..]),
        types in subset(&["A", "B", "C"]),
        attribute in proptest::sample::select(&["x", "w"][..]),
    ) {
        prop_assume!(!types.is_empty());
        let selection = Selection { ids: &ids, pattern: Matcher::Any, types: &asked };
        let index = index(&sources, 0);
        let attributes = Attributes::Only(names(&[attribute]));
        let asks = asks(&index, &selection, &attributes, Operation::QueryEntity, &|alias| alias == "met", NOW);
        let is_asked_for = (ids.is_empty() || ids.contains(&id))
            && (asked.is_empty() || asked.iter().any(|name| types.contains(name)));
        for source in sources.iter().filter(|source| lives(source) && serves(source, Operation::QueryEntity)) {
            let ask = asks.iter().find(|ask| ask.source.registration.id == source.registration.id);
            let reached = ask.is_some_and(|ask| ask.entities.iter().any(|(selected, attributes)| {
                let info = EntityInfo { id: String::new(), id_pattern: selected.pattern.clone(), types: selected.types.clone() };
                (selected.ids.is_empty() || selected.ids.iter().any(|one| *one == *id))
                    && has_entity(&info, id, &types)
                    && attributes.has(&Name::from(attribute))
            }));
            // An entity of several types may be asked for by one and registered by another.
            let one_type = types.len() == 1;
            if is_asked_for && one_type && has(source, id, &types, attribute) {
                prop_assert!(reached, "{:?} {:?}", source.registration, ask);
            }
            if reached && one_type {
                prop_assert!(is_asked_for && has(source, id, &types, attribute));
            }
        }
    }

    #[test]
    fn merging_does_not_depend_on_the_order(times in proptest::collection::vec((0_i64..4, proptest::option::of(0_i64..4)), 1..6)) {
        let entity = |(number, (modified, observed)): (usize, &(i64, Option<i64>))| {
            // Every instance differs from the others in time, in the end by its number.
            let modified = Timestamp::from_millis(modified * 100 + number as i64);
            one(&format!("{number}"), modified, observed.map(|at| Timestamp::from_millis(at * 1000 + number as i64)))
        };
        let all: Vec<Entity> = times.iter().enumerate().map(entity).collect();
        let fold = |all: &mut dyn Iterator<Item = &Entity>| {
            let mut merged = all.next().unwrap().clone();
            all.for_each(|other| merge(&mut merged, other.clone()));
            merged.attributes
        };
        prop_assert_eq!(fold(&mut all.iter()), fold(&mut all.iter().rev()));
    }
}

fn one(value: &str, modified_at: Timestamp, observed_at: Option<Timestamp>) -> Entity {
    let mut entity = Entity::new(EntityId::from("e:1"), Name::from("A"), modified_at);
    let observed = |at: Timestamp| {
        Metadata::new(Name::from("observedAt"), Name::from("DateTime"), JsonText::string(&at.to_string()))
    };
    entity.attributes.push(Attribute {
        name: Name::from("x"),
        kind: AttributeKind::Context,
        dataset_id: Name::default(),
        value_type: Name::default(),
        value: JsonText::string(value),
        metadata: observed_at.map(observed).into_iter().collect(),
        created_at: modified_at,
        modified_at,
    });
    entity
}

#[test]
fn auxiliary_sources_add_only_what_nobody_has() {
    let at = Timestamp::from_millis;
    let mut entity = one("here", at(1), None);
    let mut other = one("there", at(9), Some(at(9)));
    other.attributes.push(Attribute { name: Name::from("y"), ..other.attributes[0].clone() });
    other.attributes.push(Attribute { dataset_id: Name::from("urn:d"), ..other.attributes[0].clone() });
    other.more_types.push(Name::from("B"));
    supplement(&mut entity, other);
    let attributes: Vec<_> = entity.attributes.iter().map(|a| (a.name.as_str(), a.value.to_plain())).collect();
    assert_eq!(attributes, [("x", "here".to_owned()), ("y", "there".to_owned())]);
    assert_eq!(entity.more_types, names(&["B"]));
}

/// Of one entity, or of those that a pattern beginning with `^` means.
fn source(id: &str, mode: Mode, entity: &str, types: &[&str], attributes: &[&str]) -> Source {
    let (named, pattern) = if entity.starts_with('^') { ("", entity) } else { (entity, "") };
    let entities = match (entity, types) {
        ("", []) => Vec::new(),
        _ => vec![EntityInfo { id: named.to_owned(), id_pattern: pattern.to_owned(), types: names(types) }],
    };
    Source::compile(Registration {
        id: RegistrationId::from(id),
        endpoint: "http://source".to_owned(),
        mode,
        information: vec![Information { entities, properties: names(attributes), relationships: Vec::new() }],
        ..Registration::default()
    })
    .unwrap()
}

#[test]
fn exclusive_registrations_bear_no_other_of_the_same() {
    let mut index = SourceIndex::default();
    index.insert(Arc::new(source("urn:exclusive", Mode::Exclusive, "e:1", &["A"], &["x"])));
    index.insert(Arc::new(source("urn:redirect", Mode::Redirect, "", &["B"], &[])));
    index.insert(Arc::new(source("urn:inclusive", Mode::Inclusive, "", &[], &[])));
    index.insert(Arc::new(source("urn:type", Mode::Exclusive, "", &["C"], &["x"])));
    index.insert(Arc::new(source("urn:pattern", Mode::Exclusive, "^e:", &["D"], &["x"])));
    let table = [
        (source("urn:1", Mode::Exclusive, "e:1", &["A"], &["x", "y"]), Some("urn:exclusive")),
        (source("urn:2", Mode::Exclusive, "e:1", &["A"], &["y"]), None),
        (source("urn:3", Mode::Exclusive, "e:2", &["A"], &["x"]), None),
        (source("urn:4", Mode::Exclusive, "e:2", &["B"], &["x"]), Some("urn:redirect")),
        (source("urn:5", Mode::Redirect, "", &["B"], &["x"]), None),
        (source("urn:6", Mode::Redirect, "", &["A"], &["x"]), Some("urn:exclusive")),
        (source("urn:7", Mode::Redirect, "", &["A"], &["y"]), None),
        (source("urn:8", Mode::Redirect, "", &[], &["x"]), Some("urn:exclusive")),
        (source("urn:9", Mode::Inclusive, "e:1", &["A"], &["x"]), None),
        (source("urn:10", Mode::Auxiliary, "e:1", &["A"], &["x"]), None),
        (source("urn:11", Mode::Exclusive, "e:1", &["C"], &["x"]), Some("urn:type")),
        (source("urn:12", Mode::Exclusive, "e:1", &["C"], &["y"]), None),
        (source("urn:13", Mode::Exclusive, "^e", &["C"], &["x"]), Some("urn:type")),
        (source("urn:14", Mode::Redirect, "", &["C"], &[]), Some("urn:type")),
        (source("urn:15", Mode::Exclusive, "e:1", &["D"], &["x"]), Some("urn:pattern")),
        (source("urn:16", Mode::Exclusive, "f:1", &["D"], &["x"]), None),
        (source("urn:17", Mode::Exclusive, "^e:", &["D"], &["x"]), Some("urn:pattern")),
        (source("urn:18", Mode::Exclusive, "^f:", &["D"], &["x"]), None),
        (source("urn:19", Mode::Redirect, "", &["D"], &["y"]), None),
        (source("urn:exclusive", Mode::Exclusive, "e:1", &["A"], &["x"]), None),
    ];
    for (new, expected) in table {
        let found = conflicting(&index, &new, NOW);
        assert_eq!(found.as_ref().map(RegistrationId::as_str), expected, "{}", new.registration.id);
    }
}

#[test]
fn what_is_here_contradicts_what_only_a_source_has() {
    let entity = one("1", NOW, None);
    let table = [
        (source("urn:1", Mode::Exclusive, "e:1", &["A"], &["x"]), true),
        (source("urn:2", Mode::Exclusive, "e:1", &["A"], &["y"]), false),
        (source("urn:3", Mode::Redirect, "", &["A"], &[]), true),
        (source("urn:4", Mode::Redirect, "", &["B"], &[]), false),
    ];
    for (source, covers) in table {
        assert_eq!(source.covers(&entity), covers, "{}", source.registration.id);
    }
}

#[test]
fn a_whole_entity_goes_where_all_of_it_is() {
    let mut index = SourceIndex::default();
    let all = |id, mode, attributes: &[&str]| {
        let mut source = source(id, mode, "e:1", &["A"], attributes);
        source.operations = ngsi::registration::Operations::named("redirectionOps").unwrap();
        Arc::new(source)
    };
    index.insert(all("urn:exclusive", Mode::Exclusive, &["x"]));
    let delete = |index: &SourceIndex<Source>| {
        let subject = Subject { id: "e:1", types: &[] };
        split(index, subject, Attributes::All, Operation::DeleteEntity, &|_| false, NOW)
    };
    let plan = delete(&index);
    assert_eq!((plan.here, plan.there.len()), (Some(Attributes::All), 1));
    index.insert(all("urn:redirect", Mode::Redirect, &[]));
    let plan = delete(&index);
    assert_eq!((plan.here, plan.there.len(), plan.refused.len()), (None, 2, 0));
}

#[test]
fn many_registrations_are_searched_by_what_they_name() {
    let mut index = SourceIndex::default();
    for number in 0..20_000 {
        let id = format!("e:{number}");
        index.insert(Arc::new(source(&format!("urn:{number}"), Mode::Exclusive, &id, &["A"], &["x"])));
    }
    let types = names(&["A"]);
    assert_eq!(index.candidates(Subject { id: "e:77", types: &types }).len(), 1);
    assert_eq!(index.candidates(Subject { id: "e:77", types: &[] }).len(), 1);
    let ids = ["e:1", "e:2"];
    assert_eq!(index.selected(&Selection { ids: &ids, pattern: Matcher::Any, types: &types }).len(), 2);
    assert_eq!(index.selected(&Selection { ids: &[], pattern: Matcher::Any, types: &names(&["B"]) }).len(), 0);
}
