//! The FogFlow program: one binary for every service of a system, and `fogflow up` for all of them at once.

mod broker;
mod bus;
mod check;
mod demo;
mod designer;
mod discovery;
mod edge;
mod identity;
mod master;
mod probe;
mod process;
mod simulate;
mod up;
mod worker;

use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};

/// Without huge pages: with them an idle process held 16 MiB where it uses 4.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// FogFlow: puts data-processing tasks where the data is.
#[derive(Parser)]
#[command(name = "fogflow", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run every service in this process, with nothing else needed
    Up(up::Args),
    /// Run a context broker
    Broker(process::ServiceArgs),
    /// Run discovery
    Discovery(process::ServiceArgs),
    /// Run a master
    Master(process::ServiceArgs),
    /// Run a worker
    Worker(process::ServiceArgs),
    /// Run the broker and the worker of an edge node in one process
    Edge(process::ServiceArgs),
    /// Run the designer
    Designer(process::ServiceArgs),
    /// Show the anomaly detection case from end to end, with nothing else needed
    Demo(demo::Args),
    /// Let many devices report to a broker
    Simulate(simulate::Arguments),
    /// Check a running system from end to end: an operator, a task instance and its result
    Check(check::Args),
    /// Succeed when a URL answers 2xx within 3 s: a container's health check
    Probe(probe::Args),
}

fn main() -> ExitCode {
    let begun = Instant::now();
    let outcome = match Cli::parse().command {
        Command::Up(args) => up::run(&args, begun),
        Command::Broker(args) => process::run_service(&args, "broker", begun, broker::start),
        Command::Discovery(args) => process::run_service(&args, "discovery", begun, discovery::start),
        Command::Master(args) => process::run_service(&args, "master", begun, master::start),
        Command::Worker(args) => process::run_service(&args, "worker", begun, worker::start),
        Command::Edge(args) => edge::run(&args, begun),
        Command::Designer(args) => process::run_service(&args, "designer", begun, designer::start),
        Command::Demo(args) => demo::run(&args),
        Command::Simulate(args) => process::runtime().and_then(|runtime| runtime.block_on(simulate::run(args))),
        Command::Check(args) => process::runtime().and_then(|runtime| runtime.block_on(check::run(&args))),
        Command::Probe(args) => probe::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            process::print_causes(&error);
            ExitCode::FAILURE
        }
    }
}
