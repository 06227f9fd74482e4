//! A real Docker engine: the one that runs, or one of our own.

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::process::{Farewell, ProcessGroup};
use crate::wait::wait_until;

const SYSTEM_SOCKET: &str = "/var/run/docker.sock";
const START_DEADLINE: Duration = Duration::from_secs(60);

/// A Docker engine that answers.
#[derive(Debug)]
pub struct Docker {
    host: String,
    own: Option<Engine>,
}

/// Fields are dropped in order: the engine stops before its files go.
#[derive(Debug)]
struct Engine {
    process: ProcessGroup,
    directory: TempDir,
    /// Engines share the bridge `docker0` and its packet filter, so there is one at a time.
    _only: File,
}

impl Docker {
    /// The engine at `DOCKER_HOST` or the system's socket when it answers, else one of our own with data in a temporary
    /// directory. Waits for an engine that another test process started in this way to end.
    ///
    /// # Errors
    /// When there is none and `dockerd` is not installed or does not start; its log is quoted.
    pub async fn start() -> anyhow::Result<Self> {
        let given = std::env::var("DOCKER_HOST").ok();
        for host in given.into_iter().chain([format!("unix://{SYSTEM_SOCKET}")]) {
            if answers(&host) {
                return Ok(Self { host, own: None });
            }
        }
        let only = tokio::task::spawn_blocking(only_one).await??;
        let directory = tempfile::Builder::new().prefix("fogflow-docker-").tempdir()?;
        let host = format!("unix://{}", directory.path().join("docker.sock").display());
        let process = spawn(directory.path(), &host)?;
        let mut engine = Engine { process, directory, _only: only };
        engine.wait_ready(&host).await?;
        Ok(Self { host, own: Some(engine) })
    }

    /// The one engine of this test process.
    ///
    /// # Errors
    /// As [`Docker::start`].
    pub async fn shared() -> anyhow::Result<&'static Self> {
        static SHARED: OnceCell<Docker> = OnceCell::const_new();
        SHARED.get_or_try_init(Self::start).await
    }

    /// What `DOCKER_HOST` must say to reach it.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it was started here, and will be stopped.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// Runs `docker` and gives back what it printed.
    ///
    /// # Errors
    /// When the command fails; its output is quoted.
    pub fn run(&self, args: &[&str]) -> anyhow::Result<String> {
        let output = command(&self.host).args(args).output().context("cannot run docker")?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "docker {args:?}: {complaint}");
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// The address at which containers reach this host.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub fn gateway(&self) -> anyhow::Result<String> {
        let of_bridge = |what: &str| {
            let format = format!("{{{{(index .IPAM.Config 0).{what}}}}}");
            self.run(&["network", "inspect", "bridge", "--format", &format])
        };
        let gateway = of_bridge("Gateway")?;
        if !gateway.is_empty() {
            return Ok(gateway);
        }
        // Of a bridge that it has just made an engine tells only the subnet; the host has its first address.
        let subnet = of_bridge("Subnet")?;
        let network = subnet.split('/').next().and_then(|base| base.strip_suffix(".0"));
        Ok(format!("{}.1", network.context("a bridge with another subnet than expected")?))
    }
}

impl Engine {
    async fn wait_ready(&mut self, host: &str) -> anyhow::Result<()> {
        let process = &mut self.process;
        let up = wait_until(START_DEADLINE, "dockerd answers", async || {
            if answers(host) { Some(true) } else { (!process.is_running()).then_some(false) }
        });
        let up = up.await;
        let log = || std::fs::read_to_string(self.directory.path().join("log.txt")).unwrap_or_default();
        anyhow::ensure!(up, "dockerd ended at its start:\n{}", log());
        Ok(())
    }
}

fn spawn(directory: &Path, host: &str) -> anyhow::Result<ProcessGroup> {
    let log = File::create(directory.join("log.txt"))?;
    let mut command = Command::new("dockerd");
    command
        .args(["--host", host])
        .arg("--data-root")
        .arg(directory.join("data"))
        .arg("--exec-root")
        .arg(directory.join("exec"))
        .arg("--pidfile")
        .arg(directory.join("docker.pid"))
        .stdout(log.try_clone()?)
        .stderr(log);
    ProcessGroup::spawn_in(&mut command, Farewell::Terminate, Some(directory))
}

fn only_one() -> std::io::Result<File> {
    let lock = File::create(std::env::temp_dir().join("fogflow-testkit-docker.lock"))?;
    lock.lock()?;
    Ok(lock)
}

fn answers(host: &str) -> bool {
    command(host)
        .args(["version", "--format", "{{.Server.Version}}"])
        .output()
        .is_ok_and(|output| output.status.success())
}

fn command(host: &str) -> Command {
    let mut command = Command::new("docker");
    command.args(["--host", host]);
    command
}
