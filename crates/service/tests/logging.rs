//! A log that cannot be written.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs::File;
use std::process::{Command, Stdio};

use service::Config;

const FULL: &str = "LOGGING_TEST_FULL";

/// The process whose log is full: this test program itself, started again with one test. Nothing when run by
/// itself.
#[test]
fn child() {
    if std::env::var_os(FULL).is_none() {
        return;
    }
    let config = Config::parse(r#"{"site_id":"full"}"#, |_| None).unwrap();
    service::logging::init(&config.logging).unwrap();
    tracing::error!("nobody can read this");
}

#[test]
fn a_full_log_ends_nothing() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child", "--exact", "--nocapture"]).env(FULL, "").stdout(Stdio::null());
    let full = File::options().write(true).open("/dev/full").unwrap();
    assert!(command.stderr(full).status().unwrap().success());
}
