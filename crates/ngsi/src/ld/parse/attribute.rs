//! Attributes with their instances and members.

use serde_json::value::RawValue;

use super::member::{Annotation, Member, is_read_only, is_reified, members};
use super::value::{self, NULL};
use super::{Form, Nulls, Reading, names};
use crate::ld::{AttributeType, Coercion, EXPIRY, Fragment};
use crate::members::Members;
use crate::{JsonText, Name, ParseError, date};

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
                let instance = self.instance(name.clone(), members);
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
    fn instances_of<'a>(&self, value: &'a RawValue) -> Option<Vec<Vec<Member<'a>>>> {
        if self.form == Form::Simplified || !value.get().starts_with('[') {
            return None;
        }
        let items: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
        let reified = |item: &&'a RawValue| members(self.context, item.get()).filter(|members| is_reified(members));
        let instances: Vec<_> = items.iter().map(reified).collect::<Option<_>>()?;
        (!instances.is_empty()).then_some(instances)
    }

    /// `{"dataset": {"@none": …, "urn:…": …}}`, the simplified representation of several instances (4.5.4).
    fn data_sets_of<'a>(&self, value: &'a RawValue) -> Option<Members<'a>> {
        let members = self.simplified(value)?;
        match members.0.as_slice() {
            [(name, sets)] if name == "dataset" => Members::of_text(sets.get()),
            _ => None,
        }
    }

    /// The members of an object in the simplified representation.
    fn simplified<'a>(&self, value: &'a RawValue) -> Option<Members<'a>> {
        if self.form == Form::Simplified { Members::of_text(value.get()) } else { None }
    }

    /// An attribute or sub-attribute that has one instance.
    fn one(&self, term: &str, name: Name, value: &RawValue) -> Result<Fragment, ParseError> {
        let members = (self.form == Form::Lossless).then(|| members(self.context, value.get())).flatten();
        match members.filter(|members| is_reified(members)) {
            Some(members) => self.instance(name, &members).map_err(|error| error.within(term)),
            None => self.bare(term, name, value),
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
        let members = self.simplified(value)?;
        match members.0.as_slice() {
            [(name, value)] => {
                let wrapped = AttributeType::of_member(self.context.expand(name).as_str())?;
                (wrapped != AttributeType::Property).then_some((wrapped, value))
            }
            _ => None,
        }
    }

    /// One instance with its members. Paths of errors begin behind the attribute.
    pub(super) fn instance(&self, name: Name, members: &[Member<'_>]) -> Result<Fragment, ParseError> {
        let given = self.type_of(members)?;
        let mut instance = Fragment { is_null: false, attribute_type: given, ..fragment(name, None) };
        let mut raw_value = None;
        for member in members {
            let name = member.name.as_str();
            if let Some(kind) = AttributeType::of_member(name) {
                if let Some((other, _)) = raw_value.replace((kind, member.value)) {
                    let problem = format!("does not go with `{}`", AttributeType::member(other));
                    return Err(ParseError::new(&*member.term, problem));
                }
            } else if name == "datasetId" {
                instance.dataset_id = names::data_set(&names::text("datasetId", member.value)?)?;
            } else if name != "type" && !is_read_only(name) {
                instance.members.push(self.member(member)?);
            }
        }
        super::refuse_repetition(&instance.members)?;
        if let Some((kind, raw)) = raw_value {
            let attribute_type = decided(given, kind, raw)?;
            instance.attribute_type = Some(attribute_type);
            instance.value = self.value(attribute_type, raw)?;
            instance.is_null = instance.value.is_none();
        } else if self.nulls == Nulls::Refused {
            let wanted = given.unwrap_or(AttributeType::Property).member();
            return Err(ParseError::new(wanted, "missing"));
        }
        Ok(instance)
    }

    fn type_of(&self, members: &[Member<'_>]) -> Result<Option<AttributeType>, ParseError> {
        let Some(given) = members.iter().find(|member| member.name == *"type") else { return Ok(None) };
        let term = names::text("type", given.value)?;
        let problem = || format!("must be the type of an attribute, such as Property, is {term:?}");
        let named = AttributeType::named(self.context.expand(&term).as_str());
        named.map(Some).ok_or_else(|| ParseError::new("type", problem()))
    }

    /// When an entity is no longer of use.
    pub(super) fn expiry(&self, value: &RawValue) -> Result<Fragment, ParseError> {
        let deleted = self.nulls != Nulls::Refused && value::is_null(value);
        let time = if deleted { None } else { Some(time("expiresAt", value)?) };
        Ok(fragment(Name::from(EXPIRY), time))
    }

    fn member(&self, member: &Member<'_>) -> Result<Fragment, ParseError> {
        let (term, name, value) = (&*member.term, member.name.clone(), member.value);
        let Some(annotation) = Annotation::named(name.as_str()) else { return self.sub_attribute(term, name, value) };
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

    fn sub_attribute(&self, term: &str, name: Name, value: &RawValue) -> Result<Fragment, ParseError> {
        names::check_term(term, term)?;
        let name = names::attribute(term, name)?;
        let sub_attribute = match self.instances_of(value).as_deref() {
            None => self.one(term, name, value)?,
            Some([only]) => self.instance(name, only).map_err(|error| error.within(&format!("{term}[0]")))?,
            Some(_) => return Err(ParseError::new(term, "sub-attributes have one instance")),
        };
        match sub_attribute.dataset_id.is_empty() {
            true => Ok(sub_attribute),
            false => Err(ParseError::new(format!("{term}.datasetId"), "sub-attributes have one instance")),
        }
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

/// The type of an attribute that has the member of `kind`.
fn decided(given: Option<AttributeType>, kind: AttributeType, raw: &RawValue) -> Result<AttributeType, ParseError> {
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

fn time(term: &str, value: &RawValue) -> Result<JsonText, ParseError> {
    let text = names::text(term, value)?.replace(',', ".");
    let is_utc = text.contains('T') && text.ends_with('Z');
    let time = is_utc.then(|| date::parse(&text)).flatten();
    let time = time.ok_or_else(|| ParseError::new(term, "must be a time in UTC such as 2024-02-29T12:00:00Z"))?;
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
