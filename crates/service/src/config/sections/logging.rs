//! The keys of logs.

use serde::Deserialize;

/// How a log line looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// `logging`: each kind goes to `stdout`, `stderr`, `discard` or the file named.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Logging {
    /// `logging.info`: default `stderr`, so that standard output carries only what a command prints.
    pub info: Option<String>,
    /// `logging.error`: errors and warnings; default `stderr`.
    pub error: Option<String>,
    /// `logging.protocol`: messages exchanged with other nodes; default `discard`.
    pub protocol: Option<String>,
    /// `logging.debug`: default `discard`; any other value lowers the level to `debug`.
    pub debug: Option<String>,
    /// `logging.format`: `text` or `json`.
    pub format: LogFormat,
    /// `logging.level`: a `tracing` filter such as `info` or `broker=debug,info`; `RUST_LOG` wins.
    pub level: Option<String>,
}
