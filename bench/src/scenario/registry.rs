//! The same look-ups in this process, against discovery's core alone, on one thread.

use std::time::{Duration, Instant};

use availability::{Page, Query, Registry, parse_registrations};
use ngsi::json::parse;

use super::nearby::{draw, look_up_body, registration};
use crate::http::{ID, with_id};
use crate::report::Report;

const BATCH: u64 = 1_000;
/// Different places asked about.
const PLACES: u64 = 4_096;

pub(super) fn run(count: u64, duration: Duration, report: &mut Report) -> anyhow::Result<()> {
    let mut registry = Registry::default();
    let registering = register(&mut registry, count)?;
    report.figure(format!("in process: registrations up to {count}"), per_second(count, registering), "");
    let queries = queries()?;
    let (mut asked, started) = (0, Instant::now());
    while started.elapsed() < duration {
        for query in &queries {
            std::hint::black_box(registry.discover(query, Page::default()));
        }
        asked += PLACES;
    }
    let name = format!("in process: 10 nearest of {count} registrations");
    report.figure(name, per_second(asked, started.elapsed()), "≥ 10 000/s of 1 M");
    Ok(())
}

fn per_second(count: u64, time: Duration) -> String {
    format!("{:.0}/s", count as f64 / time.as_secs_f64())
}

/// The time without that of parsing.
fn register(registry: &mut Registry, count: u64) -> anyhow::Result<Duration> {
    let mut time = Duration::ZERO;
    let mut notices = Vec::new();
    for first in (0..count).step_by(usize::try_from(BATCH)?) {
        let registrations: Vec<String> = (first..count.min(first + BATCH)).map(registration).collect();
        let body = format!(r#"{{"contextRegistrations":[{}],"duration":"PT24H"}}"#, registrations.join(","));
        let changes = parse_registrations(parse(body.as_bytes())?)?;
        let started = Instant::now();
        for change in changes {
            std::hint::black_box(registry.register(change, &mut notices));
        }
        time += started.elapsed();
    }
    Ok(time)
}

fn queries() -> anyhow::Result<Vec<Query>> {
    let queries = (0..PLACES).map(|seed| {
        let body = with_id(&look_up_body(ID), draw(seed));
        Ok(Query::compile(&parse(body.as_bytes())?)?)
    });
    queries.collect()
}
