//! The registry against a list that is searched from end to end.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};

use availability::{Availability, Change, Notice, Page, Query, Registration, Registry, origin, parse_registrations};
use ngsi::v1::ngsi9::AvailabilityRequest;
use ngsi::{EntityId, Point, SubscriptionId};
use proptest::prelude::*;
use serde_json::{Value, json};

#[derive(Debug, Clone)]
enum Step {
    Register(Value),
    Unregister { id: String, provider: String },
    UnregisterAt(String),
    Discover { request: Value, nearby: Option<(Point, usize)> },
    Subscribe { id: String, request: Value },
    Unsubscribe(String),
    Restore,
}

#[derive(Default)]
struct Model {
    registrations: BTreeMap<EntityId, Registration>,
    subscriptions: BTreeMap<SubscriptionId, Query>,
}

type Told = BTreeSet<(SubscriptionId, u16, EntityId, String)>;

impl Model {
    fn matches(query: &Query, registration: &Registration) -> bool {
        query.matches(registration, registration.location().as_ref())
    }

    fn register(&mut self, change: &Change) -> Told {
        let old = self.registrations.get(&change.id).cloned();
        let mut new = old.clone().unwrap_or_else(|| Registration {
            id: change.id.clone(),
            entity_type: "".into(),
            attributes: [].into(),
            metadata: [].into(),
            provider: "".into(),
        });
        if !change.entity_type.is_empty() {
            new.entity_type = change.entity_type.clone();
        }
        if let Some(attributes) = &change.attributes {
            new.attributes = attributes.clone();
        }
        let mut metadata = new.metadata.to_vec();
        for new in &change.metadata {
            metadata.retain(|old| old.name != new.name);
            metadata.push(new.clone());
        }
        metadata.sort_by(|one, other| one.name.cmp(&other.name));
        new.metadata = metadata.into();
        if !change.provider.is_empty() {
            new.provider = change.provider.as_str().into();
        }
        self.registrations.insert(new.id.clone(), new.clone());
        if old.as_ref() == Some(&new) {
            return Told::new();
        }
        let told = self.subscriptions.iter().filter_map(|(id, query)| {
            let is = Self::matches(query, &new);
            let was = old.as_ref().is_some_and(|old| Self::matches(query, old));
            match (was, is) {
                (_, true) => Some((id.clone(), 301, new.id.clone(), new.provider.to_string())),
                (true, false) => Some((id.clone(), 410, new.id.clone(), old.as_ref()?.provider.to_string())),
                (false, false) => None,
            }
        });
        told.collect()
    }

    fn remove(&mut self, id: &EntityId) -> Told {
        let Some(old) = self.registrations.remove(id) else { return Told::new() };
        let told = self.subscriptions.iter().filter(|(_, query)| Self::matches(query, &old));
        told.map(|(id, _)| (id.clone(), 410, old.id.clone(), old.provider.to_string())).collect()
    }
}

fn told(notices: &[Notice]) -> Told {
    let told: Told = notices
        .iter()
        .map(|n| {
            let Registration { id, provider, .. } = &n.registration;
            (n.subscription.clone(), n.availability.code(), id.clone(), provider.to_string())
        })
        .collect();
    assert_eq!(told.len(), notices.len(), "somebody is told twice: {notices:?}");
    assert_eq!(Availability::Unavailable.code(), 410);
    told
}

fn compile(request: &Value) -> Query {
    let text = request.to_string();
    let request: AvailabilityRequest = ngsi::json::parse(text.as_bytes()).unwrap();
    Query::compile(&request).unwrap()
}

fn discovered(registry: &Registry, query: &Query, page: Page) -> Vec<EntityId> {
    let found = registry.discover(query, page);
    for (provider, entities) in &found.providers {
        assert!(entities.iter().all(|e| registry.get(e.id.as_str()).unwrap().provider == *provider));
    }
    found.providers.into_iter().flat_map(|(_, entities)| entities).map(|entity| entity.id).collect()
}

