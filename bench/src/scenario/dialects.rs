//! The same update and the same reading in the words of every dialect, and whole batches of NGSI-LD.

use super::bed::{self, Bed, Run};
use super::{body, update};
use crate::drive::round_robin;
use crate::http::{ID, Template, VALUE};
use crate::options::Options;
use crate::outcome::Outcome;
use crate::receiver::MARK;
use crate::report::Report;

const ENTITIES: u32 = 1_000;
/// Entities of one batch.
const BATCH: usize = 1_000;

/// What an attribute is in a dialect: its type as that dialect names it, for a number and for a text.
struct Types {
    number: &'static str,
    text: &'static str,
}

const V2: Types = Types { number: "float", text: "string" };
const LD: Types = Types { number: "Property", text: "Property" };

fn attributes(types: &Types) -> String {
    let Types { number, text } = types;
    format!(
        concat!(
            r#""temperature":{{"type":"{number}","value":21.{value}}},"#,
            r#""sent":{{"type":"{text}","value":"{mark}{value}"}},"#,
            r#""door":{{"type":"{text}","value":"closed"}}"#
        ),
        number = number,
        text = text,
        value = VALUE,
        mark = MARK,
    )
}

pub(super) fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let bed = Bed::new(options, 1)?;
    bed.create_entities(options.count_or(ENTITIES))?;
    let ngsi10 = update::run_update(options, &bed, options.rate)?;
    let cpu = ngsi10.server_us().unwrap_or_default();
    let (v2, ld) =
        (format!("/v2/entities/{}", body::entity_id()), format!("/ngsi-ld/v1/entities/urn:{}", body::entity_id()));
    report.load("NGSI-10 update", ngsi10, None, "");
    let changes = [("NGSIv2 PATCH attrs", &v2, &V2), ("NGSI-LD PATCH attrs", &ld, &LD)];
    for (name, path, types) in changes {
        let body = format!("{{{}}}", attributes(types));
        let outcome =
            drive(options, &bed, Template::new(bed.broker(), "PATCH", &format!("{path}/attrs"), "", &body), "")?;
        let times = outcome.server_us().unwrap_or_default() / cpu;
        report.load(format!("{name}: {times:.2} times the CPU"), outcome, None, "≤ 1.3 times");
    }
    report.load("NGSI-10 GET by id", update::run_get(options, &bed, options.rate)?, None, "≤ 10 µs");
    for (name, path) in [("NGSIv2 GET by id", &v2), ("NGSI-LD GET by id", &ld)] {
        let outcome = drive(options, &bed, Template::get(bed.broker(), path), "temperature")?;
        report.load(name, outcome, None, "≤ 10 µs");
    }
    batches(options, &bed, report)
}

fn drive(options: &Options, bed: &Bed, template: Template, expect: &str) -> anyhow::Result<Outcome> {
    let run = Run {
        target: bed.broker(),
        template,
        entity: round_robin(options.count_or(ENTITIES)),
        expect,
        rate: options.rate,
        pids: &bed.pids,
    };
    bed::load(options, &run)
}

/// Batches of new values for entities that exist, one connection.
fn batches(options: &Options, bed: &Bed, report: &mut Report) -> anyhow::Result<()> {
    let entity =
        |number: usize| format!(r#"{{"id":"urn:Batch:{ID}:{number}","type":"{}",{}}}"#, body::TYPE, attributes(&LD));
    let whole = format!("[{}]", (0..BATCH).map(entity).collect::<Vec<_>>().join(","));
    let template = Template::post(bed.broker(), "/ngsi-ld/v1/entityOperations/upsert", &whole);
    let one = Options { connections: 1, count: Some(1), ..options.clone() };
    let outcome = drive(&one, bed, template, "")?;
    let each = outcome.server_us().unwrap_or_default() / BATCH as f64;
    let name = format!("NGSI-LD batch upsert of {BATCH}: {each:.2} µs CPU an entity");
    report.load(name, outcome, None, "≥ 100 000 entities/s");
    Ok(())
}
