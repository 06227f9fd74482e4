//! Regular expressions over identifiers, as requests have them (ETSI GS CIM 009, `idPattern`).

use crate::selector::Matcher;
use crate::v1::EntityRef;
use crate::{EntitySelector, ParseError};

/// Compiles an `idPattern`.
///
/// # Errors
/// The path is `idPattern`.
pub fn id_pattern(text: &str) -> Result<Matcher, ParseError> {
    if repeats_repetition(text) {
        return Err(ParseError::new("idPattern", "not a usable regular expression: one repetition behind another"));
    }
    let selector = EntitySelector::compile(&EntityRef::pattern(text));
    selector.map(|selector| selector.id).map_err(|error| ParseError::new("idPattern", error.problem))
}

/// Whether one of `*` and `+` stands behind another: an error to some engines, and to others not what it looks like.
fn repeats_repetition(pattern: &str) -> bool {
    let (mut in_class, mut repeats) = (false, false);
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        let repeated = repeats;
        repeats = false;
        match c {
            '\\' => drop(chars.next()),
            '[' => in_class = true,
            ']' => in_class = false,
            '*' | '+' if in_class => {}
            '*' | '+' if repeated => return true,
            '*' | '+' => repeats = true,
            _ => {}
        }
    }
    false
}
