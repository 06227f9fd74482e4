//! Updates of existing entities and GET by id, with the bare axum handler in the same run.

use super::bed::{self, Bed, Run};
use super::body;
use crate::drive::{Load, round_robin};
use crate::http::{Target, Template};
use crate::options::Options;
use crate::outcome::Outcome;
use crate::report::Report;

const ENTITIES: u32 = 1_000;
/// The open loop of a whole run.
const STEADY_RATE: u32 = 5_000;

pub(super) fn update_template(target: &Target) -> Template {
    Template::post(target, "/ngsi10/updateContext", &body::update(&[body::element(&body::entity_id())]))
}

pub(super) fn get_template(target: &Target) -> Template {
    Template::get(target, &format!("/ngsi10/entity/{}", body::entity_id()))
}

pub(super) fn baseline(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let (update, get) = bare(options)?;
    report.load("bare axum: update", update, None, "");
    report.load("bare axum: GET", get, None, "");
    Ok(())
}

/// Throughput of the bare handler: update and GET.
fn bare(options: &Options) -> anyhow::Result<(Outcome, Outcome)> {
    let (process, target) = crate::system::baseline()?;
    let pids = [process.pid()];
    let load = |template: Template| Load {
        target: &target,
        template,
        entity: round_robin(options.count_or(ENTITIES)),
        connections: u64::from(options.connections),
        warm_up: options.warm_up(),
        duration: options.duration(),
        pids: &pids,
    };
    Ok((load(update_template(&target)).run(None)?, load(get_template(&target)).run(None)?))
}

pub(super) fn update_and_get(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let (bare_update, bare_get) = bare(options)?;
    let bed = Bed::new(options, 1)?;
    bed.create_entities(options.count_or(ENTITIES))?;
    let update = run_update(options, &bed, options.rate)?;
    let ratio = update.per_second() / bare_update.per_second();
    let get = run_get(options, &bed, options.rate)?;
    let get_ratio = get.per_second() / bare_get.per_second();
    report.load("bare axum: update", bare_update, None, "");
    report.load("bare axum: GET", bare_get, None, "");
    report.load("update of an existing entity", update, Some(ratio), "≤ 15 µs, ≥ 0.5");
    report.load("GET by id", get, Some(get_ratio), "≤ 9 µs");
    if options.rate.is_none() {
        let steady = run_update(options, &bed, Some(STEADY_RATE))?;
        report.load(format!("update, open loop at {STEADY_RATE}/s"), steady, None, "");
    }
    Ok(())
}

pub(super) fn get(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let bed = Bed::new(options, 1)?;
    bed.create_entities(options.count_or(ENTITIES))?;
    report.load("GET by id", run_get(options, &bed, options.rate)?, None, "≤ 9 µs");
    Ok(())
}

pub(super) fn run_update(options: &Options, bed: &Bed, rate: Option<u32>) -> anyhow::Result<Outcome> {
    let run = Run {
        target: bed.broker(),
        template: update_template(bed.broker()),
        entity: round_robin(options.count_or(ENTITIES)),
        expect: "200",
        rate,
        pids: &bed.pids,
    };
    bed::load(options, &run)
}

pub(super) fn run_get(options: &Options, bed: &Bed, rate: Option<u32>) -> anyhow::Result<Outcome> {
    let run = Run {
        target: bed.broker(),
        template: get_template(bed.broker()),
        entity: round_robin(options.count_or(ENTITIES)),
        expect: "temperature",
        rate,
        pids: &bed.pids,
    };
    bed::load(options, &run)
}
