//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Benchmarks of FogFlow's services: prints one Markdown table.
#[derive(Debug, Clone, Parser)]
#[command(name = "bench")]
pub(crate) struct Options {
    /// What to measure.
    #[arg(value_enum)]
    pub(crate) scenario: Scenario,
    /// Root URL of a service that runs already, e.g. `http://127.0.0.1:8070`; otherwise services are started for the run.
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// Root URL of the discovery that belongs to `--url`.
    #[arg(long)]
    pub(crate) discovery_url: Option<String>,
    /// Processes behind `--url` whose CPU time is counted; may be repeated.
    #[arg(long = "pid")]
    pub(crate) pids: Vec<u32>,
    /// Connections, each with one request under way.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) connections: u16,
    /// Seconds of each load, after a quarter of it, but at most a second, to warm up.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=600))]
    pub(crate) seconds: u16,
    /// Requests per second of an open loop, whatever the answers take; without it the loop is closed.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) rate: Option<u32>,
    /// Entities, registrations or instances to prepare; each scenario has its own default.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=2_000_000))]
    pub(crate) count: Option<u32>,
    /// The `fogflow` binary; default: `release/fogflow` in the directory of this program's own build.
    #[arg(long)]
    pub(crate) fogflow: Option<PathBuf>,
    /// Image of an operator that passes its input on, for the container scenario; default: built from `operators/`.
    #[arg(long)]
    pub(crate) image: Option<String>,
    /// Directory for the services' data; default: the system's temporary directory.
    #[arg(long)]
    pub(crate) scratch: Option<PathBuf>,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// Every scenario below, with short durations.
    All,
    /// The scenarios that need HTTP only.
    Http,
    /// A bare axum handler that parses the same update.
    Baseline,
    /// Updates of existing entities.
    Update,
    /// GET of an entity by id.
    Get,
    /// Updates that create entities, until discovery knows them.
    Create,
    /// The same update and GET in NGSI-10, NGSIv2 and NGSI-LD, and batches.
    Dialects,
    /// Queries by id, at the owner and at another broker.
    Query,
    /// Lists of NGSIv2 by type and value, and by place, in an open loop.
    Lists,
    /// Look-ups of the nearest registrations at discovery.
    Nearby,
    /// Updates until their notification arrives.
    Notify,
    /// Updates until the command `ADD_TASK` is on RabbitMQ, one after another and in a burst.
    Task,
    /// New entities until the first output of their function.
    Function,
    /// New entities until the first output of their container, beside `docker run -d` alone.
    Container,
    /// Resident memory of an idle `fogflow up` and of an edge pair; time until ready.
    Footprint,
    /// The HTTP scenarios against `--url` and against services of ours, with their ratio.
    Compare,
    /// The bare axum server itself: a part of the other scenarios.
    #[value(hide = true)]
    BaselineServer,
}

impl Options {
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs(u64::from(self.seconds))
    }

    pub(crate) fn warm_up(&self) -> Duration {
        (self.duration() / 4).min(Duration::from_secs(1))
    }

    pub(crate) fn count_or(&self, default: u32) -> u64 {
        u64::from(self.count.unwrap_or(default))
    }
}
