//! A reader of the texts of every query language, left to right, which names the byte at which it got stuck.

use regex::RegexBuilder;

use super::statement::Pattern;
use super::{MAX_LENGTH, MAX_PATTERNS};
use crate::ParseError;

/// The longest pattern, in bytes.
const MAX_PATTERN_LENGTH: usize = 1024;
/// The most memory one compiled pattern may take, in bytes.
const PATTERN_SIZE_LIMIT: usize = 256 * 1024;
/// How deeply groups may nest in a pattern.
const PATTERN_NEST_LIMIT: u32 = 32;

pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    parameter: &'static str,
    patterns: usize,
}

impl<'a> Cursor<'a> {
    /// At the beginning of the value of `parameter`.
    pub(super) fn new(text: &'a str, parameter: &'static str) -> Result<Self, ParseError> {
        if text.len() > MAX_LENGTH {
            return Err(ParseError::new(parameter, format!("longer than {MAX_LENGTH} bytes, it has {}", text.len())));
        }
        Ok(Self { text, at: 0, parameter, patterns: 0 })
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn next(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Steps over the next bytes, which the caller has seen.
    pub(super) fn step(&mut self, bytes: usize) -> &'a str {
        let passed = &self.rest()[..bytes];
        self.at += bytes;
        passed
    }

    pub(super) fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    pub(super) fn skip_spaces(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    pub(super) fn take_until(&mut self, ends: impl Fn(&str) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.char_indices().map(|(at, _)| at).find(|at| ends(&rest[*at..])).unwrap_or(rest.len());
        self.step(length)
    }

    /// Compiles a pattern that began at byte `start`.
    pub(super) fn pattern(&mut self, start: usize, pattern: &str) -> Result<Pattern, ParseError> {
        self.patterns += 1;
        if pattern.is_empty() {
            return Err(self.error_at(start, "a pattern is missing"));
        }
        if self.patterns > MAX_PATTERNS {
            return Err(self.error_at(start, format!("more than {MAX_PATTERNS} patterns")));
        }
        compile(pattern).map_err(|problem| self.error_at(start, problem))
    }

    pub(super) fn error(&self, problem: impl AsRef<str>) -> ParseError {
        self.error_at(self.at, problem)
    }

    pub(super) fn error_at(&self, at: usize, problem: impl AsRef<str>) -> ParseError {
        ParseError::new(self.parameter, format!("at byte {at}: {}", problem.as_ref()))
    }
}

fn compile(pattern: &str) -> Result<Pattern, String> {
    if pattern.len() > MAX_PATTERN_LENGTH {
        return Err(format!("a pattern longer than {MAX_PATTERN_LENGTH} bytes"));
    }
    RegexBuilder::new(pattern)
        .size_limit(PATTERN_SIZE_LIMIT)
        .dfa_size_limit(PATTERN_SIZE_LIMIT)
        .nest_limit(PATTERN_NEST_LIMIT)
        .build()
        .map(Pattern)
        .map_err(|error| format!("not a usable regular expression: {error}"))
}
