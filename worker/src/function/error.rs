//! Why a call of a function failed.

use std::fmt;

use flow::TryError;

/// Why a call failed, with the line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// The code cannot be used.
    #[error("the function cannot be loaded: {0}")]
    Load(Thrown),
    /// The code ended without a handler.
    #[error("the function does not define `exports.handler`")]
    NoHandler,
    /// The function threw.
    #[error("{0}")]
    Thrown(Thrown),
    /// The call took too long.
    #[error("the call took longer than {0} ms")]
    Time(u128),
    /// The call needed too much memory.
    #[error("the function needs more than {0} MiB of memory")]
    Memory(usize),
    /// The call left too many effects.
    #[error("the call asks for {0} updates, queries, subscriptions and timers, more than {1}")]
    Effects(usize, usize),
    /// An effect has not the shape it needs.
    #[error("{0}")]
    Effect(String),
}

/// What was thrown, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thrown {
    /// What it says.
    pub message: String,
    /// The topmost place in the function's own code, if it passed through it.
    pub place: Option<Place>,
}

/// A place in a function's code; both numbers count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column in it.
    pub column: Option<u32>,
}

impl Place {
    /// The first place in `file` that a stack trace names: `… function.js:3:12)`.
    pub(super) fn in_stack(stack: &str, file: &str) -> Option<Self> {
        let (_, rest) = stack.split_once(file)?;
        let mut numbers = rest.strip_prefix(':')?.split(|letter: char| !letter.is_ascii_digit());
        let line = numbers.next()?.parse().ok()?;
        Some(Self { line, column: numbers.next().and_then(|number| number.parse().ok()) })
    }
}

impl From<String> for Thrown {
    fn from(message: String) -> Self {
        Self { message, place: None }
    }
}

impl fmt::Display for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(Place { line, column: Some(column) }) => write!(f, "{} (line {line}:{column})", self.message),
            Some(Place { line, column: None }) => write!(f, "{} (line {line})", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl From<ScriptError> for TryError {
    fn from(error: ScriptError) -> Self {
        let place = match &error {
            ScriptError::Load(thrown) | ScriptError::Thrown(thrown) => thrown.place,
            _ => None,
        };
        let message = match error {
            ScriptError::Load(thrown) => ScriptError::Load(Thrown { place: None, ..thrown }).to_string(),
            ScriptError::Thrown(thrown) => thrown.message,
            other => other.to_string(),
        };
        Self { message, line: place.map(|place| place.line), column: place.and_then(|place| place.column) }
    }
}
