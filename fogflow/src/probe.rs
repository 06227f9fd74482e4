//! `fogflow probe`: whether a URL answers, as the health check of a container that has no other program in it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};
use service::Config;
use service::http::{Client, Tls};

use crate::process::in_one_line;

/// Less than the time health checks are usually given.
const PATIENCE: Duration = Duration::from_secs(3);

/// The arguments of `fogflow probe`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to get, such as http://127.0.0.1:8070/readyz
    url: String,
    /// The configuration file whose certificates an https URL needs
    #[arg(short = 'f', long = "config", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Succeeds when the URL answers 2xx in time.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let tls = match &args.config {
        Some(file) => Tls::from_config(&Config::load(Some(file))?.https)?,
        None => None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("cannot start the runtime")?.block_on(probe(&Client::new(tls.as_ref()), &args.url))
}

async fn probe(client: &Client, url: &str) -> anyhow::Result<()> {
    let answer = tokio::time::timeout(PATIENCE, client.get(url)).await;
    let answer = answer.with_context(|| format!("{url}: no answer within {PATIENCE:?}"))?;
    let status = answer.map_err(|error| anyhow::anyhow!("{url}: {}", in_one_line(&error.kind)))?.status();
    ensure!(status.is_success(), "{url}: answered {status}");
    Ok(())
}
