//! A process that is killed without warning has on disk whatever it acknowledged.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use storage::{Batch, Store};

const DIRECTORY: &str = "STORAGE_KILL_TEST_DIRECTORY";
const ROUND: &str = "STORAGE_KILL_TEST_ROUND";

fn value(key: &str) -> Vec<u8> {
    key.bytes().cycle().take(200).collect()
}

#[test]
fn acknowledged_batches_survive_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = HashSet::new();
    for round in 0..5 {
        acknowledged.extend(write_and_kill(dir.path(), round, 300 << round));
        let store = Store::open(dir.path()).unwrap();
        let table = store.table("t").unwrap();
        for key in &acknowledged {
            assert_eq!(table.get(key).unwrap(), Some(value(key)), "{key} was acknowledged and is lost");
        }
    }
}

/// Starts this test's writer in another process, kills it after some acknowledgements, returns all it printed.
fn write_and_kill(dir: &Path, round: u32, acknowledgements: usize) -> Vec<String> {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writer_process", "--nocapture"])
        .env(DIRECTORY, dir)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut keys: Vec<_> = lines.by_ref().filter(|line| line.starts_with("ack ")).take(acknowledgements).collect();
    process.kill().unwrap();
    keys.extend(lines.filter(|line| line.starts_with("ack ") && line.ends_with('.')));
    process.wait().unwrap();
    assert!(keys.len() >= acknowledgements, "the writer ended by itself");
    keys
}

/// Not a test by itself: what [`write_and_kill`] runs.
#[tokio::test(flavor = "multi_thread")]
async fn writer_process() {
    let (Ok(dir), Ok(round)) = (std::env::var(DIRECTORY), std::env::var(ROUND)) else {
        return;
    };
    let store = Store::open(Path::new(&dir)).unwrap();
    let table = store.table("t").unwrap();
    let writers: Vec<_> = (0..16)
        .map(|writer| {
            let (store, table, round) = (store.clone(), table.clone(), round.clone());
            tokio::spawn(async move {
                for number in 0.. {
                    let key = format!("ack {round}/{writer}/{number}.");
                    let mut batch = Batch::new();
                    batch.put(&table, &key, value(&key));
                    store.commit(batch).await.unwrap();
                    writeln!(std::io::stdout().lock(), "{key}").unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
}
