//! Service paths: the header `Fiware-ServicePath`, which is the scope of an entity in NGSI-LD.

use crate::{Entity, Name, ParseError};

/// The name of the header.
pub const HEADER: &str = "Fiware-ServicePath";
/// The most levels of a path.
pub const MAX_LEVELS: usize = 10;
/// The most characters of a level.
pub const MAX_LEVEL: usize = 50;
/// The most paths of a query.
pub const MAX_PATHS: usize = 10;

/// Where an entity stands: `/`, or `/Madrid/Gardens`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServicePath(
    /// Empty for `/`, as an entity there has no scope.
    Name,
);

impl ServicePath {
    /// Reads the path of an update; `/` when none is given.
    ///
    /// # Errors
    /// Several paths, one with `#`, and what is no path.
    pub fn parse(header: &str) -> Result<Self, ParseError> {
        let header = header.trim();
        if header.contains(',') {
            return Err(ParseError::new(HEADER, "an update has one path, not several"));
        }
        if header.ends_with("/#") {
            return Err(ParseError::new(HEADER, "an update has a path without `#`"));
        }
        if header.is_empty() {
            return Ok(Self::default());
        }
        levels(header).map(Self)
    }

    /// Whether the entity stands there.
    #[must_use]
    pub fn holds(&self, entity: &Entity) -> bool {
        self.is_among(&entity.scopes)
    }

    fn is_among(&self, scopes: &[Name]) -> bool {
        if self.0.is_empty() { scopes.is_empty() } else { scopes.contains(&self.0) }
    }

    /// Puts an entity there.
    pub fn place(&self, entity: &mut Entity) {
        entity.scopes.clear();
        entity.scopes.extend((!self.0.is_empty()).then(|| self.0.clone()));
    }
}

/// Where an entity stands, in words; the first path if an NGSI-LD client has given it several.
#[must_use]
pub fn path_of(entity: &Entity) -> &str {
    entity.scopes.first().map_or("/", Name::as_str)
}

/// Whether both stand in one path.
#[must_use]
pub fn share_path(one: &Entity, other: &Entity) -> bool {
    let both_in_root = one.scopes.is_empty() && other.scopes.is_empty();
    both_in_root || one.scopes.iter().any(|scope| other.scopes.contains(scope))
}

impl From<ServicePath> for ServicePaths {
    fn from(path: ServicePath) -> Self {
        Self(vec![Pattern { path, with_children: false }])
    }
}

/// Where the entities of a query stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServicePaths(
    /// None is `/#`: wherever.
    Vec<Pattern>,
);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    path: ServicePath,
    /// Whether what stands below is meant too.
    with_children: bool,
}

impl ServicePaths {
    /// Reads the paths of a query: `/a` means what stands there, `/a/#` what stands below as well; `/#` when none is given.
    ///
    /// # Errors
    /// More than [`MAX_PATHS`], and what is no path.
    pub fn parse(header: &str) -> Result<Self, ParseError> {
        if header.trim().is_empty() {
            return Ok(Self::default());
        }
        let given: Vec<_> = header.split(',').map(str::trim).collect();
        if given.len() > MAX_PATHS {
            return Err(ParseError::new(HEADER, format!("a query has at most {MAX_PATHS} paths")));
        }
        let patterns = given.into_iter().map(Pattern::parse).collect::<Result<Vec<_>, _>>()?;
        let everywhere = patterns.iter().any(|pattern| pattern.with_children && pattern.path == ServicePath::default());
        Ok(if everywhere { Self::default() } else { Self(patterns) })
    }

