//! The one error of every parser in this crate.

/// Input that is not what the dialect allows, with the place of the offence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct ParseError {
    /// Where: a path such as `contextElements[0].entityId.id`; `$` is the whole document.
    pub path: String,
    /// What is wrong there, in words a client can act on.
    pub problem: String,
}

impl ParseError {
    /// An error at `path`.
    pub fn new(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { path: path.into(), problem: problem.into() }
    }

    /// The same error seen from a document in which `prefix` holds the part that was parsed.
    #[must_use]
    pub fn within(mut self, prefix: &str) -> Self {
        self.path = match self.path.as_str() {
            "$" => prefix.to_owned(),
            inner if inner.starts_with('[') => format!("{prefix}{inner}"),
            inner => format!("{prefix}.{inner}"),
        };
        self
    }
}
