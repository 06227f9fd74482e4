//! Attributes with their instances and members.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::value::{self, NULL};
use super::{Form, Nulls, Reading, names};
use crate::ld::{AttributeType, Coercion, Context, Fragment};
use crate::members::Members;
use crate::{JsonText, Name, ParseError, date};

/// Members that a broker writes and does not read.
const READ_ONLY: [&str; 14] = [
    "createdAt",
    "modifiedAt",
    "deletedAt",
    "instanceId",
    "lang",
    "entity",
    "entityList",
    "previousValue",
    "previousObject",
    "previousLanguageMap",
    "previousVocab",
    "previousJson",
    "previousValueList",
    "previousObjectList",
];

type Pairs<'a> = [(Cow<'a, str>, &'a RawValue)];

/// Whether an object is an attribute with members, not a value (4.5.2.3): it has a type, or a member that only attributes have.
pub(in crate::ld) fn is_reified(context: &Context, members: &Pairs<'_>) -> bool {
    members.iter().any(|(term, value)| match context.expand(term).as_str() {
        // A typed value of JSON-LD is a value.
        "type" if term.starts_with('@') => false,
        "type" => !value::names_geometry(value) || !members.iter().any(|(term, _)| term == "coordinates"),
        "datasetId" => true,
        name => AttributeType::of_member(name).is_some() || Annotation::named(name).is_some(),
    })
}

/// A member of an attribute whose value stands alone, without type (4.5.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ld) enum Annotation {
    /// A string.
    Text,
    /// A time.
    Time,
    /// A name, or a list of them.
    Names,
}

impl Annotation {
    /// The one of that name.
    pub(in crate::ld) fn named(name: &str) -> Option<Self> {
        match name {
            "unitCode" | "entityIdSealed" | "entityTypeSealed" => Some(Self::Text),
            "observedAt" => Some(Self::Time),
            "objectType" | "valueType" => Some(Self::Names),
            _ => None,
        }
    }

    /// The type under which it is stored.
    pub(in crate::ld) fn value_type(self) -> &'static str {
        match self {
            Self::Text | Self::Names => "Text",
            Self::Time => "DateTime",
        }
    }
}