fn check_discover(registry: &Registry, model: &Model, query: &Query, nearby: Option<(Point, usize)>) {
    let found = discovered(registry, query, Page::default());
    let all: BTreeSet<_> = found.iter().cloned().collect();
    assert_eq!(all.len(), found.len(), "an entity is found twice");
    let expected: Vec<_> = model.registrations.values().filter(|one| Model::matches(query, one)).collect();
    if nearby.is_none() {
        for except in model.registrations.values().map(|one| &one.provider) {
            let others: BTreeSet<_> =
                discovered(registry, &query.clone().except(except), Page::default()).into_iter().collect();
            let theirs = expected.iter().filter(|one| one.provider != *except).map(|one| one.id.clone());
            assert_eq!(others, theirs.collect(), "but for {except}");
        }
    }
    let Some((center, limit)) = nearby else {
        let paged = (0..expected.len() + 2)
            .flat_map(|offset| discovered(registry, query, Page { offset, limit: 1 }))
            .collect::<Vec<_>>();
        assert_eq!(paged, {
            let whole = registry.discover(query, Page::default());
            let mut in_order = Vec::new();
            registry.visit(query, &mut |one| {
                in_order.push(one.id.clone());
                std::ops::ControlFlow::Continue(())
            });
            assert!(!whole.more);
            in_order
        });
        assert_eq!(all, expected.iter().map(|one| one.id.clone()).collect());
        return;
    };
    let distance = |one: &Registration| one.location().unwrap().center().unwrap().distance_m(center);
    assert!(found.iter().all(|id| expected.iter().any(|one| one.id == *id)), "not selected");
    let mut nearest: Vec<f64> = expected.iter().map(|one| distance(one)).collect();
    nearest.sort_by(f64::total_cmp);
    nearest.truncate(limit);
    let mut got: Vec<f64> = found.iter().map(|id| distance(&model.registrations[id])).collect();
    got.sort_by(f64::total_cmp);
    assert_eq!(got.len(), nearest.len());
    assert!(got.iter().zip(&nearest).all(|(one, other)| (one - other).abs() < 0.01), "{got:?} {nearest:?}");
}

fn run(steps: Vec<Step>) {
    let (mut registry, mut model) = (Registry::default(), Model::default());
    for step in steps {
        let mut notices = Vec::new();
        match step {
            Step::Register(body) => {
                let text = body.to_string();
                for change in parse_registrations(ngsi::json::parse(text.as_bytes()).unwrap()).unwrap() {
                    let mut notices = Vec::new();
                    let expected = model.register(&change);
                    registry.register(change, &mut notices);
                    assert_eq!(told(&notices), expected);
                }
            }
            Step::Unregister { id, provider } => {
                let holder = model.registrations.get(id.as_str()).map(|one| one.provider.clone());
                let may = holder.is_none_or(|h| provider.is_empty() || h.is_empty() || origin(&h) == origin(&provider));
                registry.unregister(&id, &provider, &mut notices);
                let expected = if may { model.remove(&EntityId::from(id)) } else { Told::new() };
                assert_eq!(told(&notices), expected);
            }
            Step::UnregisterAt(at) => {
                let gone: BTreeSet<_> = registry.unregister_at(&at, usize::MAX, &mut notices).into_iter().collect();
                let of = |one: &&Registration| origin(&one.provider) == at;
                let expected: BTreeSet<_> = model.registrations.values().filter(of).map(|one| one.id.clone()).collect();
                assert_eq!(gone, expected);
                let expected: Told = expected.iter().flat_map(|id| model.remove(id)).collect();
                assert_eq!(told(&notices), expected);
            }
            Step::Discover { request, nearby } => check_discover(&registry, &model, &compile(&request), nearby),
            Step::Subscribe { id, request } => {
                let (id, query) = (SubscriptionId::from(id), compile(&request));
                registry.subscribe(id.clone(), query.clone()).unwrap();
                let selected: BTreeSet<_> = registry.selected_by(&id).unwrap().into_iter().map(|one| one.id).collect();
                assert!(selected.iter().all(|id| Model::matches(&query, &model.registrations[id])));
                model.subscriptions.insert(id, query);
            }
            Step::Unsubscribe(id) => {
                let id = SubscriptionId::from(id);
                assert_eq!(registry.unsubscribe(&id), model.subscriptions.remove(&id).is_some());
            }
            Step::Restore => {
                registry = Registry::restore(model.registrations.values().cloned());
                for (id, query) in &model.subscriptions {
                    registry.subscribe(id.clone(), query.clone()).unwrap();
                }
            }
        }
        check_same(&registry, &model);
    }
}

