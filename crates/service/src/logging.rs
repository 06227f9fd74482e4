//! Logs: one stream of `tracing` events, sent by kind to the places the `logging` section names.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{LogFormat, Logging};

/// The `tracing` target of messages exchanged with other nodes, which go to `logging.protocol`.
pub const PROTOCOL: &str = "protocol";

/// Libraries tell more of their inner life than an operator wants to know; what befalls lapin, the message bus logs itself.
const LIBRARIES: &str = "fjall=warn,lsm_tree=warn,lapin=off,hyper=info,h2=info,rustls=info";

/// Why logs could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// A log file could not be opened.
    #[error("configuration key `{key}`: cannot open log file {}", path.display())]
    Open {
        /// The key that names the file.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The filter was not understood.
    #[error("configuration key `logging.level`: `{level}` is not a level or filter")]
    Level {
        /// The text given.
        level: String,
        /// Why.
        #[source]
        source: tracing_subscriber::filter::ParseError,
    },
}

/// Sets up the process's log; a second call changes nothing, so that tests may call it.
///
/// # Errors
/// [`LoggingError`], naming the key.
pub fn init(logging: &Logging) -> Result<(), LoggingError> {
    let sinks = Sinks::open(logging)?;
    // A log that cannot be written, on a full disk, must not end the thread that logs.
    let builder = tracing_subscriber::fmt().log_internal_errors(false).with_ansi(false);
    let builder = builder.with_env_filter(filter(logging)?).with_writer(sinks);
    // An error means that a subscriber is installed already.
    let _ = match logging.format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    Ok(())
}

fn filter(logging: &Logging) -> Result<EnvFilter, LoggingError> {
    if let Ok(filter) = EnvFilter::try_from_default_env() {
        return Ok(filter);
    }
    let wants = |target: &Option<String>| target.as_deref().is_some_and(|target| target != "discard");
    let level = match &logging.level {
        Some(level) => format!("{LIBRARIES},{level}"),
        None if wants(&logging.debug) => format!("debug,{LIBRARIES}"),
        None if wants(&logging.protocol) => format!("info,{PROTOCOL}=debug,{LIBRARIES}"),
        None => format!("info,{LIBRARIES}"),
    };
    EnvFilter::try_new(&level).map_err(|source| LoggingError::Level { level, source })
}

#[derive(Debug, Clone)]
enum Sink {
    Stdout,
    Stderr,
    Discard,
    File(Arc<File>),
}

impl Sink {
    fn open(key: &'static str, name: Option<&str>, default: Self) -> Result<Self, LoggingError> {
        match name {
            None | Some("") => Ok(default),
            Some("stdout") => Ok(Self::Stdout),
            Some("stderr") => Ok(Self::Stderr),
            Some("discard") => Ok(Self::Discard),
            Some(path) => match File::options().create(true).append(true).open(path) {
                Ok(file) => Ok(Self::File(Arc::new(file))),
                Err(source) => Err(LoggingError::Open { key, path: path.into(), source }),
            },
        }
    }
}

#[derive(Debug, Clone)]
struct Sinks {
    info: Sink,
    error: Sink,
    protocol: Sink,
    debug: Sink,
}

impl Sinks {
    fn open(logging: &Logging) -> Result<Self, LoggingError> {
        // A level set by hand asks for debug events, which then need a place to go.
        let verbose = if logging.level.is_some() || std::env::var_os("RUST_LOG").is_some() {
            Sink::Stderr
        } else {
            Sink::Discard
        };
        Ok(Self {
            info: Sink::open("logging.info", logging.info.as_deref(), Sink::Stderr)?,
            error: Sink::open("logging.error", logging.error.as_deref(), Sink::Stderr)?,
            protocol: Sink::open("logging.protocol", logging.protocol.as_deref(), verbose.clone())?,
            debug: Sink::open("logging.debug", logging.debug.as_deref(), verbose)?,
        })
    }

    fn of(&self, metadata: &Metadata<'_>) -> &Sink {
        match *metadata.level() {
            Level::ERROR | Level::WARN => &self.error,
            _ if metadata.target() == PROTOCOL => &self.protocol,
            Level::INFO => &self.info,
            _ => &self.debug,
        }
    }
}

impl<'a> MakeWriter<'a> for Sinks {
    type Writer = Box<dyn Write + 'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Box::new(io::stderr())
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Self::Writer {
        match self.of(metadata) {
            Sink::Stdout => Box::new(io::stdout()),
            Sink::Stderr => Box::new(io::stderr()),
            Sink::Discard => Box::new(io::sink()),
            Sink::File(file) => Box::new(file.as_ref()),
        }
    }
}
