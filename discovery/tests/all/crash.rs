//! Discovery killed with SIGKILL in the middle of registrations.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::common::{Discovery, registration};
use service::http::Client;

const DIRECTORY: &str = "DISCOVERY_UNDER_TEST";

/// Not a test of its own: what the killed process runs.
#[tokio::test]
async fn process_to_be_killed() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let directory = Path::new(&directory);
    let discovery = Discovery::start_at(directory).await;
    std::fs::write(directory.join("url.tmp"), &discovery.url).unwrap();
    std::fs::rename(directory.join("url.tmp"), directory.join("url")).unwrap();
    std::future::pending::<()>().await;
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

async fn spawn(directory: &Path) -> (Killed, String) {
    let program = std::env::current_exe().unwrap();
    let child =
        Command::new(program).args(["--exact", "crash::process_to_be_killed"]).env(DIRECTORY, directory).spawn();
    let child = Killed(child.unwrap());
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        if let Ok(url) = std::fs::read_to_string(directory.join("url")) {
            return (child, url);
        }
        assert!(tokio::time::Instant::now() < deadline, "the process did not start");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Registers until the process is gone; the identifiers that were acknowledged.
async fn register_until_killed(client: Client, url: String, lane: usize, count: Arc<AtomicUsize>) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for n in 0.. {
        let id = format!("Car{lane}.{n}");
        let body = registration(&id, "Car", "http://10.0.0.1:8070/ngsi10");
        match client.post_json(&format!("{url}/ngsi9/registerContext"), &[], &body).await {
            Ok(answer) if answer.status() == 200 => acknowledged.push(id),
            _ => break,
        }
        count.fetch_add(1, Ordering::SeqCst);
    }
    acknowledged
}

#[tokio::test]
async fn acknowledged_registrations_survive_being_killed() {
    let directory = tempfile::tempdir().unwrap();
    let (process, url) = spawn(directory.path()).await;
    let client = Client::new(None);
    let count = Arc::new(AtomicUsize::new(0));
    let lane = |lane| tokio::spawn(register_until_killed(client.clone(), url.clone(), lane, count.clone()));
    let lanes: Vec<_> = (0..4).map(lane).collect();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while count.load(Ordering::SeqCst) < 100 {
        assert!(tokio::time::Instant::now() < deadline, "registering is too slow");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drop(process);
    let recovered = Discovery::start_at(directory.path()).await;
    for lane in lanes {
        for id in lane.await.unwrap() {
            assert_eq!(recovered.get(&format!("/ngsi9/registration/{id}")).await["ID"], id);
        }
    }
}
