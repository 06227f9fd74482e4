//! What can be tuned.

use std::time::Duration;

/// Times and bounds of an [`crate::Orchestrator`].
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long a restarted master, once it hears the bus, waits for the workers it knew to report before it places
    /// anything: longer than the time between two heartbeats.
    pub settle: Duration,
    /// How old a command must be before a report that does not show it counts as a loss.
    pub grace: Duration,
    /// After how long a command to a worker that does not report instances is repeated, if nothing runs.
    pub silent_resend: Duration,
    /// After how much silence a worker counts as dead, unless its profile says so itself.
    pub silence_limit: Duration,
    /// How long a worker that refused an instance for lack of room is not asked again.
    pub back_off: Duration,
    /// How long an instance may stay failed before another worker is tried.
    pub failed_patience: Duration,
    /// How long a worker on which an instance failed, or that cannot run it, is not tried again for it.
    pub exclusion: Duration,
    /// The least time between two looks at whether an instance should migrate.
    pub migration_pause: Duration,
    /// A migration must save at least this share of the distance, in percent, …
    pub migration_gain_percent: u64,
    /// … and this many metres.
    pub migration_gain_m: u64,
    /// How long instances of unknown intents are left alone after the start: their intents may yet be announced.
    pub orphan_grace: Duration,
    /// How many instances one tick looks at for a better place after the fleet changed.
    pub sweep: usize,
    /// The most workers; further ones are not heard.
    pub max_workers: usize,
    /// The most instances of one intent.
    pub max_instances: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(17),
            grace: Duration::from_secs(2),
            silent_resend: Duration::from_secs(60),
            silence_limit: Duration::from_secs(30),
            back_off: Duration::from_secs(10),
            failed_patience: Duration::from_secs(60),
            exclusion: Duration::from_secs(300),
            migration_pause: Duration::from_secs(5),
            migration_gain_percent: 10,
            migration_gain_m: 100,
            orphan_grace: Duration::from_secs(10),
            sweep: 500,
            max_workers: 100_000,
            max_instances: 100_000,
        }
    }
}
