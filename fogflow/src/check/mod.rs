//! `fogflow check`: whether a system works, seen from where its users are.
//!
//! Everything goes through one address, as a browser and a sensor would: the designer's page, an operator, a fog function, an
//! entity's updates, the task instance that comes of them, and its result. Whatever was made is removed again, also after a
//! failure or a signal. Made for `helm test` and for people after an install: each step is a line, and a failure says what was
//! seen last and where to look next.

mod case;
mod cleanup;
mod failure;
mod site;
mod steps;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use self::case::{Case, Image};
use self::site::Site;
use self::steps::Steps;
use crate::simulate::Lasting;

/// The arguments of `fogflow check`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where users reach the system: nginx, or the designer itself
    #[arg(long, value_name = "URL")]
    url: String,
    /// The image of an operator that passes entities on, such as fogflow/dummy; without one, a function is used
    #[arg(long, value_name = "IMAGE")]
    operator_image: Option<Image>,
    /// How long all of it may take: 30s, 5min
    #[arg(long, value_name = "TIME", default_value = "120s")]
    timeout: Lasting,
    /// Leave what was made, to look at it
    #[arg(long)]
    keep: bool,
    /// The PEM file of the authorities to trust for an https URL [default: the system's]. A certificate that signed itself
    /// will do, unless it says that it is an authority (CA:TRUE)
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// Checks, removes what the check made, and fails when either failed.
pub(crate) async fn run(args: &Args) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    service::shutdown::on_signal(stop.clone()).context("cannot listen for signals")?;
    let site = Site::new(&args.url, args.ca.as_deref())?;
    let case = Case::new(args.operator_image.clone());
    let report = Report(Instant::now());
    let mut steps = Steps::new(&site, &case, &report, args.timeout.0);
    let outcome = stop.run_until_cancelled(steps.all()).await;
    let made = steps.made();
    let removed = if args.keep {
        report.line(&format!("left in place: fog function and operator `{}`, entity `{}`", case.name, case.entity));
        Ok(())
    } else {
        cleanup::run(&site, &case, made, &report).await
    };
    match outcome {
        None => anyhow::bail!("stopped by a signal before the check was over"),
        Some(Err(failure)) => Err(failure.with_services(&site).await),
        Some(Ok(())) => removed.map(|()| report.line("the system works")),
    }
}

/// Says what happens, with the time since the start.
pub(crate) struct Report(Instant);

impl Report {
    fn line(&self, text: &str) {
        println!("{:>6.1} s  {text}", self.elapsed().as_secs_f64());
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
