//! What of an entity is written (ETSI GS CIM 009, 4.21, 6.3.7 and 4.5.5).

use crate::ld::parse;
use crate::{Name, ParseError};

/// The most names of one `pick` or `omit`, and how deeply they nest.
pub const MAX_PROJECTION: usize = 256;
const MAX_NESTING: usize = 16;

/// A member of an entity, and what of the entities that it links to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Projection {
    /// Its stored name.
    pub name: Name,
    /// What of linked entities; empty for all.
    pub linked: Vec<Projection>,
}

/// What of an entity is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Selection {
    /// The attributes; all when it is empty. Id, type, scope and times are always there.
    pub attributes: Vec<Name>,
    /// The members, `id`, `type` and `scope` among them; all when it is empty.
    pub pick: Vec<Projection>,
    /// Members that are not written.
    pub omit: Vec<Projection>,
    /// The data sets, an empty name for default instances; all when it is empty.
    pub data_sets: Vec<Name>,
}

impl Selection {
    /// The selection for entities that the attribute of that stored name links to.
    #[must_use]
    pub fn of_linked(&self, name: &str) -> Self {
        let inner = |projections: &[Projection]| {
            projections
                .iter()
                .find(|projection| projection.name == *name)
                .map(|it| it.linked.clone())
                .unwrap_or_default()
        };
        Self { pick: inner(&self.pick), omit: inner(&self.omit), ..Self::default() }
    }

    /// How many levels of linked entities are picked or omitted from.
    #[must_use]
    pub fn depth(&self) -> usize {
        fn deepest(projections: &[Projection]) -> usize {
            let levels = projections.iter().filter(|it| !it.linked.is_empty()).map(|it| 1 + deepest(&it.linked));
            levels.max().unwrap_or(0)
        }
        deepest(&self.pick).max(deepest(&self.omit))
    }

    /// Whether single members are picked or omitted, so that nothing may be left of an entity.
    #[must_use]
    pub fn projects(&self) -> bool {
        !self.pick.is_empty() || !self.omit.is_empty()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        let is_attribute = !matches!(name, "id" | "type" | "scope" | "expiresAt" | "createdAt" | "modifiedAt");
        (!is_attribute || self.attributes.is_empty() || self.attributes.iter().any(|wanted| *wanted == *name))
            && (self.pick.is_empty() || self.pick.iter().any(|picked| picked.name == *name))
            && !self.omit.iter().any(|omitted| omitted.name == *name && omitted.linked.is_empty())
    }

    pub(super) fn has_data_set(&self, data_set: &Name) -> bool {
        self.data_sets.is_empty() || self.data_sets.contains(data_set)
    }
}

impl Projection {
    /// Reads `temperature,observation{humidity|wind}`.
    ///
    /// # Errors
    /// What is wrong; the path is empty, for the caller knows the parameter.
    pub fn parse(text: &str, expand: &dyn Fn(&str) -> Name) -> Result<Vec<Self>, ParseError> {
        let mut reader = Reader { rest: text, expand, count: 0 };
        let projections = reader.terms(0)?;
        match reader.rest {
            "" => Ok(projections),
            rest => Err(wrong(&format!("has {rest:?} behind its end"))),
        }
    }
}

struct Reader<'t> {
    rest: &'t str,
    expand: &'t dyn Fn(&str) -> Name,
    count: usize,
}

impl Reader<'_> {
    fn terms(&mut self, depth: usize) -> Result<Vec<Projection>, ParseError> {
        let mut terms = vec![self.term(depth)?];
        while let Some(rest) = self.rest.strip_prefix([',', '|']) {
            self.rest = rest;
            terms.push(self.term(depth)?);
        }
        Ok(terms)
    }

    fn term(&mut self, depth: usize) -> Result<Projection, ParseError> {
        self.count += 1;
        if depth > MAX_NESTING || self.count > MAX_PROJECTION {
            return Err(wrong(&format!(
                "has more than {MAX_PROJECTION} names, or nests deeper than {MAX_NESTING} levels"
            )));
        }
        let (term, rest) = self.rest.split_at(self.rest.find([',', '|', '{', '}']).unwrap_or(self.rest.len()));
        self.rest = rest;
        let term = term.trim();
        if term.is_empty() {
            return Err(wrong("has an empty name"));
        }
        parse::check_term("$", term)?;
        let name = (self.expand)(term);
        let Some(rest) = self.rest.strip_prefix('{') else { return Ok(Projection { name, linked: Vec::new() }) };
        self.rest = rest;
        let linked = self.terms(depth + 1)?;
        self.rest = self.rest.strip_prefix('}').ok_or_else(|| wrong("has no } for a {"))?;
        Ok(Projection { name, linked })
    }
}

fn wrong(problem: &str) -> ParseError {
    ParseError::new("$", problem)
}
