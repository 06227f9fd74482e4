//! What a function may use.

use std::time::Duration;

use flow::Parameter;

const MIB: usize = 1024 * 1024;

/// The bounds of one function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest heap, in bytes.
    pub memory_bytes: usize,
    /// The longest call.
    pub time: Duration,
    /// The deepest stack, in bytes.
    pub stack_bytes: usize,
    /// The most entities, queries and subscriptions one call may ask for.
    pub effects: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_bytes: 32 * MIB, time: Duration::from_secs(1), stack_bytes: 256 * 1024, effects: 1_000 }
    }
}

impl Limits {
    /// The defaults, changed by the operator parameters `memory_mb` (1 to 1024) and `timeout_ms` (1 to 60 000).
    ///
    /// # Errors
    /// Names the parameter that is not a number in its range.
    pub fn of(parameters: &[Parameter]) -> Result<Self, String> {
        let mut limits = Self::default();
        for parameter in parameters {
            match parameter.name.as_str() {
                "memory_mb" => limits.memory_bytes = in_range(parameter, 1, 1024)? * MIB,
                "timeout_ms" => limits.time = Duration::from_millis(in_range(parameter, 1, 60_000)? as u64),
                _ => {}
            }
        }
        Ok(limits)
    }
}

fn in_range(parameter: &Parameter, least: usize, most: usize) -> Result<usize, String> {
    let number = parameter.value.trim().parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| {
        format!("parameter `{}` must be a number from {least} to {most}, is `{}`", parameter.name, parameter.value)
    })
}
