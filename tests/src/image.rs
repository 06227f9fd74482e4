//! The operators' images, built from this tree.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use testkit::Docker;

/// Builds `fogflow/anomaly:test` and its siblings with the given engine.
///
/// # Errors
/// When the script fails; what it said is quoted.
pub fn build_images(docker: &Docker) -> anyhow::Result<()> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/build-images");
    let mut command = Command::new(script);
    command.args(["--profile", "dev", "--operator-prefix", "fogflow/", "--tag", "test", "operators"]);
    let output = command.env("DOCKER_HOST", docker.host()).output().context("cannot run deploy/build-images")?;
    ensure!(output.status.success(), "deploy/build-images: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
