//! Processes of the real program.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Farewell, ProcessGroup};
use crate::wait::wait_until;

const START_DEADLINE: Duration = Duration::from_secs(30);

/// A `fogflow` process with a directory of its own: configuration, data and output.
#[derive(Debug)]
pub struct Fogflow {
    process: Option<ProcessGroup>,
    args: Vec<String>,
    environment: Vec<(String, String)>,
    directory: TempDir,
}

impl Fogflow {
    /// Starts `fogflow <args> -f <config> --data-dir <temporary>` and waits for its lines that say ready.
    ///
    /// # Errors
    /// When the program cannot be built, or ends before it is ready; its output is quoted.
    pub async fn start(args: &[&str], config: &Value) -> anyhow::Result<Self> {
        Self::start_with(args, config, &[]).await
    }

    /// As [`Fogflow::start`], with environment variables.
    ///
    /// # Errors
    /// As [`Fogflow::start`].
    pub async fn start_with(args: &[&str], config: &Value, environment: &[(&str, &str)]) -> anyhow::Result<Self> {
        let mut fogflow = Self::prepare(args, config, environment)?;
        fogflow.resume().await?;
        Ok(fogflow)
    }

    /// A process not started yet: [`Fogflow::resume`] starts it.
    ///
    /// # Errors
    /// When the configuration cannot be written.
    pub fn prepare(args: &[&str], config: &Value, environment: &[(&str, &str)]) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("fogflow-").tempdir()?;
        std::fs::write(directory.path().join("config.json"), config.to_string())?;
        let args = args.iter().map(|&arg| arg.to_owned()).collect();
        let environment = environment.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Self { process: None, args, environment, directory })
    }

    /// Starts the process again with the same configuration and data, and waits until it is ready.
    ///
    /// # Errors
    /// As [`Fogflow::start`].
    pub async fn resume(&mut self) -> anyhow::Result<()> {
        self.begin().await?;
        let (path, directory) = (self.output_file(), self.directory.path());
        let Some(process) = &mut self.process else { return Ok(()) };
        let ready = wait_until(START_DEADLINE, "fogflow is ready", async || {
            let printed = std::fs::read_to_string(&path).unwrap_or_default();
            if is_ready(&printed) { Some(true) } else { (!process.is_running()).then_some(false) }
        });
        anyhow::ensure!(ready.await, "fogflow ended at its start:\n{}", log_of(directory));
        Ok(())
    }

    /// Starts the process without waiting for anything.
    ///
    /// # Errors
    /// When the program cannot be built or started.
    pub async fn begin(&mut self) -> anyhow::Result<()> {
        let program = tokio::task::spawn_blocking(program).await??;
        self.process = None;
        let log = File::options().create(true).append(true).open(self.directory.path().join("log.txt"))?;
        let mut command = Command::new(program);
        command
            .args(&self.args)
            .arg("-f")
            .arg(self.directory.path().join("config.json"))
            .arg("--data-dir")
            .arg(self.data_dir())
            .envs(self.environment.iter().cloned())
            .stdout(File::create(self.output_file())?)
            .stderr(log);
        self.process = Some(ProcessGroup::spawn_in(&mut command, Farewell::Kill, Some(self.directory.path()))?);
        Ok(())
    }

    /// Kills the process with SIGKILL; its data stay.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Sends SIGTERM and waits for the end.
    ///
    /// # Errors
    /// When it is not running or does not end by the deadline.
    pub async fn terminate(&mut self, deadline: Duration) -> anyhow::Result<ExitStatus> {
        let status = self.process()?.terminate(deadline).await?;
        self.process = None;
        Ok(status)
    }

    /// The running process.
    ///
    /// # Errors
    /// When it was killed, terminated or not started.
    pub fn process(&mut self) -> anyhow::Result<&mut ProcessGroup> {
        self.process.as_mut().context("fogflow is not running")
    }

    /// The URL that the service printed when it was ready.
    #[must_use]
    pub fn url(&self, service: &str) -> Option<String> {
        let printed = self.output();
        let mut lines = printed.lines().map(str::split_whitespace);
        lines.find_map(|mut words| (words.next() == Some(service)).then(|| words.next().map(str::to_owned))?)
    }

    /// What the latest start printed.
    #[must_use]
    pub fn output(&self) -> String {
        std::fs::read_to_string(self.output_file()).unwrap_or_default()
    }

    /// The log of all starts.
    #[must_use]
    pub fn log(&self) -> String {
        log_of(self.directory.path())
    }

    /// Where its state is.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Its configuration file, for a start with changes.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.directory.path().join("config.json")
    }

    fn output_file(&self) -> PathBuf {
        self.directory.path().join("output.txt")
    }
}

/// One service prints one line; several end with a summary.
fn is_ready(printed: &str) -> bool {
    let ready = printed.lines().filter(|line| line.ends_with("ready")).count();
    ready == 1 || printed.contains("all ready in")
}

fn log_of(directory: &Path) -> String {
    std::fs::read_to_string(directory.join("log.txt")).unwrap_or_default()
}

/// The program beside the running test, built when it is missing or old; `FOGFLOW_PROGRAM` names another one.
///
/// # Errors
/// When it cannot be built.
pub fn program() -> anyhow::Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| build().map_err(|error| format!("{error:#}")));
    built.clone().map_err(anyhow::Error::msg)
}

fn build() -> anyhow::Result<PathBuf> {
    // cargo sets the second for the program's own tests.
    let given = ["FOGFLOW_PROGRAM", "CARGO_BIN_EXE_fogflow"].into_iter().find_map(std::env::var_os);
    if let Some(program) = given {
        return Ok(program.into());
    }
    // <target>/<profile>/deps/<test>
    let test = std::env::current_exe()?;
    let profile_dir = test.parent().and_then(Path::parent).context("a test outside of a target directory")?;
    let target_dir = profile_dir.parent().context("a test outside of a target directory")?;
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["build", "--quiet", "--package", "fogflow", "--target-dir"]).arg(target_dir);
    if profile_dir.ends_with("release") {
        command.arg("--release");
    }
    let done = command.current_dir(env!("CARGO_MANIFEST_DIR")).status().context("cannot run cargo")?;
    anyhow::ensure!(done.success(), "cargo build --package fogflow failed");
    Ok(profile_dir.join("fogflow"))
}
