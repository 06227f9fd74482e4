//! The dashboard in the real Chromium, before real services over a real RabbitMQ: `designer/ui/e2e` holds the tests.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::path::Path;
use std::process::Command;

use testkit::RabbitMq;

/// Set where this test runs in a network of its own.
const APART: &str = "FOGFLOW_TESTS_APART";

#[tokio::test]
async fn the_dashboard_works_in_a_real_browser() {
    if std::env::var_os(APART).is_none()
        && let Some(mut apart) = network_of_its_own()
    {
        apart.arg(std::env::current_exe().unwrap()).arg("--nocapture").env(APART, "yes");
        assert!(apart.status().unwrap().success(), "the tests of the dashboard failed; their output is above");
        return;
    }
    let rabbitmq = RabbitMq::start().await.unwrap();
    let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("../designer/ui");
    let mut tests = Command::new("npm");
    tests.args(["run", "--silent", "e2e"]).current_dir(ui);
    tests.env("RABBITMQ_PORT", rabbitmq.port().to_string()).env("FOGFLOW_PROGRAM", testkit::program().unwrap());
    let done = tokio::task::spawn_blocking(move || tests.status()).await.unwrap().expect("npm runs");
    assert!(done.success(), "the tests of the dashboard failed; their output is above");
}

/// Begins a command there. Chromium drops its requests, or sends them twice, when an address of the machine comes or goes, as those
/// of containers do. None where the machine lets nobody have one.
fn network_of_its_own() -> Option<Command> {
    let ways: [&[&str]; 2] = [&["--net"], &["--net", "--map-root-user"]];
    ways.into_iter().find_map(|way| {
        let begin = || {
            let mut command = Command::new("unshare");
            command.args(way).args(["sh", "-c", "ip link set lo up && exec \"$@\"", "sh"]);
            command
        };
        begin().arg("true").status().is_ok_and(|status| status.success()).then(begin)
    })
}
