//! The services under test: processes of the release binary, in temporary directories, on free ports.

mod config;
mod process;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tempfile::TempDir;

pub(crate) use config::Site;
pub(crate) use process::Process;

use crate::http::{Target, get};
use crate::options::Options;

const START_LIMIT: Duration = Duration::from_secs(30);

/// Starts processes; they end, and their directories go, when it is dropped.
pub(crate) struct System {
    fogflow: PathBuf,
    directory: TempDir,
    processes: Vec<Process>,
}

impl System {
    pub(crate) fn new(options: &Options) -> anyhow::Result<Self> {
        let fogflow = match &options.fogflow {
            Some(path) => std::path::absolute(path)?,
            None => {
                std::env::current_exe()?.parent().context("no directory of builds")?.with_file_name("release/fogflow")
            }
        };
        if !fogflow.is_file() {
            bail!(
                "no binary at {}: build it with `cargo build --release -p fogflow`, or name it with --fogflow",
                fogflow.display()
            );
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix("fogflow-bench-");
        let directory = match &options.scratch {
            Some(scratch) => builder.tempdir_in(scratch)?,
            None => builder.tempdir()?,
        };
        Ok(Self { fogflow, directory, processes: Vec::new() })
    }

    /// Starts one service, or `up`, of a site; returns its process id without waiting until it is ready.
    pub(crate) fn spawn(&mut self, service: &str, site: &Site) -> anyhow::Result<u32> {
        let home = self.directory.path().join(format!("{}-{service}", site.name));
        let process = Process::spawn(&self.fogflow, service, site, &home)?;
        let pid = process.pid();
        self.processes.push(process);
        Ok(pid)
    }

    /// Starts one service of a site and waits until it is ready.
    pub(crate) fn start(&mut self, service: &str, site: &Site) -> anyhow::Result<u32> {
        let pid = self.spawn(service, site)?;
        if let Some(port) = site.port_of(service) {
            self.wait_ready(&Target::local(port))?;
        }
        Ok(pid)
    }

    /// Stops every process; what they stored stays.
    pub(crate) fn stop(&mut self) {
        self.processes.clear();
    }

    /// Waits until `/readyz` answers 200.
    pub(crate) fn wait_ready(&mut self, target: &Target) -> anyhow::Result<()> {
        let limit = Instant::now() + START_LIMIT;
        loop {
            let answer = get(target, "/readyz");
            if answer.as_ref().is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            for process in &mut self.processes {
                process.check()?;
            }
            if Instant::now() > limit {
                bail!("{} is not ready: {answer:?}", target.url());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// The most that was written to the log of a process, for errors.
    pub(crate) fn logs(&self) -> String {
        self.processes.iter().map(Process::log_tail).collect()
    }
}

/// The bare axum server as a process of its own.
pub(crate) fn baseline() -> anyhow::Result<(Process, Target)> {
    let (process, port) = Process::spawn_baseline()?;
    Ok((process, Target::local(port)))
}
