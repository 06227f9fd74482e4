//! Ports for programs that must be told theirs.

use std::collections::HashSet;
use std::net::TcpListener;

use parking_lot::Mutex;

static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

/// A port of 127.0.0.1 that is free now and was not given before in this process.
///
/// # Errors
/// When the system has no port left.
pub fn free_port() -> std::io::Result<u16> {
    loop {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        if GIVEN.lock().get_or_insert_default().insert(port) {
            return Ok(port);
        }
    }
}
