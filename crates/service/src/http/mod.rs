//! The HTTP server and client of every service.
//!
//! The server is our own accept loop over hyper (see `docs/decisions/0001-own-accept-loop.md`): `axum::serve` has neither TLS
//! nor limits on connections, headers and bodies.

mod activity;
mod answer;
mod body;
mod client;
mod connection;
mod events;
mod guard;
mod limits;
mod listener;
mod measured;
mod operations;
mod path;
mod readiness;
mod refused;
mod requests;
mod server;
mod target;
mod tls;

pub use answer::error;
pub use client::{Client, ClientError, ClientErrorKind, MAX_RESPONSE_BYTES, MaxResponse, Timeout};
pub use events::{Event, event_stream};
pub use guard::{Guard, TargetError};
pub use limits::Limits;
pub use listener::{Listener, bind};
pub use path::path_segment;
pub use readiness::{Readiness, ReadySet};
pub(crate) use refused::Complaints;
pub use refused::Reason;
pub use server::serve;
pub use tls::{Tls, ToServers, system_authorities};
