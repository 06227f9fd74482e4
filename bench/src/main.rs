//! Load generator and benchmarks of FogFlow's services.
//!
//! One binary plays all parts: it starts the services under test from the release binary, on free ports and in temporary
//! directories, drives them over loopback, reads their CPU time from `/proc`, and prints Markdown. Requests are bytes made
//! once and patched; of an answer only status and length are parsed, so that the generator takes little of the cores it
//! shares with the services. `wrk`, `oha` and `k6` were not used: none receives notifications or follows a task instance
//! from update to command, and none reports the server's CPU time per operation.

mod baseline;
mod cpu;
mod drive;
mod http;
mod options;
mod outcome;
mod receiver;
mod report;
mod scenario;
mod system;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let options = options::Options::parse();
    if options.scenario == options::Scenario::BaselineServer {
        return baseline::serve(&options);
    }
    let report = scenario::run(&options)?;
    print!("{report}");
    Ok(())
}
