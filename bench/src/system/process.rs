//! One process, from its start to its end.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::Site;

/// How long a process may take to end after SIGTERM.
const END_LIMIT: Duration = Duration::from_secs(12);
const LOG_TAIL: usize = 2_000;

/// A process that is stopped when dropped.
pub(crate) struct Process {
    child: Child,
    log: Option<PathBuf>,
}

impl Process {
    pub(super) fn spawn(fogflow: &Path, service: &str, site: &Site, home: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(home)?;
        let config = home.join("config.json");
        fs::write(&config, site.config(&home.join("data")).to_string())?;
        let log = home.join("log");
        let output = File::create(&log)?;
        let child = Command::new(fogflow)
            .arg(service)
            .arg("-f")
            .arg(&config)
            .current_dir(home)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("cannot start {}", fogflow.display()))?;
        Ok(Self { child, log: Some(log) })
    }

    /// This program as the bare axum server, which prints its port.
    pub(super) fn spawn_baseline() -> anyhow::Result<(Self, u16)> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("baseline-server")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no standard output")?).read_line(&mut line)?;
        let process = Self { child, log: None };
        Ok((process, line.trim().parse().context("the bare server printed no port")?))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Fails when the process has ended.
    pub(super) fn check(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("a service ended: {status}\n{}", self.log_tail()),
            None => Ok(()),
        }
    }

    pub(super) fn log_tail(&self) -> String {
        let text = self.log.as_ref().and_then(|log| fs::read_to_string(log).ok()).unwrap_or_default();
        let from = text.char_indices().rev().nth(LOG_TAIL).map_or(0, |(at, _)| at);
        text[from..].to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).stderr(Stdio::null()).status();
        let limit = Instant::now() + END_LIMIT;
        while Instant::now() < limit {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
