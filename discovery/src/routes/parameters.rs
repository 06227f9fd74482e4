use std::collections::HashMap;

use ngsi::ParseError;

/// What stands behind the `?` of a request; parameters nobody asks for are ignored.
pub(super) struct Parameters<'a>(HashMap<&'a str, &'a str>);

impl<'a> Parameters<'a> {
    pub(super) fn of(query: Option<&'a str>) -> Self {
        Self(query.unwrap_or_default().split('&').filter_map(|parameter| parameter.split_once('=')).collect())
    }

    /// As it stands in the URL.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).copied()
    }

    pub(super) fn number(&self, name: &str, default: usize) -> Result<usize, ParseError> {
        match self.0.get(name) {
            Some(text) => text.parse().map_err(|_| ParseError::new(name, format!("must be a number, is `{text}`"))),
            None => Ok(default),
        }
    }

    /// `false` when it is not given.
    pub(super) fn flag(&self, name: &str) -> Result<bool, ParseError> {
        match self.0.get(name).copied() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(text) => Err(ParseError::new(name, format!("must be true or false, is `{text}`"))),
        }
    }
}
