//! Look-ups of the ten nearest registrations, at discovery.

use std::sync::Arc;
use std::time::Instant;

use crate::http::{ID, Target, Template, post};
use crate::options::Options;
use crate::outcome::Outcome;
use crate::report::Report;
use crate::system::{Site, System};

use super::bed::Bed;

/// Of a run of everything; the aim speaks of a million.
const REGISTRATIONS: u32 = 100_000;
/// In one request: bodies are limited.
const BATCH: u64 = 2_000;
/// Digits behind the point that are drawn at random.
const DRAWN: u64 = 10_000_000_000_000_000;

pub(super) fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let count = options.count_or(REGISTRATIONS);
    let (discovery, pids, _system) = discovery(options)?;
    let started = Instant::now();
    register(&discovery, count)?;
    let rate = count as f64 / started.elapsed().as_secs_f64();
    let outcome = look_up(options, &discovery, &pids)?;
    report.load(format!("10 nearest of {count} registrations"), outcome, None, "≥ 10 000/s of 1 M");
    report.figure(format!("registrations of {count} in batches of {BATCH}"), format!("{rate:.0}/s"), "");
    for pid in pids {
        let mib = crate::cpu::resident(pid)?.whole / 1024;
        report.figure(format!("resident memory of discovery with {count} registrations"), format!("{mib} MiB"), "");
    }
    if options.url.is_none() {
        super::registry::run(count, options.duration(), report)?;
    }
    Ok(())
}

fn discovery(options: &Options) -> anyhow::Result<(Target, Vec<u32>, Option<System>)> {
    if options.url.is_some() {
        let bed = Bed::new(options, 0)?;
        return Ok((bed.discovery()?.clone(), bed.pids, None));
    }
    let mut system = System::new(options)?;
    let site = Site::new("bench-1")?;
    let pid = system.start("discovery", &site)?;
    Ok((Target::local(site.discovery), vec![pid], Some(system)))
}

fn register(discovery: &Target, count: u64) -> anyhow::Result<()> {
    for first in (0..count).step_by(usize::try_from(BATCH)?) {
        let registrations: Vec<String> = (first..count.min(first + BATCH)).map(registration).collect();
        let body = format!(r#"{{"contextRegistrations":[{}],"duration":"PT24H"}}"#, registrations.join(","));
        post(discovery, "/ngsi9/registerContext", &body)?;
    }
    Ok(())
}

/// Somewhere in one square degree.
pub(super) fn registration(number: u64) -> String {
    let (latitude, longitude) = (draw(number * 2), draw(number * 2 + 1));
    format!(
        concat!(
            r#"{{"entities":[{{"id":"Bench.Sensor.{number}","type":"BenchSensor","isPattern":false}}],"#,
            r#""attributes":[{{"name":"temperature","type":"float","isDomain":false}}],"#,
            r#""contextMetadata":[{{"name":"location","type":"point","#,
            r#""value":{{"latitude":35.{latitude:016},"longitude":139.{longitude:016}}}}}],"#,
            r#""providingApplication":"http://127.0.0.1:9"}}"#
        ),
        number = number,
        latitude = latitude,
        longitude = longitude,
    )
}

/// SplitMix64, cut to as many digits.
pub(super) fn draw(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % DRAWN
}

fn look_up(options: &Options, discovery: &Target, pids: &[u32]) -> anyhow::Result<Outcome> {
    let run = super::bed::Run {
        target: discovery,
        template: Template::post(discovery, "/ngsi9/discoverContextAvailability", &look_up_body(ID)),
        entity: Arc::new(|connection, nth| draw((connection << 32) + nth)),
        expect: "Bench.Sensor.",
        rate: options.rate,
        pids,
    };
    super::bed::load(options, &run)
}

/// The ten nearest to a place given by the digits behind the points.
pub(super) fn look_up_body(at: &str) -> String {
    format!(
        concat!(
            r#"{{"entities":[{{"id":"","type":"BenchSensor","isPattern":true}}],"attributes":[],"#,
            r#""restriction":{{"scopes":[{{"scopeType":"nearby","#,
            r#""scopeValue":{{"latitude":35.{at},"longitude":139.{at},"limit":10}}}}]}}}}"#
        ),
        at = at,
    )
}
