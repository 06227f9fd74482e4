//! What can be measured, a file each.

mod bed;
pub(crate) mod body;
mod compare;
mod create;
mod dialects;
mod fog_function;
mod footprint;
mod lists;
mod nearby;
mod notify;
mod output;
mod query;
mod registry;
mod task;
mod update;

use crate::options::{Options, Scenario};
use crate::report::Report;

/// Runs a scenario, or several, and reports.
pub(crate) fn run(options: &Options) -> anyhow::Result<Report> {
    let mut report = Report::default();
    match options.scenario {
        Scenario::All => {
            all(options, &mut report, HTTP);
            all(options, &mut report, WHOLE);
        }
        Scenario::Http => all(options, &mut report, HTTP),
        other => one(options, other, &mut report)?,
    }
    Ok(report)
}

const HTTP: &[Scenario] =
    &[Scenario::Update, Scenario::Create, Scenario::Query, Scenario::Lists, Scenario::Nearby, Scenario::Notify];
const WHOLE: &[Scenario] = &[Scenario::Footprint, Scenario::Task, Scenario::Function];

/// A scenario that fails is noted, and the others still run.
fn all(options: &Options, report: &mut Report, scenarios: &[Scenario]) {
    for scenario in scenarios {
        if let Err(error) = one(options, *scenario, report) {
            report.note(format!("{scenario:?} failed: {error:#}"));
        }
    }
}

fn one(options: &Options, scenario: Scenario, report: &mut Report) -> anyhow::Result<()> {
    match scenario {
        Scenario::Baseline => update::baseline(options, report),
        Scenario::Update => update::update_and_get(options, report),
        Scenario::Get => update::get(options, report),
        Scenario::Create => create::run(options, report),
        Scenario::Dialects => dialects::run(options, report),
        Scenario::Query => query::run(options, report),
        Scenario::Lists => lists::run(options, report),
        Scenario::Nearby => nearby::run(options, report),
        Scenario::Notify => notify::run(options, report),
        Scenario::Task => task::run(options, report),
        Scenario::Function => output::functions(options, report),
        Scenario::Container => output::containers(options, report),
        Scenario::Footprint => footprint::run(options, report),
        Scenario::Compare => compare::run(options, report),
        Scenario::All | Scenario::Http | Scenario::BaselineServer => {
            anyhow::bail!("{scenario:?} is not a single scenario")
        }
    }
}
