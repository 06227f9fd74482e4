//! A disk that fills up, on a small file system of the test's own. Needs the right to mount; skipped without.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use storage::{Batch, StorageError, Store, Table};

struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(size: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let options = format!("size={size}");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(dir.path());
        mount.status().is_ok_and(|status| status.success()).then_some(Self(dir))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

fn value(number: u32) -> Vec<u8> {
    // Incompressible enough, and checkable.
    (0..1_000_u32).flat_map(|i| (i ^ number).wrapping_mul(0x9E37_79B9).to_be_bytes()).collect()
}

async fn put(store: &Store, table: &Table, number: u32) -> Result<(), StorageError> {
    let mut batch = Batch::new();
    batch.put(table, number.to_be_bytes(), value(number));
    store.commit(batch).await
}

fn check_all(table: &Table, acknowledged: &[u32]) {
    for number in acknowledged {
        let found = table.get(number.to_be_bytes()).unwrap();
        assert_eq!(found, Some(value(*number)), "{number} was acknowledged and is lost");
    }
}

#[tokio::test]
async fn full_disk_fails_commits_until_there_is_space_and_loses_nothing() {
    let Some(disk) = SmallDisk::mount("24m") else {
        eprintln!("skipped: no right to mount");
        return;
    };
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![1; 8 * 1024 * 1024]).unwrap();
    let dir = disk.path().join("store");
    let store = Store::open(&dir).unwrap();
    let table = store.table("t").unwrap();

    let mut acknowledged = Vec::new();
    let error = loop {
        let number = u32::try_from(acknowledged.len()).unwrap();
        match put(&store, &table, number).await {
            Ok(()) => acknowledged.push(number),
            Err(error) => break error,
        }
        assert!(number < 100_000, "the disk never fills");
    };
    assert!(matches!(&error, StorageError::Write { path, .. } if *path == dir), "{error:?}");
    eprintln!("after {} commits: {error}: {:?}", acknowledged.len(), error.source().map(ToString::to_string));
    put(&store, &table, 1_000_000).await.unwrap_err();

    std::fs::remove_file(&ballast).unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while let Err(error) = put(&store, &table, 2_000_000).await {
        assert!(Instant::now() < deadline, "{error:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    acknowledged.push(2_000_000);
    check_all(&table, &acknowledged);
    store.close();
    let store = Store::open(&dir).unwrap();
    check_all(&store.table("t").unwrap(), &acknowledged);
}
