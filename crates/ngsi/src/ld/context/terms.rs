//! The terms that contexts have defined so far, and what names are under them (JSON-LD 1.1 API, sections 4.1 and 5.2).

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::core::{self, DEFAULT_VOCABULARY};
use super::define::Definer;
use super::{Coercion, iri};
use crate::ParseError;

/// The most terms of a context with all that it refers to.
pub const MAX_TERMS: usize = 20_000;
/// What a term stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    /// An IRI or a keyword.
    pub(super) iri: Box<str>,
    /// Whether compact IRIs may begin with it.
    pub(super) prefix: bool,
    pub(super) coercion: Coercion,
}

/// The definitions so far.
#[derive(Default)]
pub(super) struct Active {
    pub(super) terms: HashMap<Box<str>, Term>,
    vocabulary: Option<String>,
    /// Whether a document has the core after all else.
    ends_with_core: bool,
    /// The core is being read, so that it is not there to be asked.
    pub(super) without_core: bool,
}

impl Active {
    /// The terms of the core context.
    pub(super) fn of_core(context: &Value) -> Result<HashMap<Box<str>, Term>, ParseError> {
        let mut active = Self { without_core: true, ..Self::default() };
        let Value::Object(members) = context else { return Err(ParseError::new("@context", "must be an object")) };
        active.add(members, "@context")?;
        Ok(active.terms)
    }

    /// Forgets all but the core.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// Applies the core, of which only the vocabulary is not there already.
    pub(super) fn use_core_vocabulary(&mut self) {
        self.vocabulary = Some(DEFAULT_VOCABULARY.to_owned());
    }

    /// Notes that the core stands in a document, not beside it.
    pub(super) fn end_with_core(&mut self) {
        self.ends_with_core = true;
    }

    /// Whether the core need not be added to say everything.
    pub(super) fn ends_with_core(&self) -> bool {
        self.ends_with_core
    }

    pub(super) fn into_terms(self) -> HashMap<Box<str>, Term> {
        self.terms
    }

    /// Applies the members of an object that stands at `place`.
    pub(super) fn add(&mut self, members: &Map<String, Value>, place: &str) -> Result<(), ParseError> {
        self.ends_with_core = false;
        if let Some(vocabulary) = members.get("@vocab") {
            self.vocabulary = self.vocabulary_of(vocabulary, place)?;
        }
        let mut definer = Definer::new(self, members, place);
        for term in members.keys().filter(|term| !term.starts_with('@')) {
            definer.define(term)?;
        }
        if self.terms.len() > MAX_TERMS {
            return Err(ParseError::new(place, format!("has more than {MAX_TERMS} terms")));
        }
        Ok(())
    }

    fn vocabulary_of(&self, value: &Value, place: &str) -> Result<Option<String>, ParseError> {
        match value {
            Value::Null => Ok(None),
            Value::String(text) if text.is_empty() => Ok(self.vocabulary.clone()),
            Value::String(text) if !text.starts_with('@') => Ok(self.expand(text)),
            _ => Err(ParseError::new(format!("{place}.@vocab"), "must be an IRI or null")),
        }
    }

    pub(super) fn term(&self, term: &str) -> Option<&Term> {
        if self.without_core { self.terms.get(term) } else { core::term(term).or_else(|| self.terms.get(term)) }
    }

    /// The IRI of a name, or nothing for a reserved one.
    pub(super) fn expand(&self, name: &str) -> Option<String> {
        if name.starts_with('@') && (is_keyword(name) || iri::is_like_keyword(name)) {
            return is_keyword(name).then(|| name.to_owned());
        }
        if let Some(term) = self.term(name) {
            return Some(term.iri.to_string());
        }
        if let Some((prefix, suffix)) = iri::split_compact(name)
            && let Some(term) = self.term(prefix).filter(|term| term.prefix)
        {
            return Some(format!("{}{suffix}", term.iri));
        }
        Some(if iri::is_absolute(name) { name.to_owned() } else { self.in_vocabulary(name) })
    }

    pub(super) fn in_vocabulary(&self, name: &str) -> String {
        format!("{}{name}", self.vocabulary.as_deref().unwrap_or(DEFAULT_VOCABULARY))
    }
}

fn is_keyword(text: &str) -> bool {
    const KEYWORDS: [&str; 22] = [
        "@base",
        "@container",
        "@context",
        "@direction",
        "@graph",
        "@id",
        "@import",
        "@included",
        "@index",
        "@json",
        "@language",
        "@list",
        "@nest",
        "@none",
        "@prefix",
        "@propagate",
        "@protected",
        "@reverse",
        "@set",
        "@type",
        "@value",
        "@vocab",
    ];
    KEYWORDS.contains(&text) || text == "@version"
}