    /// Whether it does not matter where an entity stands.
    #[must_use]
    pub fn is_everywhere(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of the places is `/`, where entities of other brokers stand.
    #[must_use]
    pub fn select_root(&self) -> bool {
        self.0.is_empty() || self.0.iter().any(|pattern| pattern.path == ServicePath::default())
    }

    /// Whether the entity stands in one of the places.
    #[must_use]
    pub fn select(&self, entity: &Entity) -> bool {
        self.0.is_empty() || self.0.iter().any(|pattern| pattern.selects(&entity.scopes))
    }

    /// Whether the path is one of the places.
    #[must_use]
    pub fn have(&self, path: &ServicePath) -> bool {
        let scopes = if path.0.is_empty() { &[] } else { std::slice::from_ref(&path.0) };
        self.0.is_empty() || self.0.iter().any(|pattern| pattern.selects(scopes))
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, ParseError> {
        let (path, with_children) = match text.strip_suffix("/#") {
            Some(path) => (path, true),
            None => (text, false),
        };
        let path = if path.is_empty() && with_children { Name::default() } else { levels(path)? };
        Ok(Self { path: ServicePath(path), with_children })
    }

    fn selects(&self, scopes: &[Name]) -> bool {
        let above = self.path.0.as_str();
        let below = |scope: &Name| scope.as_str().strip_prefix(above).is_some_and(|rest| rest.starts_with('/'));
        self.path.is_among(scopes) || (self.with_children && scopes.iter().any(below))
    }
}

/// A path without the slashes at its end; empty for `/`.
fn levels(path: &str) -> Result<Name, ParseError> {
    let wrong = |problem: String| Err(ParseError::new(HEADER, problem));
    if !path.starts_with('/') {
        return wrong(format!("a path starts with `/`, `{path}` does not"));
    }
    let path = path.trim_end_matches('/');
    let levels: Vec<_> = path.split('/').skip(1).collect();
    if levels.len() > MAX_LEVELS {
        return wrong(format!("a path has at most {MAX_LEVELS} levels, this one has {}", levels.len()));
    }
    for level in levels {
        if level.is_empty() {
            return wrong("a level of a path must not be empty".to_owned());
        }
        if level.len() > MAX_LEVEL {
            return wrong(format!("a level of a path has at most {MAX_LEVEL} characters"));
        }
        if let Some(c) = level.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '_') {
            return wrong(format!("a level of a path must not contain {c:?}, only letters, digits and `_`"));
        }
    }
    Ok(Name::from(path))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::{EntityId, Timestamp};

    fn entity(scopes: &[&str]) -> Entity {
        let mut entity = Entity::new(EntityId::from("e"), Name::from("T"), Timestamp::default());
        entity.scopes = scopes.iter().map(|scope| Name::from(*scope)).collect();
        entity
    }

    #[test]
    fn a_query_finds_what_stands_in_its_paths() {
        let entities = [entity(&[]), entity(&["/a"]), entity(&["/a/b"]), entity(&["/ab"]), entity(&["/c", "/a/b/d"])];
        let table: [(&str, &[usize]); 11] = [
            ("", &[0, 1, 2, 3, 4]),
            ("/#", &[0, 1, 2, 3, 4]),
            ("/", &[0]),
            ("/a", &[1]),
            ("/a/", &[1]),
            ("/a/#", &[1, 2, 4]),
            ("/a/b", &[2]),
            ("/a/b , /ab", &[2, 3]),
            ("/c", &[4]),
            ("/none/#", &[]),
            ("/none,/#", &[0, 1, 2, 3, 4]),
        ];
        for (header, expected) in table {
            let paths = ServicePaths::parse(header).unwrap();
            let found: Vec<_> = (0..entities.len()).filter(|index| paths.select(&entities[*index])).collect();
            assert_eq!(found, expected, "{header}");
        }
    }

    #[test]
    fn an_update_has_one_proper_path() {
        let level = "x".repeat(50);
        for header in ["", "/", "/a", "/a/B_1/", &format!("/{level}"), &"/a".repeat(10)] {
            let path = ServicePath::parse(header).unwrap();
            let mut placed = entity(&["/elsewhere"]);
            path.place(&mut placed);
            assert!(path.holds(&placed));
            let written = if header.len() < 2 { "/" } else { header.trim_end_matches('/') };
            assert_eq!(path_of(&placed), written);
        }
        for header in ["a", "/a,/b", "/a/#", "/#", "/a//b", "/a-b", "/a/#/b", &format!("/{level}x"), &"/a".repeat(11)] {
            let error = ServicePath::parse(header).unwrap_err();
            assert_eq!(error.path, HEADER, "{header}");
        }
        for header in ["a", "/a,", "/a-b", "/a/#/b", "#", &["/a"; 11].join(",")] {
            assert!(ServicePaths::parse(header).is_err(), "{header}");
        }
    }
}
