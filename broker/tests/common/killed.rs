//! A broker that is killed without warning: the test program itself, started again with one test.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use service::http::Client;
use service::{Config, Node};
use storage::Store;
use testkit::{DEADLINE, wait_until};

const DIRECTORY: &str = "BROKER_TEST_DIRECTORY";
const PORT: &str = "BROKER_TEST_PORT";

/// What that one test does, until it is killed: serves with these settings of a broker. Nothing when it is run by itself.
pub(crate) async fn serve(mut settings: Value) {
    let Ok(port) = std::env::var(PORT) else { return };
    settings["http_port"] = port.parse::<u16>().unwrap().into();
    let config = json!({ "site_id": "killed", "bind_ip": "127.0.0.1", "discovery": { "http_port": super::NOWHERE },
        "broker": settings });
    let node = Node::new(Config::parse(&config.to_string(), |_| None).unwrap(), 1).unwrap();
    let store = Store::open(Path::new(&std::env::var(DIRECTORY).unwrap())).unwrap();
    broker::start(node, store).await.unwrap().drained().await;
}

/// Killed, not asked to stop, when dropped.
pub(crate) struct Broker(Child);

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts it by the path of its test.
pub(crate) async fn start(test: &str, directory: &Path, port: u16) -> Broker {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact"]).env(DIRECTORY, directory).env(PORT, port.to_string());
    let process = Broker(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap());
    let (client, version) = (Client::new(None), format!("http://127.0.0.1:{port}/version"));
    wait_until(DEADLINE, "the broker answers", async || client.get(&version).await.ok().map(drop)).await;
    process
}
