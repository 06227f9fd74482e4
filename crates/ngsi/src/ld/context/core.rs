//! The core context of version 1.8 (annex B of the standard), and what it makes of names.

use std::borrow::Cow;
use std::sync::LazyLock;

use foldhash::HashMap;
use serde_json::Value;

use super::iri;
use super::terms::{Active, Term};
use crate::Name;

/// Where the core context is found, as answers name it.
pub const CORE_CONTEXT: &str = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld";
/// What stands before names that no context maps elsewhere.
pub const DEFAULT_VOCABULARY: &str = "https://uri.etsi.org/ngsi-ld/default-context/";
/// The core context as it is served.
pub const CORE_DOCUMENT: &str = include_str!("core.jsonld");

static CORE: LazyLock<Core> = LazyLock::new(Core::read);

pub(super) struct Core {
    terms: HashMap<Box<str>, Term>,
    /// The term of an IRI.
    names: HashMap<Box<str>, Name>,
}

impl Core {
    fn read() -> Self {
        let document: Value = serde_json::from_str(CORE_DOCUMENT).unwrap_or_default();
        let terms = Active::of_core(&document["@context"]).unwrap_or_default();
        let mapped = terms.iter().filter(|(_, term)| !term.iri.starts_with('@'));
        let names = mapped.map(|(name, term)| (term.iri.clone(), Name::from(&**name))).collect();
        Self { terms: terms.into_iter().collect(), names }
    }
}

/// The core's definition of a term, which no other context changes.
pub(super) fn term(term: &str) -> Option<&'static Term> {
    CORE.terms.get(term)
}

/// Whether a URL is that of the core context, of whatever version.
#[must_use]
pub fn is_core_context(url: &str) -> bool {
    let versioned = || {
        let version = url
            .strip_prefix("https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context")
            .or_else(|| url.strip_prefix("http://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context"))?;
        Some(matches!(version.strip_suffix(".jsonld")?, "" | "-v1.3" | "-v1.4" | "-v1.5" | "-v1.6" | "-v1.7" | "-v1.8"))
    };
    versioned().unwrap_or(false)
}

/// The stored name of an IRI: terms of the core and names of the default vocabulary are short.
pub(super) fn shorten(iri: &str) -> Name {
    if let Some(name) = CORE.names.get(iri) {
        return name.clone();
    }
    let short = iri.strip_prefix(DEFAULT_VOCABULARY).filter(|short| is_short(short));
    Name::from(short.unwrap_or(iri))
}

/// Whether a name behind the default vocabulary is stored without it.
fn is_short(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('@') && !iri::is_absolute(name) && term(name).is_none()
}

/// The IRI of a stored name.
pub(super) fn lengthen(name: &str) -> Cow<'_, str> {
    match term(name) {
        Some(term) => Cow::Borrowed(&*term.iri),
        None if iri::is_absolute(name) => Cow::Borrowed(name),
        None => Cow::Owned(format!("{DEFAULT_VOCABULARY}{name}")),
    }
}
