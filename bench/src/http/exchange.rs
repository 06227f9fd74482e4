//! Single requests, for preparing and checking: blocking, a connection each.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, bail};

use super::{Reader, Target, Template};

const TIMEOUT: Duration = Duration::from_secs(20);

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    /// Fails unless the status is 2xx.
    pub(crate) fn ok(self) -> anyhow::Result<Self> {
        if !(200..300).contains(&self.status) {
            bail!("status {}: {}", self.status, self.body);
        }
        Ok(self)
    }
}

/// Sends one request and reads its answer.
pub(crate) fn exchange(target: &Target, request: &[u8]) -> anyhow::Result<Answer> {
    let mut stream =
        TcpStream::connect(&target.authority).with_context(|| format!("cannot connect to {}", target.authority))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(request)?;
    let mut reader = Reader::default();
    loop {
        let count = stream.read(reader.space())?;
        reader.advance(count)?;
        if let Some(message) = reader.message()? {
            let body = String::from_utf8_lossy(reader.body(message)).into_owned();
            return Ok(Answer { status: message.status, body });
        }
    }
}

pub(crate) fn get(target: &Target, path: &str) -> anyhow::Result<Answer> {
    exchange(target, Template::get(target, path).stamp(0, 0)).with_context(|| format!("GET {path}"))
}

pub(crate) fn post(target: &Target, path: &str, body: &str) -> anyhow::Result<Answer> {
    let answer = exchange(target, Template::post(target, path, body).stamp(0, 0));
    answer.and_then(Answer::ok).with_context(|| format!("POST {path} at {}", target.authority))
}