fn check_same(registry: &Registry, model: &Model) {
    assert_eq!(registry.len(), model.registrations.len());
    assert_eq!(registry.subscription_count(), model.subscriptions.len());
    for (id, expected) in &model.registrations {
        let mut found = registry.get(id.as_str()).unwrap().clone();
        let mut metadata = found.metadata.to_vec();
        metadata.sort_by(|one, other| one.name.cmp(&other.name));
        found.metadata = metadata.into();
        assert_eq!(found, *expected);
    }
    let mut counts = BTreeMap::new();
    for one in model.registrations.values().filter(|one| !one.entity_type.is_empty()) {
        *counts.entry(one.entity_type.as_str()).or_insert(0) += 1;
    }
    assert_eq!(registry.types(), counts.keys().copied().collect::<Vec<_>>());
    assert_eq!(registry.type_counts(), counts.into_iter().collect::<Vec<_>>());
}

fn id() -> impl Strategy<Value = String> {
    (0..12_u8).prop_map(|n| format!("e{n}"))
}

fn entity_type() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), (0..4_u8).prop_map(|n| format!("T{n}"))]
}

fn provider() -> impl Strategy<Value = String> {
    let urls = ["", "http://a:1/ngsi10", "http://A:1", "http://b:1/ngsi10", "http://b:2/ngsi10"];
    prop::sample::select(urls.to_vec()).prop_map(str::to_owned)
}

fn coordinates() -> impl Strategy<Value = (f64, f64)> {
    let anywhere = (-90.0..=90.0_f64, -180.0..=180.0_f64);
    let poles_and_date_line = (
        prop::sample::select(vec![-90.0, -89.9, 0.0, 89.95, 90.0]),
        prop::sample::select(vec![-180.0, -179.99, 0.0, 179.98, 180.0]),
    );
    prop_oneof![anywhere, poles_and_date_line, (35.0..35.1_f64, 139.0..139.1_f64)]
}

fn radius() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), 1.0..20_000.0_f64, 1.0e5..2.1e7_f64]
}

fn polygon() -> impl Strategy<Value = Value> {
    prop::collection::vec(coordinates(), 3..6).prop_map(|corners| {
        let vertices: Vec<_> = corners.iter().map(|(lat, lon)| json!({"latitude": lat, "longitude": lon})).collect();
        json!({ "vertices": vertices })
    })
}

fn circle() -> impl Strategy<Value = Value> {
    (coordinates(), radius())
        .prop_map(|((lat, lon), radius)| json!({"centerLatitude": lat, "centerLongitude": lon, "radius": radius}))
}

fn metadata() -> impl Strategy<Value = Value> {
    let location = |kind: &'static str| move |value: Value| json!([{"name": "location", "type": kind, "value": value}]);
    prop_oneof![
        Just(json!([])),
        coordinates().prop_map(|(lat, lon)| json!({"latitude": lat, "longitude": lon})).prop_map(location("point")),
        circle().prop_map(location("circle")),
        polygon().prop_map(location("polygon")),
        Just(json!([{"name": "location", "type": "global", "value": ""}])),
        prop::sample::select(vec!["x", "y"])
            .prop_map(|owner| json!([{"name": "owner", "type": "string", "value": owner}])),
    ]
}

