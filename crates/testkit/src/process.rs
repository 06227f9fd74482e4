//! Child processes that never outlive the test.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context;
use tokio::time::{Instant, sleep};

/// A child and all that it starts, in a process group of its own.
#[derive(Debug)]
pub struct ProcessGroup {
    child: Child,
    reaper: Child,
    farewell: Farewell,
}

/// How a group is ended when its owner is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Farewell {
    /// At once.
    Kill,
    /// With SIGTERM and some seconds to end what it started outside of the group.
    Terminate,
}

impl Farewell {
    fn script(self) -> &'static str {
        match self {
            Self::Kill => r#"read -r _; kill -s KILL -- -$0; [ "$1" ] && rm -rf -- "$1""#,
            Self::Terminate => {
                r#"read -r _; kill -s TERM -- $0; sleep 10; kill -s KILL -- -$0; [ "$1" ] && rm -rf -- "$1""#
            }
        }
    }
}

/// How long a group has after SIGTERM when its owner is dropped.
const GRACE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

impl ProcessGroup {
    /// Starts the command in a group of its own.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn spawn(command: &mut Command, farewell: Farewell) -> anyhow::Result<Self> {
        Self::spawn_in(command, farewell, None)
    }

    /// As [`ProcessGroup::spawn`]; the directory is removed when this process ends without dropping the group.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn spawn_in(command: &mut Command, farewell: Farewell, directory: Option<&Path>) -> anyhow::Result<Self> {
        let program = command.get_program().to_owned();
        let mut child = command
            .process_group(0)
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        match reaper(child.id(), farewell, directory) {
            Ok(reaper) => Ok(Self { child, reaper, farewell }),
            Err(error) => {
                child.kill().and_then(|()| child.wait())?;
                Err(error).context("cannot start sh")
            }
        }
    }

    /// The child's id, which is also the group's.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether the child has not ended.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends a signal, such as `TERM` or `STOP`, to the whole group.
    ///
    /// # Errors
    /// When the group is gone.
    pub fn signal(&self, name: &str) -> anyhow::Result<()> {
        signal(name, &format!("-{}", self.child.id()))
    }

    /// Ends the group at once, as a power cut would.
    pub fn kill(&mut self) {
        if self.is_running() {
            // An error means that it ended by itself just now.
            let _ = self.signal("KILL");
            let _ = self.child.wait();
        }
    }

    /// Sends SIGTERM to the child and waits for its end.
    ///
    /// # Errors
    /// When it has not ended by the deadline.
    pub async fn terminate(&mut self, deadline: Duration) -> anyhow::Result<ExitStatus> {
        if self.is_running() {
            signal("TERM", &self.child.id().to_string())?;
        }
        self.wait(deadline).await
    }

    /// Waits for the child's end.
    ///
    /// # Errors
    /// When it has not ended by the deadline.
    pub async fn wait(&mut self, deadline: Duration) -> anyhow::Result<ExitStatus> {
        let end = Instant::now() + deadline;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            anyhow::ensure!(Instant::now() < end, "process {} has not ended within {deadline:?}", self.child.id());
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Resident memory of the child, in KiB.
    ///
    /// # Errors
    /// When the child is gone.
    pub fn resident_kib(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }

    fn end_kindly(&mut self) {
        if !self.is_running() || signal("TERM", &self.child.id().to_string()).is_err() {
            return;
        }
        let end = std::time::Instant::now() + GRACE;
        while self.is_running() && std::time::Instant::now() < end {
            std::thread::sleep(LOOK_AGAIN);
        }
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        if self.farewell == Farewell::Terminate {
            self.end_kindly();
        }
        self.kill();
        // Our own child, so its id cannot have passed to another process.
        let _ = self.reaper.kill();
        let _ = self.reaper.wait();
    }
}

fn signal(name: &str, target: &str) -> anyhow::Result<()> {
    let done = Command::new("kill").args(["-s", name, "--", target]).stderr(Stdio::null()).status()?;
    anyhow::ensure!(done.success(), "cannot send {name} to {target}");
    Ok(())
}

/// Waits for the end of this process, whose end of the pipe then closes.
fn reaper(group: u32, farewell: Farewell, directory: Option<&Path>) -> io::Result<Child> {
    let mut command = Command::new("sh");
    command.args(["-c", farewell.script(), &group.to_string()]).args(directory);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.process_group(0).spawn()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[tokio::test]
    async fn a_group_ends_with_the_process_that_owned_it() {
        let directory = tempfile::tempdir().unwrap().keep();
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 1000 & sleep 1000"]);
        let mut group = ProcessGroup::spawn_in(&mut command, Farewell::Kill, Some(&directory)).unwrap();
        // The end of this process closes the pipe in the same way.
        drop(group.reaper.stdin.take());
        let status = group.wait(crate::DEADLINE).await.unwrap();
        assert!(!status.success());
        crate::wait_until(crate::DEADLINE, "the directory is gone", async || (!directory.exists()).then_some(())).await;
    }
}
