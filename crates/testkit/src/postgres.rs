//! A real PostgreSQL with data and port of its own.

use std::fs::File;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::authority::{Authority, Identity};
use crate::free_port;
use crate::process::{Farewell, ProcessGroup};
use crate::wait::wait_until;

/// Where Debian keeps the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";
const START_DEADLINE: Duration = Duration::from_secs(60);
const STOP_DEADLINE: Duration = Duration::from_secs(60);
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(250);
const PASSWORD: &str = "test-password";

/// A running, or stopped, PostgreSQL with the user and database `fogflow`.
#[derive(Debug)]
pub struct Postgres {
    server: Option<ProcessGroup>,
    port: u16,
    programs: PathBuf,
    /// With a certificate it speaks TLS.
    secure: Option<Identity>,
    directory: TempDir,
}

impl Postgres {
    /// Starts a server and waits until it answers; installs it when it is missing.
    ///
    /// # Errors
    /// When it cannot be installed or does not start; its log is quoted.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(None).await
    }

    /// Starts a server that speaks TLS, with a certificate of that authority.
    ///
    /// # Errors
    /// As [`Postgres::start`].
    pub async fn start_secure(authority: &Authority) -> anyhow::Result<Self> {
        Self::start_with(Some(authority)).await
    }

    async fn start_with(authority: Option<&Authority>) -> anyhow::Result<Self> {
        let programs = tokio::task::spawn_blocking(programs).await??;
        let directory = tempfile::Builder::new().prefix("fogflow-postgres-").tempdir()?;
        let secure = authority.map(|authority| authority.issue(directory.path())).transpose()?;
        let mut postgres = Self { server: None, port: free_port()?, programs, secure, directory };
        postgres.initialise()?;
        postgres.resume().await?;
        Ok(postgres)
    }

    /// The one server of this test process, for tests that do not stop it.
    ///
    /// # Errors
    /// As [`Postgres::start`].
    pub async fn shared() -> anyhow::Result<&'static Self> {
        static SHARED: OnceCell<Postgres> = OnceCell::const_new();
        SHARED.get_or_try_init(Self::start).await
    }

    /// The `postgresql` section of a configuration, for a database of that name.
    #[must_use]
    pub fn section(&self, database: &str) -> serde_json::Value {
        serde_json::json!({
            "host_ip": "127.0.0.1", "port": self.port, "database": database, "username": "fogflow", "password": PASSWORD,
            "tls": self.secure.is_some(),
        })
    }

    /// Creates an empty database.
    ///
    /// # Errors
    /// When there is one of that name.
    pub fn create_database(&self, name: &str) -> anyhow::Result<()> {
        self.query("postgres", &format!("create database {name}")).map(drop)
    }

    /// What a statement gives, a line for each row.
    ///
    /// # Errors
    /// When it fails; the server's words are quoted.
    pub fn query(&self, database: &str, statement: &str) -> anyhow::Result<String> {
        let mut command = Command::new(self.programs.join("psql"));
        command.args(["-qAt", "-h", "127.0.0.1", "-U", "fogflow", "-d", database, "-c", statement]);
        command.args(["-p", &self.port.to_string()]).env("PGPASSWORD", PASSWORD);
        output(&mut command)
    }

    /// Starts the stopped server again, with what it stored. The parts of one that was killed hold its memory until they
    /// notice, so a start may fail some times.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn resume(&mut self) -> anyhow::Result<()> {
        for _ in 1..ATTEMPTS {
            if self.try_to_start().await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        self.try_to_start().await
    }

    async fn try_to_start(&mut self) -> anyhow::Result<()> {
        let log = File::options().create(true).append(true).open(self.path("log.txt"))?;
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.path("data")).args(["-p", &self.port.to_string()]);
        command.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
        if let Some(Identity { certificate, key }) = &self.secure {
            let (certificate, key) = (certificate.display(), key.display());
            command.args(["-c", "ssl=on", "-c", &format!("ssl_cert_file={certificate}")]);
            command.args(["-c", &format!("ssl_key_file={key}")]);
        }
        command.stdout(log.try_clone()?).stderr(log);
        let mut server = ProcessGroup::spawn_in(&mut command, Farewell::Kill, Some(self.directory.path()))?;
        let up = wait_until(START_DEADLINE, "PostgreSQL answers", async || {
            if self.query("postgres", "select 1").is_ok() {
                Some(true)
            } else {
                (!server.is_running()).then_some(false)
            }
        });
        let up = up.await;
        let log = std::fs::read_to_string(self.path("log.txt"));
        anyhow::ensure!(up, "PostgreSQL ended at its start:\n{}", log.unwrap_or_default());
        self.server = Some(server);
        Ok(())
    }

    /// Stops the server in order.
    ///
    /// # Errors
    /// When it does not stop.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        if let Some(mut server) = self.server.take() {
            // As `pg_ctl stop -m fast`: clients are cut off.
            server.signal("INT")?;
            server.wait(STOP_DEADLINE).await?;
        }
        Ok(())
    }

    /// Kills the server with SIGKILL.
    pub fn kill(&mut self) {
        self.server = None;
    }

    fn initialise(&self) -> anyhow::Result<()> {
        let password = self.path("password");
        std::fs::write(&password, PASSWORD)?;
        if let Some((user, group)) = unprivileged()? {
            let owned = [self.directory.path(), &password].into_iter();
            for path in owned.chain(self.secure.iter().map(|identity| identity.key.as_path())) {
                chown(path, Some(user), Some(group))?;
            }
        }
        let mut command = self.command("initdb");
        command.arg("-D").arg(self.path("data")).args(["-U", "fogflow", "-A", "scram-sha-256", "-E", "UTF8", "-N"]);
        output(command.arg("--pwfile").arg(&password)).map(drop)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A program of PostgreSQL, as a user that it agrees to be run by: it refuses root.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.directory.path()).env("LC_ALL", "C.UTF-8");
        if let Ok(Some((user, group))) = unprivileged() {
            command.uid(user).gid(group);
        }
        command
    }
}

fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("cannot start {}", command.get_program().display()))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "{}: {complaint}", command.get_program().display());
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// Where the programs of the newest version are.
fn programs() -> anyhow::Result<PathBuf> {
    if let Some(found) = newest() {
        return Ok(found);
    }
    for step in [&["update"][..], &["install", "-y", "--no-install-recommends", "postgresql"]] {
        output(Command::new("apt-get").args(step).env("DEBIAN_FRONTEND", "noninteractive"))?;
    }
    newest().context("PostgreSQL is not installed")
}

fn newest() -> Option<PathBuf> {
    let versions = std::fs::read_dir(VERSIONS).ok()?.filter_map(Result::ok);
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let numbered = versions.filter_map(|entry| Some((number(&entry.path())?, entry.path().join("bin"))));
    numbered.filter(|(_, programs)| programs.join("postgres").exists()).max().map(|(_, programs)| programs)
}

/// The user and group `postgres` when this process is root's.
fn unprivileged() -> anyhow::Result<Option<(u32, u32)>> {
    let id = |args: &[&str]| anyhow::Ok(output(Command::new("id").args(args))?.parse::<u32>()?);
    if id(&["-u"])? != 0 {
        return Ok(None);
    }
    Ok(Some((id(&["-u", "postgres"])?, id(&["-g", "postgres"])?)))
}
