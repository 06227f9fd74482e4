//! The dashboard in the real Chromium, before real services over a real RabbitMQ: `designer/ui/e2e` holds the tests.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::path::Path;
use std::process::Command;

use testkit::RabbitMq;

#[tokio::test]
async fn the_dashboard_works_in_a_real_browser() {
    let rabbitmq = RabbitMq::start().await.unwrap();
    let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("../designer/ui");
    let mut tests = Command::new("npm");
    tests.args(["run", "--silent", "e2e"]).current_dir(ui);
    tests.env("RABBITMQ_PORT", rabbitmq.port().to_string()).env("FOGFLOW_PROGRAM", testkit::program().unwrap());
    let done = tokio::task::spawn_blocking(move || tests.status()).await.unwrap().expect("npm runs");
    assert!(done.success(), "the tests of the dashboard failed; their output is above");
}
