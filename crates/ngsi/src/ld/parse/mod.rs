//! Entities and attributes as clients of NGSI-LD write them (ETSI GS CIM 009, 4.5 and 5.5.4): normalized, concise and
//! simplified, names expanded.
//!
//! A bare value, as the concise and the simplified representation have it, leaves the type of its attribute open, since a merge
//! keeps the type that is there (5.6.17); [`Fragment::into_attribute`] decides it for a new attribute.

mod attribute;
mod member;
mod names;
mod value;

use std::borrow::Cow;

use foldhash::{HashSet, HashSetExt};
use serde::Deserialize;
use serde_json::value::RawValue;

pub(super) use self::member::{Annotation, is_reified, is_taken, members};
pub(super) use self::names::check_term;
pub use self::names::{MAX_NAME, MAX_SCOPES, MAX_TYPES, is_language, is_uri};
pub use self::value::NULL;
pub(super) use self::value::{check_fits, looks_like_geometry};
use super::{Context, EntityFragment, Fragment, Kind, Problem};
use crate::json::check_depth;
use crate::members::Members;
use crate::{EntityId, Name, ParseError};

/// How attributes are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Form {
    /// Normalized or concise, which can be told apart attribute by attribute.
    #[default]
    Lossless,
    /// Simplified, also called `keyValues`.
    Simplified,
}

/// Where `urn:ngsi-ld:null` may stand for what is to be deleted (5.5.4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Nulls {
    /// Nowhere: what is written is whole.
    #[default]
    Refused,
    /// In place of attributes and their members: updates.
    OfMembers,
    /// Also inside values: merges.
    InValues,
}

/// An object of a request, read as far as its members.
pub struct Document<'a> {
    members: Vec<(Cow<'a, str>, &'a RawValue)>,
    context: Option<&'a RawValue>,
}

impl<'a> Document<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// [`Kind::InvalidRequest`] for what is no JSON, [`Kind::BadRequestData`] for what is no object, has a member twice or is
    /// nested too deeply.
    pub fn read(body: &'a [u8]) -> Result<Self, Problem> {
        Ok(Self::of(json(body)?)?)
    }

    /// Reads an object that stands in a list of them.
    ///
    /// # Errors
    /// It is no object, or it has a member twice.
    pub fn of(value: &'a RawValue) -> Result<Self, ParseError> {
        let Members(mut members) = Members::of("$", value)?;
        let mut seen = HashSet::with_capacity(members.len());
        if let Some((twice, _)) = members.iter().find(|(name, _)| !seen.insert(&**name)) {
            return Err(ParseError::new(&**twice, "is given twice"));
        }
        let context = members.iter().position(|(name, _)| name == "@context").map(|index| members.remove(index).1);
        Ok(Self { members, context })
    }

    /// The identifier, however wrong it is, if it is a string.
    #[must_use]
    pub fn id(&self) -> Option<String> {
        let (_, id) = self.members.iter().find(|(name, _)| name == "id" || name == "@id")?;
        serde_json::from_str(id.get()).ok()
    }

    /// The member `@context`.
    #[must_use]
    pub fn context(&self) -> Option<&'a RawValue> {
        self.context
    }
}

/// The entities of a batch, each of which may be wrong on its own.
///
/// # Errors
/// [`Kind::InvalidRequest`] for what is no JSON, [`Kind::BadRequestData`] for what is no list, or is nested too deeply.
pub fn list(body: &[u8]) -> Result<Vec<&RawValue>, Problem> {
    check_depth(body)?;
    let Ok(items) = serde_json::from_slice::<Vec<&RawValue>>(body) else {
        json(body)?;
        return Err(Problem::bad_request("the body: must be a list of entities"));
    };
    match items.is_empty() {
        true => Err(Problem::bad_request("the body: must not be an empty list")),
        false => Ok(items),
    }
}

