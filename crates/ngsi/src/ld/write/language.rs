//! Choosing a language (ETSI GS CIM 009, 4.15; RFC 4647).

use std::borrow::Cow;

use super::value::Value;
use crate::ld::AttributeType;
use crate::ld::parse::is_language;
use crate::members::Members;
use crate::{JsonText, ParseError};

/// The most languages of one filter.
const MAX_LANGUAGES: usize = 64;

/// Languages that a client wishes, the best first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Languages(Vec<String>);

impl Languages {
    /// Reads `fr-CH,fr;q=0.9,en;q=0.8,*;q=0.5`.
    ///
    /// # Errors
    /// The path is `lang`; the problem says which part is wrong.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let mut wishes = Vec::new();
        for part in text.split(',') {
            let wrong = || ParseError::new("lang", format!("must be like fr-CH,fr;q=0.9,*;q=0.5, has {part:?}"));
            let (range, weight) = part.split_once(';').unwrap_or((part, "q=1"));
            let range = range.trim();
            let weight = weight.trim().strip_prefix("q=").and_then(thousandths).ok_or_else(wrong)?;
            if !(range == "*" || is_language(range)) || wishes.len() == MAX_LANGUAGES {
                return Err(wrong());
            }
            if weight > 0 {
                wishes.push((weight, range.to_owned()));
            }
        }
        wishes.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        Ok(Self(wishes.into_iter().map(|(_, range)| range).collect()))
    }

    /// The text in the best language there is, as a Property. `None` for a map without any.
    pub(super) fn choose<'a>(&self, map: &'a JsonText) -> Option<Value<'a>> {
        let Members(texts) = Members::of_text(map.as_str())?;
        let named = |wanted: &str| texts.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(wanted));
        let any = || named("@none").or_else(|| texts.first());
        let wished = self.0.iter().find_map(|range| match range.as_str() {
            "*" => texts.first(),
            range => prefixes(range).find_map(named).or_else(|| {
                texts.iter().find(|(tag, _)| prefixes(tag).any(|prefix| prefix.eq_ignore_ascii_case(range)))
            }),
        });
        let (tag, text) = wished.or_else(any)?;
        let (json, language) = (Cow::Borrowed(text.get()), Some(tag.to_string()));
        Some(Value { attribute_type: AttributeType::Property, json, language })
    }
}

/// `a-b-c`, then `a-b`, then `a`.
fn prefixes(range: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(range), |longer| longer.rfind('-').map(|end| &longer[..end]))
}

/// A weight from 0 to 1 in thousandths.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|b| b.is_ascii_digit());
    let fraction = format!("{fraction:0<3}").parse::<u16>().ok().filter(|_| digits)?;
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1000),
        _ => None,
    }
}