fn attributes() -> impl Strategy<Value = Value> {
    let lists = vec![json!(null), json!([]), json!([{"name": "t"}]), json!([{"name": "t"}, {"name": "h"}])];
    prop::sample::select(lists)
}

fn entity() -> impl Strategy<Value = Value> {
    prop_oneof![
        id().prop_map(|id| json!({ "id": id })),
        (id(), entity_type()).prop_map(|(id, entity_type)| json!({"id": id, "type": entity_type})),
        entity_type().prop_map(|entity_type| json!({ "type": entity_type })),
        prop::sample::select(vec!["^e1", "e[02468]$", ".*", "1"]).prop_map(|id| json!({"id": id, "isPattern": true})),
        prop::sample::select(vec!["T[12]", "^$", "."]).prop_map(|name| json!({"type": name, "isPattern": true})),
        (entity_type(), Just("^e")).prop_map(|(name, id)| json!({"id": id, "type": name, "isPattern": true})),
    ]
}

fn scope() -> impl Strategy<Value = Value> {
    prop_oneof![
        circle().prop_map(|circle| json!({"scopeType": "circle", "scopeValue": circle})),
        polygon().prop_map(|polygon| json!({"scopeType": "polygon", "scopeValue": polygon})),
        Just(json!({"scopeType": "stringQuery", "scopeValue": "owner=x"})),
        Just(json!({"scopeType": "global", "scopeValue": "global"})),
    ]
}

fn request() -> impl Strategy<Value = Value> {
    let attributes = prop::sample::select(vec![json!([]), json!(["t"]), json!(["t", "h"])]);
    (prop::collection::vec(entity(), 0..3), attributes, prop::collection::vec(scope(), 0..2)).prop_map(
        |(entities, attributes, scopes)| {
            json!({"entities": entities, "attributes": attributes, "restriction": {"scopes": scopes}})
        },
    )
}

fn discover() -> impl Strategy<Value = Step> {
    (request(), prop::option::of((coordinates(), 0..5_usize))).prop_map(|(mut request, nearby)| {
        let nearby = nearby.map(|((latitude, longitude), limit)| {
            let value = json!({"latitude": latitude, "longitude": longitude, "limit": limit});
            let scopes = request["restriction"]["scopes"].as_array_mut().unwrap();
            scopes.push(json!({"scopeType": "nearby", "scopeValue": value}));
            (Point { latitude, longitude }, limit)
        });
        Step::Discover { request, nearby }
    })
}

fn register() -> impl Strategy<Value = Step> {
    (prop::collection::vec((id(), entity_type()), 1..3), attributes(), metadata(), provider()).prop_map(
        |(entities, attributes, metadata, provider)| {
            let entities: Vec<_> = entities.iter().map(|(id, name)| json!({"id": id, "type": name})).collect();
            Step::Register(json!({"contextRegistrations": [{
                "entities": entities, "attributes": attributes, "contextMetadata": metadata,
                "providingApplication": provider,
            }]}))
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let subscription = || (0..5_u8).prop_map(|n| format!("s{n}"));
    prop_oneof![
        8 => register(),
        2 => (id(), provider()).prop_map(|(id, provider)| Step::Unregister { id, provider }),
        1 => prop::sample::select(vec!["http://a:1", "http://b:2", ""]).prop_map(|at| Step::UnregisterAt(at.to_owned())),
        6 => discover(),
        3 => (subscription(), request()).prop_map(|(id, request)| Step::Subscribe { id, request }),
        1 => subscription().prop_map(Step::Unsubscribe),
        1 => Just(Step::Restore),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn registry_finds_and_tells_what_a_list_would(steps in prop::collection::vec(step(), 1..60)) {
        run(steps);
    }
}
