//! What a commit costs: throughput, latency, CPU and memory with as many writers as asked for, and how long a store
//! of a million entries takes to open and scan.
//!
//!     cargo run --release -p storage --example group_commit -- load DIRECTORY SECONDS
//!     cargo run --release -p storage --example group_commit -- open DIRECTORY
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use storage::{Batch, Store, Table};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const VALUE_BYTES: usize = 300;
const ENTRIES: u32 = 1_000_000;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    println!("before open: rss {} KiB", rss_kib());
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["load", dir, seconds] => load(Path::new(dir), Duration::from_secs(seconds.parse().unwrap())).await,
        ["open", dir] => open(Path::new(dir)),
        _ => println!("usage: group_commit load DIRECTORY SECONDS | open DIRECTORY"),
    }
}

async fn load(dir: &Path, duration: Duration) {
    let store = Store::open(dir).unwrap();
    let table = store.table("entities").unwrap();
    println!("idle store: rss {} KiB", rss_kib());
    for writers in [1, 64, 1_000] {
        run(&store, &table, writers, duration).await;
    }
    fill(&store, &table).await;
}

async fn run(store: &Store, table: &Table, writers: u32, duration: Duration) {
    let (started, cpu) = (Instant::now(), cpu());
    let (count, waited) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU64::new(0)));
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let (store, table, count, waited) = (store.clone(), table.clone(), count.clone(), waited.clone());
            tokio::spawn(async move {
                while started.elapsed() < duration {
                    let number = count.fetch_add(1, Relaxed);
                    let submitted = Instant::now();
                    put(&store, &table, number.wrapping_mul(writer + 7)).await;
                    waited.fetch_add(submitted.elapsed().as_nanos() as u64, Relaxed);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let (count, elapsed) = (count.load(Relaxed), started.elapsed());
    println!(
        "{writers} writers: {:.0} commits/s, mean latency {:.0} µs, {:.2} µs CPU per commit, rss {} KiB",
        f64::from(count) / elapsed.as_secs_f64(),
        waited.load(Relaxed) as f64 / 1e3 / f64::from(count),
        (self::cpu() - cpu).as_secs_f64() * 1e6 / f64::from(count),
        rss_kib(),
    );
}

async fn put(store: &Store, table: &Table, number: u32) {
    let mut batch = Batch::new();
    let key = format!("urn:ngsi-ld:Device:{:07}", number % ENTRIES);
    batch.put(table, key, value(number));
    store.submit(batch).await.unwrap();
}

fn value(number: u32) -> Vec<u8> {
    number.to_be_bytes().iter().copied().cycle().take(VALUE_BYTES).collect()
}

async fn fill(store: &Store, table: &Table) {
    let (started, cpu) = (Instant::now(), cpu());
    for chunk in 0..ENTRIES / 1_000 {
        let mut batch = Batch::new();
        for number in chunk * 1_000..(chunk + 1) * 1_000 {
            batch.put(table, format!("urn:ngsi-ld:Device:{number:07}"), value(number));
        }
        store.commit(batch).await.unwrap();
    }
    println!(
        "filled {ENTRIES} entries in {:.1} s, {:.2} µs CPU each, rss {} KiB",
        started.elapsed().as_secs_f64(),
        (self::cpu() - cpu).as_secs_f64() * 1e6 / f64::from(ENTRIES),
        rss_kib()
    );
}

fn open(dir: &Path) {
    let started = Instant::now();
    let store = Store::open(dir).unwrap();
    let table = store.table("entities").unwrap();
    let opened = started.elapsed();
    let rows = table.scan().map(Result::unwrap).count();
    println!("opened in {opened:.1?}, scanned {rows} entries after {:.1?}, rss {} KiB", started.elapsed(), rss_kib());
}

fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

fn rss_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
