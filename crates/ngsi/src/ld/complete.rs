//! From what a request says to what an entity holds.

use super::parse::{Annotation, check_fits, looks_like_geometry};
use super::{AttributeType, EXPIRY, Fragment, merge};
use crate::{Attribute, AttributeKind, JsonText, Metadata, Name, ParseError, Timestamp};

impl Fragment {
    /// The whole attribute. What is said to be deleted is not there.
    ///
    /// # Errors
    /// The value is missing, or is none for an attribute of that type. Paths begin behind the attribute.
    pub fn into_attribute(self, now: Timestamp) -> Result<Attribute, ParseError> {
        let dataset_id = self.dataset_id.clone();
        let Metadata { name, value_type, value, metadata } = self.into_metadata()?;
        let kind = AttributeKind::Context;
        Ok(Attribute { name, kind, dataset_id, value_type, value, metadata, created_at: now, modified_at: now })
    }

    /// The whole sub-attribute, or member of an attribute such as `unitCode`. What is said to be deleted is not there.
    ///
    /// # Errors
    /// As [`Fragment::into_attribute`].
    pub fn into_metadata(self) -> Result<Metadata, ParseError> {
        let value = merge::without_nulls(self.value.ok_or_else(|| missing(self.attribute_type))?);
        let annotation = match self.name.as_str() {
            EXPIRY => Some(Annotation::Time),
            name => Annotation::named(name),
        };
        let value_type = match (annotation, self.attribute_type) {
            (Some(annotation), None) => Name::from(annotation.value_type()),
            (_, given) => {
                let attribute_type = given.unwrap_or_else(|| inferred(&value));
                check_fits(attribute_type, &value).map_err(|error| error.within(attribute_type.member()))?;
                attribute_type.value_type()
            }
        };
        let members = self.members.into_iter().filter(|member| !member.is_null);
        let metadata = members.map(|member| {
            let name = member.name.clone();
            member.into_metadata().map_err(|error| error.within(name.as_str()))
        });
        Ok(Metadata { name: self.name, value_type, value, metadata: metadata.collect::<Result<_, _>>()? })
    }
}

fn missing(attribute_type: Option<AttributeType>) -> ParseError {
    ParseError::new(attribute_type.unwrap_or(AttributeType::Property).member(), "missing")
}

fn inferred(value: &JsonText) -> AttributeType {
    if looks_like_geometry(value.as_str()) { AttributeType::GeoProperty } else { AttributeType::Property }
}
