//! The demo as the README's first command runs it, and the simulator beside it.
#![allow(clippy::unwrap_used)]

use std::fs::File;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use testkit::wait_until;

/// A busy machine with an unoptimised binary still makes this.
const PATIENCE: Duration = Duration::from_secs(120);

struct Program {
    child: Child,
    folder: tempfile::TempDir,
}

impl Program {
    fn start(args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let output = File::create(folder.path().join("output")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_fogflow"));
        command.args(args).stdout(output.try_clone().unwrap()).stderr(output).stdin(Stdio::null());
        Self { child: command.env("TMPDIR", folder.path()).spawn().unwrap(), folder }
    }

    fn output(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("output")).unwrap()
    }

    async fn says(&self, text: &str) {
        let said = async || self.output().contains(text).then_some(());
        wait_until(PATIENCE, &format!("the demo says `{text}`"), said).await;
    }

    async fn ended(&mut self) -> ExitStatus {
        wait_until(PATIENCE, "the program ends", async || self.child.try_wait().unwrap()).await
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn the_demo_finds_anomalies_counts_them_and_leaves_nothing_behind() {
    let mut demo = Program::start(&["demo", "--plain", "--rate", "5/s"]);
    demo.says("/index.html").await;
    demo.says("anomaly: PowerPanel.").await;
    demo.says("  counter ").await;
    demo.says("13 instances (north ").await;
    let killed = Command::new("kill").args(["-TERM", &demo.child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(demo.ended().await.code(), Some(0), "{}", demo.output());
    let left: Vec<_> = std::fs::read_dir(demo.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["output"]);
}

#[tokio::test]
async fn a_demo_takes_other_ports_unless_a_configuration_names_them() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (config, data) = (folder.path().join("config.json"), folder.path().join("data"));
    let port = taken.local_addr().unwrap().port();
    let text = format!(r#"{{"site_id":"a","bind_ip":"127.0.0.1","discovery":{{"http_port":{port}}}}}"#);
    std::fs::write(&config, text).unwrap();
    let arguments = ["demo", "--plain", "-f", config.to_str().unwrap(), "--data-dir", data.to_str().unwrap()];
    let mut demo = Program::start(&arguments);
    assert_eq!(demo.ended().await.code(), Some(1), "{}", demo.output());
    assert!(demo.output().contains("`discovery.http_port`: cannot listen on"), "{}", demo.output());
}

#[tokio::test]
async fn a_simulation_without_a_broker_fails_and_says_why() {
    let mut devices = Program::start(&["simulate", "--broker", "http://127.0.0.1:1", "--duration", "1s"]);
    assert_eq!(devices.ended().await.code(), Some(1));
    assert!(devices.output().contains("no update was accepted"), "{}", devices.output());
}