/// Reads an object that is no entity.
///
/// # Errors
/// [`Kind::InvalidRequest`] for what is no JSON, [`Kind::BadRequestData`] for what is no such object.
pub fn object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Problem> {
    crate::json::parse_object(body).or_else(|error| {
        json(body)?;
        Err(error.into())
    })
}

fn json(body: &[u8]) -> Result<&RawValue, Problem> {
    check_depth(body)?;
    serde_json::from_slice(body)
        .map_err(|error| Problem::new(Kind::InvalidRequest, format!("the body is no JSON: {error}")))
}

/// How a request is to be read.
#[derive(Clone, Copy)]
pub struct Reading<'c> {
    /// What its names stand for.
    pub context: &'c Context,
    /// How its attributes are written.
    pub form: Form,
    /// Where something may be deleted.
    pub nulls: Nulls,
}

impl Reading<'_> {
    /// A whole entity, which has an id and a type.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn entity(&self, document: &Document<'_>) -> Result<EntityFragment, ParseError> {
        let entity = self.fragment(document)?;
        if entity.id.is_empty() {
            return Err(ParseError::new("id", "missing"));
        }
        if entity.types.is_empty() {
            return Err(ParseError::new("type", "missing"));
        }
        Ok(entity)
    }

    /// What a request says of an entity that its path names. Whether an id that it repeats is the right one is not looked at.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn fragment(&self, document: &Document<'_>) -> Result<EntityFragment, ParseError> {
        let entity = self.evolution(document)?;
        refuse_repetition(&entity.attributes)?;
        Ok(entity)
    }

    /// What a request adds to the evolution of an entity: as [`Reading::fragment`], with any number of instances of an attribute.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn evolution(&self, document: &Document<'_>) -> Result<EntityFragment, ParseError> {
        let mut entity = EntityFragment::default();
        for (term, value) in &document.members {
            let name = self.context.expand(term);
            match name.as_str() {
                "id" => entity.id = EntityId::from(names::uri("id", value)?),
                "type" => entity.types = names::types(self.context, value)?,
                "scope" => entity.scopes = Some(names::scopes(value, self.nulls)?),
                "createdAt" | "modifiedAt" | "deletedAt" => {}
                "expiresAt" => entity.attributes.push(self.expiry(value)?),
                _ if is_empty_list(value) => {}
                _ => self.attribute_named(term, name, value, &mut entity.attributes)?,
            }
        }
        Ok(entity)
    }

    /// Whether a request speaks of the attribute of that stored name, as of one of an entity.
    #[must_use]
    pub fn speaks_of(&self, name: &Name, document: &Document<'_>) -> bool {
        document.members.iter().any(|(term, _)| self.context.expand(term) == *name)
    }

    /// One instance of an attribute that the path names by `term`: the body has no name, and is never a bare value.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn attribute(&self, term: &str, document: &Document<'_>) -> Result<Fragment, ParseError> {
        self.instance(self.attribute_name(term)?, &member::of_pairs(self.context, document.members.clone()))
    }

    /// The stored name of an attribute.
    ///
    /// # Errors
    /// It is not the name of an attribute (4.6.2).
    pub fn attribute_name(&self, term: &str) -> Result<Name, ParseError> {
        names::check_term(term, term)?;
        names::attribute(term, self.context.expand(term))
    }
}

fn is_empty_list(value: &RawValue) -> bool {
    let inside = value.get().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inside.is_some_and(|inside| inside.trim_ascii().is_empty())
}

fn refuse_repetition(attributes: &[Fragment]) -> Result<(), ParseError> {
    let mut seen = HashSet::with_capacity(attributes.len());
    match attributes.iter().find(|attribute| !seen.insert((&attribute.name, &attribute.dataset_id))) {
        None => Ok(()),
        Some(twice) if twice.dataset_id.is_empty() => {
            Err(ParseError::new(twice.name.as_str(), "has more than one instance without datasetId"))
        }
        Some(twice) => {
            let problem = format!("has more than one instance with the datasetId {}", twice.dataset_id);
            Err(ParseError::new(twice.name.as_str(), problem))
        }
    }
}
