//! What a discovery or a subscription selects.

use ngsi::selector::Matcher;
use ngsi::v1::ngsi9::AvailabilityRequest;
use ngsi::{EntitySelector, Location, Name, ParseError, Point, Scope};
use rstar::AABB;

use crate::Registration;
use crate::area::{Vector, bounds};

/// The most entities a request may name.
const MAX_ENTITIES: usize = 10_000;
/// The most of them without an identifier: each entity of their types is compared with all.
const MAX_BY_TYPE: usize = 256;
/// The most patterns among them: each may take half a megabyte compiled.
const MAX_PATTERNS: usize = 64;
/// The most scopes of a request.
const MAX_SCOPES: usize = 64;

/// A compiled [`AvailabilityRequest`].
#[derive(Debug, Clone)]
pub struct Query {
    pub(crate) selectors: Vec<EntitySelector>,
    attributes: Vec<Name>,
    scopes: Vec<Scope>,
    except: Option<Box<str>>,
}

impl Query {
    /// The same without what one provider has.
    #[must_use]
    pub fn except(self, provider: &str) -> Self {
        Self { except: Some(provider.into()), ..self }
    }

    /// The provider whose registrations are not selected.
    pub(crate) fn excepted(&self) -> Option<&str> {
        self.except.as_deref()
    }

    /// Compiles a request. No entities at all means any entity.
    ///
    /// # Errors
    /// Names the member, e.g. `entities[0].id` or `restriction.scopes[1].scopeValue.radius`.
    pub fn compile(request: &AvailabilityRequest) -> Result<Self, ParseError> {
        bounded("entities", request.entities.len(), MAX_ENTITIES)?;
        bounded("restriction.scopes", request.restriction.scopes.len(), MAX_SCOPES)?;
        let by_type = request.entities.iter().filter(|entity| entity.is_pattern || entity.id.is_empty()).count();
        bounded("entities", by_type, MAX_BY_TYPE).map_err(|_| too_many("entities", "without an id", MAX_BY_TYPE))?;
        let patterns = request.entities.iter().filter(|entity| entity.is_pattern).count();
        bounded("entities", patterns, MAX_PATTERNS).map_err(|_| too_many("entities", "patterns", MAX_PATTERNS))?;
        let mut selectors = EntitySelector::compile_all("entities", &request.entities)?;
        if selectors.is_empty() {
            selectors.push(EntitySelector { id: Matcher::Any, entity_type: Matcher::Any });
        }
        let scopes = request.restriction.parse().map_err(|error| error.within("restriction"))?;
        let attributes = request.attributes.iter().filter(|name| !name.is_empty()).cloned().collect();
        Ok(Self { selectors, attributes, scopes, except: None })
    }

    /// Whether it selects a registration; a `nearby` scope selects whatever has a place.
    #[must_use]
    pub fn matches(&self, registration: &Registration, location: Option<&Location>) -> bool {
        let (id, entity_type) = (registration.id.as_str(), registration.entity_type.as_str());
        self.selectors.iter().any(|selector| selector.matches(id, entity_type)) && self.admits(registration, location)
    }

    /// The conditions beside identifier and type.
    pub(crate) fn admits(&self, registration: &Registration, location: Option<&Location>) -> bool {
        let has = |name: &Name| registration.attributes.iter().any(|attribute| attribute.name == *name);
        self.except.as_deref() != Some(&*registration.provider)
            && self.attributes.iter().all(has)
            && self.scopes.iter().all(|scope| scope.matches(location, &|name| registration.plain(name)))
    }

    /// The point to measure from and the number wanted, if the nearest are asked for.
    pub(crate) fn nearby(&self) -> Option<(Point, usize)> {
        self.scopes.iter().find_map(|scope| match scope {
            Scope::Nearby { center, limit } => Some((*center, *limit)),
            _ => None,
        })
    }

    /// The smallest box that holds everything selected, if an area is asked for.
    pub(crate) fn area(&self) -> Option<AABB<Vector>> {
        let smallest = self.scopes.iter().filter_map(bounds).min_by(|one, other| one.0.total_cmp(&other.0));
        smallest.map(|(_, area)| area)
    }
}

fn bounded(path: &str, count: usize, most: usize) -> Result<(), ParseError> {
    if count <= most { Ok(()) } else { Err(too_many(path, "elements", most)) }
}

fn too_many(path: &str, what: &str, most: usize) -> ParseError {
    ParseError::new(path, format!("more than {most} {what}"))
}
