//! From SIGTERM or SIGINT to an orderly stop.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Exit status after a second signal, as a shell reports a process ended by SIGINT.
const INTERRUPTED: i32 = 130;

/// Cancels the token at the first SIGTERM or SIGINT and ends the process at the second.
///
/// # Errors
/// When the process may not install signal handlers.
pub fn on_signal(shutdown: CancellationToken) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        loop {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            if shutdown.is_cancelled() {
                tracing::warn!(signal = name, "second signal: leaving at once");
                std::process::exit(INTERRUPTED);
            }
            tracing::info!(signal = name, "stopping");
            shutdown.cancel();
        }
    });
    Ok(())
}
