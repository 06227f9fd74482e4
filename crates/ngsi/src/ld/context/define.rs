//! From the JSON of a term's definition to what it stands for (JSON-LD 1.1 API, section 4.2), as far as names and types of
//! attributes are concerned.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::terms::{Active, Term};
use super::{Coercion, core, iri};
use crate::ParseError;

/// How many terms a definition may lead through.
const MAX_CHAIN: usize = 32;

/// The definition of one object's terms, which may lead through one another.
pub(super) struct Definer<'a> {
    active: &'a mut Active,
    local: &'a Map<String, Value>,
    place: &'a str,
    /// Terms whose definition has begun, and whether it has ended.
    begun: HashMap<&'a str, bool>,
    chain: usize,
}

impl<'a> Definer<'a> {
    /// For an object that stands at `place`.
    pub(super) fn new(active: &'a mut Active, local: &'a Map<String, Value>, place: &'a str) -> Self {
        Self { active, local, place, begun: HashMap::new(), chain: 0 }
    }

    /// Defines a term of this object, unless it is none.
    ///
    /// # Errors
    /// A definition that JSON-LD or the standard forbids.
    pub(super) fn define(&mut self, term: &str) -> Result<(), ParseError> {
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
