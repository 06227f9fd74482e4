//! A registration ready to be matched.

use ngsi::ld::id_pattern;
use ngsi::registration::{EntityInfo, Information, Operations};
use ngsi::selector::Matcher;
use ngsi::{Entity, EntitySelector, Name, ParseError, Registration, Timestamp};

use super::Attributes;

/// The most patterns of one registration: each takes time and memory to compile.
const MAX_PATTERNS: usize = 100;

/// An entity that an operation is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its identifier.
    pub id: &'a str,
    /// Its types, as far as they are known; when it has none here, it may be of any type.
    pub types: &'a [Name],
}

/// A source with what it may have.
#[derive(Debug, Clone)]
pub struct Source {
    /// What it was made of.
    pub registration: Registration,
    /// What it may be asked and told.
    pub operations: Operations,
    pub(super) parts: Vec<Holding>,
}

/// Some entities with some of their attributes.
#[derive(Debug, Clone)]
pub(super) struct Holding {
    /// Any entity when there is none.
    pub(super) entities: Vec<Entities>,
    /// All attributes when there is none.
    pub(super) attributes: Vec<Name>,
}

/// One or more entities.
#[derive(Debug, Clone)]
pub(super) struct Entities {
    pub(super) id: Matcher,
    /// As the registration gives it.
    pub(super) pattern: String,
    /// Of any type when there is none.
    pub(super) types: Vec<Name>,
}

impl Source {
    /// Understands a registration.
    ///
    /// # Errors
    /// Names the pattern that cannot be used.
    pub fn compile(registration: Registration) -> Result<Self, ParseError> {
        let infos = registration.information.iter().flat_map(|information| &information.entities);
        if infos.filter(|info| !info.id_pattern.is_empty()).count() > MAX_PATTERNS {
            return Err(ParseError::new("information", format!("must hold at most {MAX_PATTERNS} patterns")));
        }
        let holding = |(index, information)| {
            Holding::compile(information).map_err(|error| error.within(&format!("information[{index}]")))
        };
        let parts = registration.information.iter().enumerate().map(holding).collect::<Result<_, _>>()?;
        Ok(Self { operations: registration.allowed(), parts, registration })
    }

    /// Which of these attributes of the entity the source may have; `None` if it has nothing of it.
    #[must_use]
    pub fn share(&self, subject: Subject<'_>, attributes: &Attributes) -> Option<Attributes> {
        let holding = self.parts.iter().filter(|part| part.has(subject));
        holding.filter_map(|part| attributes.among(&part.attributes)).reduce(Attributes::or)
    }

    /// Whether the entity has something that the source may have.
    #[must_use]
    pub fn covers(&self, entity: &Entity) -> bool {
        let types: Vec<Name> = entity.types().cloned().collect();
        let names = entity.attributes.iter().map(|attribute| attribute.name.clone()).collect();
        let subject = Subject { id: entity.id.as_str(), types: &types };
        self.share(subject, &Attributes::Only(names)).is_some()
    }

    /// Whether some entity that one of these selects may be there, as far as can be told without looking at patterns.
    #[must_use]
    pub fn may_have(&self, selectors: &[EntitySelector]) -> bool {
        let any = |entities: &Entities| selectors.iter().any(|selector| entities.may_be(selector));
        self.parts.iter().any(|part| part.entities.is_empty() || part.entities.iter().any(any))
    }

    /// Whether it may be asked for what is so now.
    #[must_use]
    pub fn is_current(&self, now: Timestamp) -> bool {
        !self.registration.is_expired(now) && !self.registration.is_temporal()
    }

    /// The registration with the parts of it that have anything to do with entities that one of the selections asks for
    /// (5.10.2.5); `None` if none has.
    #[must_use]
    pub fn relevant(&self, selections: &[super::Selection<'_>], attributes: &Attributes) -> Option<Registration> {
        let pairs = self.parts.iter().zip(&self.registration.information);
        let selected = |one: &Entities| selections.iter().any(|selection| selection.matches(one));
        let wanted = |part: &Holding| {
            attributes.among(&part.attributes).is_some()
                && (part.entities.is_empty() || part.entities.iter().any(selected))
        };
        let relevant = pairs.filter(|(part, _)| wanted(part)).map(|(_, information)| information.clone());
        let information: Vec<Information> = relevant.collect();
        (!information.is_empty()).then(|| Registration { information, ..self.registration.clone() })
    }
}

impl Holding {
    fn compile(information: &Information) -> Result<Self, ParseError> {
        let entities = information.entities.iter().enumerate();
        let entities = entities
            .map(|(index, info)| Entities::compile(info).map_err(|error| error.within(&format!("entities[{index}]"))));
        let attributes = information.properties.iter().chain(&information.relationships).cloned().collect();
        Ok(Self { entities: entities.collect::<Result<_, _>>()?, attributes })
    }

    fn has(&self, subject: Subject<'_>) -> bool {
        self.entities.is_empty() || self.entities.iter().any(|entities| entities.has(subject))
    }
}

impl Entities {
    fn compile(info: &EntityInfo) -> Result<Self, ParseError> {
        let (id, pattern) = match (info.id.as_str(), info.id_pattern.as_str()) {
            ("", "") => (Matcher::Any, String::new()),
            ("", pattern) => (id_pattern(pattern)?, pattern.to_owned()),
            (id, _) => (Matcher::Exact(Name::from(id)), String::new()),
        };
        Ok(Self { id, pattern, types: info.types.clone() })
    }

    fn may_be(&self, selector: &EntitySelector) -> bool {
        let of_type = match &selector.entity_type {
            Matcher::Exact(name) => self.types.is_empty() || self.types.contains(name),
            Matcher::Any | Matcher::Pattern(_) => true,
        };
        let named = match &self.id {
            Matcher::Exact(id) => selector.id.matches(id.as_str()),
            Matcher::Any | Matcher::Pattern(_) => true,
        };
        of_type && named
    }

    fn has(&self, subject: Subject<'_>) -> bool {
        self.id.matches(subject.id) && share_a_type(&self.types, subject.types)
    }
}

/// Whether both have a type in common, as far as both say.
pub(super) fn share_a_type(one: &[Name], other: &[Name]) -> bool {
    one.is_empty() || other.is_empty() || one.iter().any(|name| other.contains(name))
}
