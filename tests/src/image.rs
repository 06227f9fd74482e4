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
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../operators/build-images");
    let mut command = Command::new(script);
    command.arg("test").env("PROFILE", "dev").env("DOCKER_HOST", docker.host());
    let output = command.output().context("cannot run operators/build-images")?;
    ensure!(output.status.success(), "operators/build-images: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
