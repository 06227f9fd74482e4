//! A compiled query: which entities are meant.

use std::sync::Arc;

use ngsi::selector::Matcher;
use ngsi::v1::EntityRef;
use ngsi::{AttributeKind, Entity, EntitySelector, Name, ParseError, Point, Restriction, Scope};

/// The most entity references a query or subscription may have.
pub const MAX_SELECTORS: usize = 10_000;

/// The most of them that may be patterns: each takes time and memory to compile.
pub const MAX_PATTERNS: usize = 100;

/// Conditions on entities, understood once and applied often.
#[derive(Debug, Clone)]
pub struct Query {
    selectors: Vec<EntitySelector>,
    attributes: Vec<Name>,
    scopes: Vec<Scope>,
}

impl Query {
    /// Understands the parts of a query or subscription. An entity is meant when one reference selects it, it has all the
    /// attributes, and every scope holds; without a reference none is.
    ///
    /// # Errors
    /// Names the member that is missing or malformed.
    pub fn compile(entities: &[EntityRef], attributes: &[Name], restriction: &Restriction) -> Result<Self, ParseError> {
        if entities.len() > MAX_SELECTORS {
            return Err(ParseError::new("entities", format!("must hold at most {MAX_SELECTORS} elements")));
        }
        if entities.iter().filter(|entity| entity.is_pattern).count() > MAX_PATTERNS {
            return Err(ParseError::new("entities", format!("must hold at most {MAX_PATTERNS} patterns")));
        }
        Ok(Self {
            selectors: EntitySelector::compile_all("entities", entities)?,
            attributes: attributes.to_vec(),
            scopes: restriction.parse().map_err(|error| error.within("restriction"))?,
        })
    }

    /// The references.
    #[must_use]
    pub fn selectors(&self) -> &[EntitySelector] {
        &self.selectors
    }

    /// The identifiers, if every reference is one exact identifier.
    #[must_use]
    pub fn exact_ids(&self) -> Option<impl Iterator<Item = &str>> {
        let exact = self.selectors.iter().all(|selector| matches!(selector.id, Matcher::Exact(_)));
        exact.then(|| {
            self.selectors.iter().filter_map(|selector| match &selector.id {
                Matcher::Exact(id) => Some(id.as_str()),
                _ => None,
            })
        })
    }

    /// The types, if every reference is of one exact type.
    #[must_use]
    pub fn exact_types(&self) -> Option<impl Iterator<Item = &str>> {
        let exact = self.selectors.iter().all(|selector| matches!(selector.entity_type, Matcher::Exact(_)));
        exact.then(|| {
            self.selectors.iter().filter_map(|selector| match &selector.entity_type {
                Matcher::Exact(name) => Some(name.as_str()),
                _ => None,
            })
        })
    }

    /// Whether some reference accepts entities of that type.
    #[must_use]
    pub fn wants_type(&self, entity_type: &str) -> bool {
        self.selectors.iter().any(|selector| selector.entity_type.matches(entity_type))
    }

    /// Whether the entity is meant. Of a `nearby` scope only the need for a place is checked, see [`Query::limit`].
    #[must_use]
    pub fn matches(&self, entity: &Entity) -> bool {
        self.selects(entity)
            && self.attributes.iter().all(|name| entity.attribute(AttributeKind::Context, name.as_str()).is_some())
            && self.in_scope(entity)
    }

    /// Whether some reference selects the entity.
    #[must_use]
    pub fn selects(&self, entity: &Entity) -> bool {
        self.selectors.iter().any(|selector| selector.selects(entity))
    }

    /// Whether every scope holds.
    #[must_use]
    pub fn in_scope(&self, entity: &Entity) -> bool {
        if self.scopes.iter().all(|scope| matches!(scope, Scope::Global)) {
            return true;
        }
        let place = entity.location();
        let metadata =
            |name: &str| entity.attribute(AttributeKind::Domain, name).map(|metadatum| metadatum.value.to_plain());
        self.scopes.iter().all(|scope| scope.matches(place.as_ref(), &metadata))
    }

    /// The `nearby` scope, if there is one.
    #[must_use]
    pub fn nearby(&self) -> Option<(Point, usize)> {
        self.scopes.iter().find_map(|scope| match scope {
            Scope::Nearby { center, limit } => Some((*center, *limit)),
            _ => None,
        })
    }

    /// Keeps the nearest entities if the query has a `nearby` scope, in order of distance; of equal ones the smaller id.
    pub fn limit(&self, found: &mut Vec<Arc<Entity>>) {
        let Some((center, limit)) = self.nearby() else { return };
        let distance = |entity: &Entity| entity.location()?.center().map(|place| place.distance_m(center));
        let mut ranked: Vec<_> =
            found.drain(..).filter_map(|entity| distance(&entity).map(|metres| (metres, entity))).collect();
        ranked.sort_by(|(near, one), (far, other)| near.total_cmp(far).then_with(|| one.id.cmp(&other.id)));
        found.extend(ranked.into_iter().take(limit).map(|(_, entity)| entity));
    }
}
