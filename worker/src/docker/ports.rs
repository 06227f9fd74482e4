//! Ports for containers.

use std::collections::BTreeSet;
use std::io;
use std::net::{Ipv4Addr, TcpListener};

use parking_lot::Mutex;

const ATTEMPTS: usize = 50;

/// Ports given to containers that may not listen yet, so that no two get the same.
#[derive(Debug, Default)]
pub(super) struct Ports(Mutex<BTreeSet<u16>>);

impl Ports {
    /// The preferred port if it is free, else any free one.
    pub(super) fn take(&self, preferred: Option<u16>) -> io::Result<u16> {
        if let Some(port) = preferred.filter(|port| *port != 0)
            && let Ok(port) = self.try_take(port)
        {
            return Ok(port);
        }
        let mut outcome = Err(io::Error::other("no free port"));
        for _ in 0..ATTEMPTS {
            outcome = self.try_take(0);
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    pub(super) fn keep(&self, port: u16) {
        self.0.lock().insert(port);
    }

    pub(super) fn give_back(&self, ports: &[u16]) {
        let mut taken = self.0.lock();
        for port in ports {
            taken.remove(port);
        }
    }

    fn try_take(&self, port: u16) -> io::Result<u16> {
        let port = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?.local_addr()?.port();
        if self.0.lock().insert(port) { Ok(port) } else { Err(io::ErrorKind::AddrInUse.into()) }
    }
}
