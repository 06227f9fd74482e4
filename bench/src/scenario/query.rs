//! Queries by id: at the broker that owns the entity, and at another one, which asks discovery and the owner.

use super::bed::{self, Bed, Run};
use super::body;
use crate::drive::round_robin;
use crate::http::Template;
use crate::options::Options;
use crate::report::Report;

const ENTITIES: u32 = 1_000;

pub(super) fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let bed = Bed::new(options, 2)?;
    let count = options.count_or(ENTITIES);
    bed.create_entities(count)?;
    for (broker, name, aim) in bed.brokers.iter().zip(["the owner", "another broker"]).map(|(b, n)| (b, n, "≤ 15 µs"))
    {
        let run = Run {
            target: broker,
            template: Template::post(broker, "/ngsi10/queryContext", &body::query(&body::entity_id())),
            entity: round_robin(count),
            expect: "temperature",
            rate: options.rate,
            pids: &bed.pids,
        };
        let outcome = bed::load(options, &run)?;
        report.load(format!("query by id at {name}"), outcome, None, aim);
    }
    Ok(())
}
