//! Types of values.

/// What a term's values are, as its definition says under `@type`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Coercion {
    /// Whatever they look like.
    #[default]
    None,
    /// `@id`: strings are identifiers, so that the attribute is a Relationship.
    Id,
    /// `@vocab`: strings are names, which are expanded.
    Vocab,
    /// `@json`: JSON that nobody looks into.
    Json,
    /// `DateTime`.
    DateTime,
    /// `Date`.
    Date,
    /// `Time`.
    Time,
    /// Any other type.
    Other,
}

impl Coercion {
    pub(super) fn of(iri: &str) -> Self {
        let known = ["https://uri.etsi.org/ngsi-ld/", "http://www.w3.org/2001/XMLSchema#"];
        let name = known.iter().find_map(|known| iri.strip_prefix(known)).unwrap_or(iri);
        match name.to_ascii_lowercase().as_str() {
            "@none" => Self::None,
            "@id" => Self::Id,
            "@vocab" => Self::Vocab,
            "@json" => Self::Json,
            "datetime" => Self::DateTime,
            "date" => Self::Date,
            "time" => Self::Time,
            _ => Self::Other,
        }
    }
}
