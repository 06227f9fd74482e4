//! Master, workers and discovery in virtual time, over a network that loses, repeats, delays and reorders messages, with
//! crashes of all of them, keeping their state or not. Once the faults end the running instances become those of the
//! plan, each exactly once, within a bounded time.
//!
//! `FOGFLOW_SIMULATION_SEEDS=100000` runs more seeds, `FOGFLOW_SIMULATION_SEED=7` one of them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod discovery;
mod faults;
mod master;
mod network;
#[path = "../support/mod.rs"]
mod support;
mod worker;
mod world;

use world::World;

/// Seeds that once failed.
const KEPT: [u64; 4] = [104, 119, 1190, 1387];
const SEEDS: u64 = 2_000;

fn run(seed: u64) {
    let outcome = std::panic::catch_unwind(|| World::new(seed).run());
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(problem)) => panic!("seed {seed}: {problem}"),
        Err(_) => panic!("seed {seed} panicked"),
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn kept_seeds_converge() {
    KEPT.into_iter().for_each(run);
}

#[test]
fn running_instances_become_those_of_the_plan() {
    if let Some(seed) = number("FOGFLOW_SIMULATION_SEED") {
        return run(seed);
    }
    let seeds = number("FOGFLOW_SIMULATION_SEEDS").unwrap_or(SEEDS);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for thread in 0..threads as u64 {
            scope.spawn(move || (thread..seeds).step_by(threads).for_each(run));
        }
    });
}
