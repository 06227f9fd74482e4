//! The same loads on a server that runs already and on services of ours, with the ratio of their throughputs.

use anyhow::bail;

use super::bed::Bed;
use super::update::{run_get, run_update};
use crate::options::Options;
use crate::report::Report;

const ENTITIES: u32 = 1_000;

pub(super) fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    if options.url.is_none() {
        bail!("name the other server with --url");
    }
    let other = Bed::new(options, 1)?;
    let ours = Bed::new(&Options { url: None, ..options.clone() }, 1)?;
    for bed in [&other, &ours] {
        bed.create_entities(options.count_or(ENTITIES))?;
    }
    for (name, load) in [("update", run_update as fn(&Options, &Bed, Option<u32>) -> _), ("GET by id", run_get)] {
        let theirs = load(options, &other, None)?;
        let mine = load(options, &ours, None)?;
        let ratio = mine.per_second() / theirs.per_second();
        report.load(format!("{name}: the other server"), theirs, None, "");
        report.load(format!("{name}: ours"), mine, None, "");
        report.figure(format!("{name}: ours divided by the other"), format!("{ratio:.2}"), "");
    }
    Ok(())
}
