//! From the JSON of a context to definitions of terms (JSON-LD 1.1 API, sections 4.1 and 4.2), as far as names and types of
//! attributes are concerned.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::core::{self, DEFAULT_VOCABULARY};
use super::{Coercion, iri};
use crate::ParseError;

/// The most terms of a context with all that it refers to.
pub const MAX_TERMS: usize = 20_000;
/// How many terms a definition may lead through.
const MAX_CHAIN: usize = 32;

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
    terms: HashMap<Box<str>, Term>,
    vocabulary: Option<String>,
    /// The core is being read, so that it is not there to be asked.
    without_core: bool,
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

    pub(super) fn into_terms(self) -> HashMap<Box<str>, Term> {
        self.terms
    }

    /// Applies the members of an object that stands at `place`.
    pub(super) fn add(&mut self, members: &Map<String, Value>, place: &str) -> Result<(), ParseError> {
        if let Some(vocabulary) = members.get("@vocab") {
            self.vocabulary = self.vocabulary_of(vocabulary, place)?;
        }
        let mut definer = Definer { active: self, local: members, place, begun: HashMap::new(), chain: 0 };
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

    fn term(&self, term: &str) -> Option<&Term> {
        if self.without_core { self.terms.get(term) } else { core::term(term).or_else(|| self.terms.get(term)) }
    }

    /// The IRI of a name, or nothing for a reserved one.
    fn expand(&self, name: &str) -> Option<String> {
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

    fn in_vocabulary(&self, name: &str) -> String {
        format!("{}{name}", self.vocabulary.as_deref().unwrap_or(DEFAULT_VOCABULARY))
    }
}

/// The definition of one object's terms, which may lead through one another.
struct Definer<'a> {
    active: &'a mut Active,
    local: &'a Map<String, Value>,
    place: &'a str,
    /// Terms whose definition has begun, and whether it has ended.
    begun: HashMap<&'a str, bool>,
    chain: usize,
}

impl Definer<'_> {
    /// Defines a term of this object, unless it is none.
    fn define(&mut self, term: &str) -> Result<(), ParseError> {
        let local = self.local;
        let Some((term, value)) = local.get_key_value(term) else { return Ok(()) };
        match self.begun.get(term.as_str()) {
            Some(true) => return Ok(()),
            Some(false) => return Err(self.wrong(term, "leads back to itself")),
            None if self.chain >= MAX_CHAIN => {
                return Err(self.wrong(term, &format!("leads through more than {MAX_CHAIN} terms")));
            }
            None => {}
        }
        self.begun.insert(term, false);
        if self.active.without_core || core::term(term).is_none() {
            self.active.terms.remove(term.as_str());
            self.chain += 1;
            let definition = self.definition(term, value)?;
            self.chain -= 1;
            if let Some(definition) = definition {
                self.active.terms.insert(term.as_str().into(), definition);
            }
        }
        self.begun.insert(term, true);
        Ok(())
    }

    /// What a term stands for. Nothing for `null` and for reverse properties: names are never lost, so such a term is one that
    /// is not defined.
    fn definition(&mut self, term: &str, value: &Value) -> Result<Option<Term>, ParseError> {
        let members = match value {
            Value::Null => return Ok(None),
            Value::String(id) => return self.simple(term, id),
            Value::Object(members) => members,
            _ => return Err(self.wrong(term, "must be an IRI, an object or null")),
        };
        if members.contains_key("@context") {
            return Err(self.wrong(term, "must not have a context of its own"));
        }
        if members.contains_key("@reverse") {
            return Ok(None);
        }
        let coercion = self.coercion(term, members.get("@type"))?;
        let iri = match members.get("@id") {
            Some(Value::Null) => return Ok(None),
            Some(Value::String(id)) => self.mapping(term, id)?,
            Some(_) => return Err(self.wrong(&format!("{term}.@id"), "must be an IRI or null")),
            None => self.mapping(term, term)?,
        };
        let Some(iri) = iri else { return Ok(None) };
        let prefix = matches!(members.get("@prefix"), Some(Value::Bool(true))) && !iri.starts_with('@');
        Ok(Some(Term { iri: iri.into(), prefix, coercion }))
    }

    fn simple(&mut self, term: &str, id: &str) -> Result<Option<Term>, ParseError> {
        let Some(iri) = self.mapping(term, id)? else { return Ok(None) };
        let prefix = !term.contains([':', '/']) && (iri::ends_part(&iri) || iri.starts_with("_:"));
        Ok(Some(Term { iri: iri.into(), prefix, coercion: Coercion::None }))
    }

    /// The IRI or keyword that `id` is for a term; nothing for a reserved word.
    fn mapping(&mut self, term: &str, id: &str) -> Result<Option<String>, ParseError> {
        if term.is_empty() {
            return Err(self.wrong("\"\"", "is not a term"));
        }
        if id == term {
            return self.own_mapping(term).map(Some);
        }
        let Some(iri) = self.expand(id)? else { return Ok(None) };
        if iri == "@context" {
            return Err(self.wrong(term, "must not stand for @context"));
        }
        if term.contains([':', '/']) {
            self.define_prefix(term)?;
            if self.active.expand(term).is_none_or(|own| own != iri) {
                return Err(self.wrong(term, &format!("has the form of an IRI and stands for another one, {iri}")));
            }
        }
        Ok(Some(iri))
    }

    /// The IRI of a term that its definition does not tell.
    fn own_mapping(&mut self, term: &str) -> Result<String, ParseError> {
        if let Some((prefix, suffix)) = iri::split_compact(term) {
            self.define(prefix)?;
            if let Some(prefix) = self.active.term(prefix) {
                return Ok(format!("{}{suffix}", prefix.iri));
            }
        }
        Ok(if iri::is_absolute(term) { term.to_owned() } else { self.active.in_vocabulary(term) })
    }

    /// [`Active::expand`] with the terms of this object that are not defined yet.
    fn expand(&mut self, name: &str) -> Result<Option<String>, ParseError> {
        if !name.starts_with('@') {
            self.define(name)?;
            if self.active.term(name).is_none() {
                self.define_prefix(name)?;
            }
        }
        Ok(self.active.expand(name))
    }

    fn define_prefix(&mut self, name: &str) -> Result<(), ParseError> {
        iri::split_compact(name).map_or(Ok(()), |(prefix, _)| self.define(prefix))
    }

    fn coercion(&mut self, term: &str, given: Option<&Value>) -> Result<Coercion, ParseError> {
        match given {
            None | Some(Value::Null) => Ok(Coercion::None),
            Some(Value::String(name)) => Ok(self.expand(name)?.map_or(Coercion::None, |iri| Coercion::of(&iri))),
            Some(_) => Err(self.wrong(&format!("{term}.@type"), "must be an IRI or a keyword")),
        }
    }

    fn wrong(&self, member: &str, problem: &str) -> ParseError {
        ParseError::new(format!("{}.{member}", self.place), problem)
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
