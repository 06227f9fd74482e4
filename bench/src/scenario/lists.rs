//! Lists of NGSIv2 by type and value, and by place, at one broker that is alone.

use std::sync::Arc;

use super::bed::{self, Bed, Run};
use super::nearby::draw;
use crate::http::{ID, Template, post};
use crate::options::Options;
use crate::report::Report;
use crate::system::{Site, System};

/// Of a run of everything; the aim of places speaks of a million.
const ENTITIES: u32 = 100_000;
/// In one request: bodies are limited.
const BATCH: u64 = 1_000;
/// Requests a second.
const STEADY_RATE: u32 = 100;

pub(super) fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let count = options.count_or(ENTITIES);
    let (bed, _system) = lone_broker(options)?;
    let before = resident(&bed)?;
    for first in (0..count).step_by(usize::try_from(BATCH)?) {
        let elements: Vec<String> = (first..count.min(first + BATCH)).map(element).collect();
        post(bed.broker(), "/ngsi10/updateContext", &super::body::update(&elements))?;
    }
    let around = format!("georel=near%3BmaxDistance:2000&geometry=point&coords=35.{ID},139.5");
    let lists = [
        ("type and q, half of them match", "q=temperature%3E0.5", "≤ 5 ms of 100 000"),
        ("type and q, one in a hundred matches", "q=temperature%3E0.99", "≤ 5 ms of 100 000"),
        ("type and q, one in a thousand matches", "q=temperature%3E0.999", "≤ 5 ms of 100 000"),
        ("within 2 km of a point", around.as_str(), "≤ 5 ms of 1 M"),
    ];
    for (name, expression, aim) in lists {
        let path = format!("/v2/entities?type=BenchRoom&{expression}&limit=100");
        let run = Run {
            target: bed.broker(),
            template: Template::get(bed.broker(), &path),
            entity: Arc::new(|connection, nth| draw((connection << 32) + nth)),
            expect: "[",
            rate: Some(options.rate.unwrap_or(STEADY_RATE)),
            pids: &bed.pids,
        };
        let outcome = bed::load(options, &run)?;
        report.load(format!("page of 100 of {count} entities: {name}"), outcome, None, aim);
    }
    let each = resident(&bed)?.saturating_sub(before) * 1024 / count;
    report.figure(format!("resident memory for each of {count} entities"), format!("{each} B"), "");
    Ok(())
}

fn lone_broker(options: &Options) -> anyhow::Result<(Bed, Option<System>)> {
    if options.url.is_some() {
        return Ok((Bed::new(options, 0)?, None));
    }
    let mut system = System::new(options)?;
    let site = Site::new("bench-1")?;
    let pid = system.start("broker", &site)?;
    Ok((Bed::lone(&site, pid), Some(system)))
}

/// In KiB, of all services.
fn resident(bed: &Bed) -> anyhow::Result<u64> {
    bed.pids.iter().map(|pid| Ok(crate::cpu::resident(*pid)?.own)).sum()
}

/// Somewhere in one square degree, with a temperature from 0 to 1.
fn element(number: u64) -> String {
    let (latitude, longitude, temperature) = (draw(number * 3), draw(number * 3 + 1), draw(number * 3 + 2));
    format!(
        concat!(
            r#"{{"entityId":{{"id":"Bench.Room.{number}","type":"BenchRoom","isPattern":false}},"attributes":["#,
            r#"{{"name":"temperature","type":"float","value":0.{temperature:016}}},"#,
            r#"{{"name":"door","type":"string","value":"closed"}}],"#,
            r#""domainMetadata":[{{"name":"location","type":"point","#,
            r#""value":{{"latitude":35.{latitude:016},"longitude":139.{longitude:016}}}}}]}}"#
        ),
        number = number,
        latitude = latitude,
        longitude = longitude,
        temperature = temperature,
    )
}