impl Reading<'_> {
    /// Reads all instances of the attribute `term` of an entity.
    pub(super) fn attribute_named(
        &self,
        term: &str,
        name: Name,
        value: &RawValue,
        fragments: &mut Vec<Fragment>,
    ) -> Result<(), ParseError> {
        names::check_term(term, term)?;
        let name = names::attribute(term, name)?;
        if let Some(instances) = self.instances_of(value) {
            for (index, members) in instances.iter().enumerate() {
                let instance = self.instance(name.clone(), &members.0);
                fragments.push(instance.map_err(|error| error.within(&format!("{term}[{index}]")))?);
            }
            return Ok(());
        }
        if let Some(data_sets) = self.data_sets_of(value) {
            for (data_set, value) in data_sets.0 {
                let dataset_id = names::data_set(&data_set).map_err(|error| error.within(term))?;
                let fragment = self.bare(term, name.clone(), value)?;
                fragments.push(Fragment { dataset_id, ..fragment });
            }
            return Ok(());
        }
        fragments.push(self.one(term, name, value)?);
        Ok(())
    }

    /// The instances, if the value is a list of nothing else.
    fn instances_of<'a>(&self, value: &'a RawValue) -> Option<Vec<Members<'a>>> {
        if self.form == Form::Simplified || !value.get().starts_with('[') {
            return None;
        }
        let instances: Vec<Members<'_>> = serde_json::from_str(value.get()).ok()?;
        let reified = !instances.is_empty() && instances.iter().all(|members| is_reified(self.context, &members.0));
        reified.then_some(instances)
    }

    /// `{"dataset": {"@none": …, "urn:…": …}}`, the simplified representation of several instances (4.5.4).
    fn data_sets_of<'a>(&self, value: &'a RawValue) -> Option<Members<'a>> {
        let members = Members::of_text(value.get()).filter(|_| self.form == Form::Simplified)?;
        match members.0.as_slice() {
            [(name, sets)] if name == "dataset" => Members::of_text(sets.get()),
            _ => None,
        }
    }

    /// An attribute or sub-attribute that has one instance.
    fn one(&self, term: &str, name: Name, value: &RawValue) -> Result<Fragment, ParseError> {
        let members = Members::of_text(value.get()).filter(|_| self.form == Form::Lossless);
        match members {
            Some(members) if is_reified(self.context, &members.0) => {
                self.instance(name, &members.0).map_err(|error| error.within(term))
            }
            _ => self.bare(term, name, value),
        }
    }

    /// A value that stands for the whole attribute.
    fn bare(&self, term: &str, name: Name, raw: &RawValue) -> Result<Fragment, ParseError> {
        let (attribute_type, raw) = match self.wrapped(raw) {
            Some((attribute_type, value)) => (Some(attribute_type), value),
            None if self.context.coercion(term) == Coercion::Id && value::object(raw).is_ok() => {
                (Some(AttributeType::Relationship), raw)
            }
            None => (None, raw),
        };
        let value = match attribute_type {
            Some(attribute_type) => self.value(attribute_type, raw),
            None => value::plain(raw, self.nulls),
        };
        let value = value.map_err(|error| error.within(term))?;
        Ok(Fragment { attribute_type, ..fragment(name, value) })
    }

    /// `{"languageMap": …}`, `{"vocab": …}` or `{"json": …}` and the like, as the simplified representation has them.
    fn wrapped<'a>(&self, value: &'a RawValue) -> Option<(AttributeType, &'a RawValue)> {
        let members = Members::of_text(value.get()).filter(|_| self.form == Form::Simplified)?;
        match members.0.as_slice() {
            [(name, value)] => {
                let wrapped = AttributeType::of_member(self.context.expand(name).as_str())?;
                (wrapped != AttributeType::Property).then_some((wrapped, value))
            }
            _ => None,
        }
    }

    /// One instance with its members. Paths of errors begin behind the attribute.
    pub(super) fn instance(&self, name: Name, members: &Pairs<'_>) -> Result<Fragment, ParseError> {
        let given = self.type_of(members)?;
        let mut instance = Fragment { is_null: false, attribute_type: given, ..fragment(name, None) };
        let mut raw_value = None;
        for (key, value) in members {
            let member = self.context.expand(key);
            if let Some(kind) = AttributeType::of_member(member.as_str()) {
                if let Some((other, _)) = raw_value.replace((kind, *value)) {
                    let problem = format!("does not go with `{}`", AttributeType::member(other));
                    return Err(ParseError::new(&**key, problem));
                }
                continue;
            }
            match member.as_str() {
                "type" => {}
                "datasetId" => instance.dataset_id = names::data_set(&names::text("datasetId", value)?)?,
                other if READ_ONLY.contains(&other) => {}
                _ => instance.members.push(self.member(key, member, value)?),
            }
        }
        super::refuse_repetition(&instance.members)?;
        if let Some((kind, raw)) = raw_value {
            let attribute_type = self.decided(given, kind, raw)?;
            instance.attribute_type = Some(attribute_type);
            instance.value = self.value(attribute_type, raw)?;
            instance.is_null = instance.value.is_none();
        } else if self.nulls == Nulls::Refused {
            let wanted = given.unwrap_or(AttributeType::Property).member();
            return Err(ParseError::new(wanted, "missing"));
        }
        Ok(instance)
    }

    fn type_of(&self, members: &Pairs<'_>) -> Result<Option<AttributeType>, ParseError> {
        let given = members.iter().find(|(term, _)| self.context.expand(term) == *"type");
        let Some((_, value)) = given else { return Ok(None) };
        let term = names::text("type", value)?;
        match AttributeType::named(self.context.expand(&term).as_str()) {
            Some(attribute_type) => Ok(Some(attribute_type)),
            None => {
                Err(ParseError::new("type", format!("must be the type of an attribute, such as Property, is {term:?}")))
            }
        }
    }

    /// The type of an attribute that has the member of `kind`.
    fn decided(
        &self,
        given: Option<AttributeType>,
        kind: AttributeType,
        raw: &RawValue,
    ) -> Result<AttributeType, ParseError> {
        match given {
            None if kind == AttributeType::Property && value::looks_like_geometry(raw.get()) => {
                Ok(AttributeType::GeoProperty)
            }
            None => Ok(kind),
            Some(given) if given.member() == kind.member() => Ok(given),
            Some(given) => {
                let problem = format!("a {} has `{}` instead", given.name(), given.member());
                Err(ParseError::new(kind.member(), problem))
            }
        }
    }

    fn member(&self, term: &str, name: Name, value: &RawValue) -> Result<Fragment, ParseError> {
        let Some(annotation) = Annotation::named(name.as_str()) else {
            names::check_term(term, term)?;
            return self.one(term, names::attribute(term, name)?, value).and_then(|member| {
                match member.dataset_id.is_empty() {
                    true => Ok(member),
                    false => Err(ParseError::new(format!("{term}.datasetId"), "sub-attributes have one instance")),
                }
            });
        };
        if self.nulls != Nulls::Refused && value::is_null(value) {
            return Ok(fragment(name, None));
        }
        let text = match annotation {
            Annotation::Text => JsonText::string(&names::text(term, value)?),
            Annotation::Time => time(term, value)?,
            Annotation::Names => value::vocab(self.context, term, value)?,
        };
        Ok(fragment(name, Some(text)))
    }

    /// The value of an attribute of that type; `None` if it is to be deleted.
    fn value(&self, attribute_type: AttributeType, raw: &RawValue) -> Result<Option<JsonText>, ParseError> {
        let member = attribute_type.member();
        if value::deletes(attribute_type, raw) {
            return match self.nulls {
                Nulls::Refused => {
                    Err(ParseError::new(member, format!("must not be {NULL}: there is nothing to delete")))
                }
                Nulls::OfMembers | Nulls::InValues => Ok(None),
            };
        }
        let value = match attribute_type {
            AttributeType::Property => return value::plain(raw, self.nulls).map_err(|error| error.within(member)),
            AttributeType::GeoProperty => value::geo(raw, self.nulls),
            AttributeType::Relationship => value::object(raw),
            AttributeType::LanguageProperty => value::language_map(raw, self.nulls),
            AttributeType::VocabProperty => value::vocab(self.context, "$", raw),
            AttributeType::JsonProperty => Ok(JsonText::from(raw)),
            AttributeType::ListProperty => value::list(raw, self.nulls),
            AttributeType::ListRelationship => value::objects(raw),
        };
        value.map(Some).map_err(|error| error.within(member))
    }
}

fn time(term: &str, value: &RawValue) -> Result<JsonText, ParseError> {
    let text = names::text(term, value)?.replace(',', ".");
    let time = text.contains('T').then(|| date::parse(&text)).flatten();
    let time = time.ok_or_else(|| ParseError::new(term, "must be a time such as 2024-02-29T12:00:00Z"))?;
    Ok(JsonText::string(&time.to_string()))
}

fn fragment(name: Name, value: Option<JsonText>) -> Fragment {
    Fragment {
        name,
        dataset_id: Name::default(),
        is_null: value.is_none(),
        attribute_type: None,
        value,
        members: Vec::new(),
    }
}
