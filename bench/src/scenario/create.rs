//! Updates that create entities: counted until discovery has the registration of the last one.

use std::sync::Arc;

use super::bed::{Bed, wait_registered};
use super::{body, update::update_template};
use crate::drive::{Load, closed_gated, runtime};
use crate::http::post;
use crate::options::Options;
use crate::outcome::{Clock, Watch};
use crate::report::{Report, milliseconds};

/// Each connection numbers its entities from here on, times its own number.
const APART: u64 = 100_000_000;

pub(super) fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let bed = Bed::new(options, 1)?;
    bed.create_entities(1)?;
    let load = Load {
        target: bed.broker(),
        template: update_template(bed.broker()),
        entity: Arc::new(|connection, nth| (connection + 1) * APART + nth),
        connections: u64::from(options.connections),
        warm_up: options.warm_up(),
        duration: options.duration(),
        pids: &bed.pids,
    };
    let mut watch = None;
    let begin = || watch = Some(Watch::start(&bed.pids));
    let outcome = runtime()?.block_on(closed_gated(&load, Clock::start(), None, begin))?;
    let answered = outcome.elapsed;
    if let Some(discovery) = &bed.discovery {
        post(bed.broker(), "/ngsi10/updateContext", &body::update(&[body::element("Bench.Last")]))?;
        wait_registered(discovery, "Bench.Last")?;
    }
    let outcome = watch.map_or(outcome.clone(), |watch| watch.stop(outcome.latencies));
    let lag = outcome.elapsed.saturating_sub(answered);
    report.load("create with registration", outcome, None, "≤ 60 µs");
    report.figure("registrations complete after the last answer", milliseconds(lag), "");
    Ok(())
}
