//! What fragments make of one instance of an attribute.

use ngsi::ld::{AttributeType, Fragment, merge};
use ngsi::{Attribute, AttributeKind, JsonText, Metadata, Name, ParseError, Timestamp};

use super::MergeDefaults;

const OBSERVED_AT: &str = "observedAt";

/// The instance as a whole, as the fragment says it. Where `former` was declared with a type that NGSI-LD has no word for, it
/// stays.
pub(super) fn replaced(
    former: Option<&Attribute>,
    fragment: Fragment,
    now: Timestamp,
) -> Result<Attribute, ParseError> {
    let mut attribute = fragment.into_attribute(now)?;
    if let Some(former) = former {
        attribute.kind = former.kind;
        attribute.created_at = former.created_at;
        let both = [&former.value_type, &attribute.value_type].map(|name| AttributeType::of_value_type(name.as_str()));
        match both {
            [AttributeType::Property, AttributeType::Property] => attribute.value_type = former.value_type.clone(),
            // Domain metadata are of types that NGSI-10 knows.
            [_, AttributeType::Property] => {}
            _ => attribute.kind = AttributeKind::Context,
        }
    }
    Ok(attribute)
}

/// The instance after the members that the fragment names have been set (5.5.8).
pub(super) fn updated(former: &Attribute, fragment: Fragment, now: Timestamp) -> Result<Attribute, ParseError> {
    check_type(former, &fragment)?;
    let mut attribute = Attribute { modified_at: now, ..former.clone() };
    if let Some(value) = fragment.value {
        attribute.value = value;
    }
    set_members(&mut attribute.metadata, fragment.members, |_, member| member.into_metadata())?;
    Ok(attribute)
}

/// The instance after the fragment has been merged into it (5.5.12).
pub(super) fn merged(
    former: &Attribute,
    fragment: Fragment,
    defaults: &MergeDefaults,
    now: Timestamp,
) -> Result<Attribute, ParseError> {
    let becomes = fragment.attribute_type.unwrap_or_else(|| AttributeType::of(former));
    if becomes != AttributeType::of(former) && fragment.value.is_some() {
        let whole = Fragment { attribute_type: Some(becomes), ..fragment };
        return replaced(Some(former), whole, now);
    }
    let observed = fragment.members.iter().any(|member| member.name == *OBSERVED_AT);
    let mut attribute = Attribute { modified_at: now, ..former.clone() };
    if let Some(value) = fragment.value {
        let value = in_language(becomes, value, defaults.language.as_ref());
        attribute.value = merge::values(becomes, &attribute.value, &value)?;
    }
    set_members(&mut attribute.metadata, fragment.members, merged_member)?;
    let present = attribute.metadata.iter_mut().find(|metadatum| metadatum.name == *OBSERVED_AT);
    if let (Some(at), false, Some(present)) = (&defaults.observed_at, observed, present) {
        present.value = at.clone();
    }
    Ok(attribute)
}

fn in_language(attribute_type: AttributeType, value: JsonText, language: Option<&Name>) -> JsonText {
    match language {
        Some(tag) if attribute_type == AttributeType::LanguageProperty && value.as_str().starts_with('"') => {
            merge::in_language(&value, tag.as_str())
        }
        _ => value,
    }
}

fn merged_member(former: Option<&Metadata>, fragment: Fragment) -> Result<Metadata, ParseError> {
    let Some(former) = former else { return fragment.into_metadata() };
    let former_type = AttributeType::of_value_type(former.value_type.as_str());
    if fragment.attribute_type.is_some_and(|given| given != former_type) {
        return fragment.into_metadata();
    }
    let mut member = former.clone();
    if let Some(value) = fragment.value {
        member.value = merge::values(former_type, &member.value, &value)?;
    }
    set_members(&mut member.metadata, fragment.members, merged_member)?;
    Ok(member)
}

fn set_members(
    members: &mut Vec<Metadata>,
    given: Vec<Fragment>,
    make: impl Fn(Option<&Metadata>, Fragment) -> Result<Metadata, ParseError>,
) -> Result<(), ParseError> {
    for fragment in given {
        let place = members.iter().position(|member| member.name == fragment.name);
        if fragment.is_null {
            place.map(|place| members.remove(place));
            continue;
        }
        let name: Name = fragment.name.clone();
        let made = make(place.map(|place| &members[place]), fragment).map_err(|error| error.within(name.as_str()))?;
        match place {
            Some(place) => members[place] = made,
            None => members.push(made),
        }
    }
    Ok(())
}

fn check_type(former: &Attribute, fragment: &Fragment) -> Result<(), ParseError> {
    match fragment.attribute_type {
        Some(given) if given != AttributeType::of(former) && fragment.value.is_some() => {
            Err(ParseError::new("type", format!("must be {}, as the attribute is", AttributeType::of(former).name())))
        }
        _ => Ok(()),
    }
}
