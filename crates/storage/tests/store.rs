//! Behaviour of an open store: what is committed is read back, in order, also after reopening.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::path::Path;
use storage::{Batch, StorageError, Store, Table};

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

fn rows(table: &Table) -> Rows {
    table.scan().map(Result::unwrap).collect()
}

fn put(table: &Table, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Batch {
    let mut batch = Batch::new();
    batch.put(table, key, value);
    batch
}

#[tokio::test]
async fn committed_batch_is_read_back_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let (first, second) = (store.table("a").unwrap(), store.table("b").unwrap());
    let mut batch = Batch::new();
    batch.put(&first, "k", "1");
    batch.put(&second, "k", "2");
    batch.put(&second, "gone", "3");
    batch.delete(&second, "gone");
    store.commit(batch).await.unwrap();
    assert_eq!(first.get("k").unwrap().unwrap(), b"1");
    store.close();

    let store = Store::open(dir.path()).unwrap();
    let second = store.table("b").unwrap();
    assert_eq!(rows(&second), Rows::from([(b"k".into(), b"2".into())]));
    assert_eq!(second.get("gone").unwrap(), None);
}

#[tokio::test]
async fn submitted_batches_are_applied_in_call_order() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let table = store.table("a").unwrap();
    let mut last = None;
    for value in 0..5_000_u32 {
        last = Some(store.submit(put(&table, "k", value.to_be_bytes())));
    }
    last.unwrap().await.unwrap();
    assert_eq!(table.get("k").unwrap().unwrap(), 4_999_u32.to_be_bytes());
}

#[tokio::test]
async fn dropped_commit_is_still_written() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let table = store.table("a").unwrap();
    drop(store.submit(put(&table, "k", "1")));
    store.close();
    let store = Store::open(dir.path()).unwrap();
    assert!(store.table("a").unwrap().get("k").unwrap().is_some());
}

#[tokio::test]
async fn batches_larger_than_the_queue_pass_through() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let table = store.table("a").unwrap();
    let writers: Vec<_> = (0..24_u8)
        .map(|key| {
            let (store, batch) = (store.clone(), put(&table, [key], vec![key; 2_000_000]));
            tokio::spawn(async move { store.commit(batch).await })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    assert_eq!(table.scan().count(), 24);
}

#[tokio::test]
async fn closed_store_refuses_and_releases_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let table = store.table("a").unwrap();
    store.clone().close();
    let refused = store.commit(put(&table, "k", "1")).await;
    assert!(matches!(refused, Err(StorageError::Closed)));
    assert!(matches!(table.get("k"), Err(StorageError::Closed)));
    assert!(matches!(store.table("b"), Err(StorageError::Closed)));
    Store::open(dir.path()).unwrap();
}

#[tokio::test]
async fn key_without_a_permitted_length_fails_only_its_batch() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let table = store.table("a").unwrap();
    for key in [vec![], vec![0; 65_534]] {
        let refused = store.commit(put(&table, key, "1")).await;
        assert!(matches!(refused, Err(StorageError::Key { .. })));
    }
    store.commit(put(&table, vec![0; 65_533], "1")).await.unwrap();
}

#[test]
fn second_opener_learns_that_the_directory_is_locked() {
    let dir = tempfile::tempdir().unwrap();
    let _store = Store::open(dir.path()).unwrap();
    let error = Store::open(dir.path()).err().unwrap();
    assert!(matches!(&error, StorageError::Locked { path } if path == dir.path()));
    assert!(error.to_string().contains(&*dir.path().to_string_lossy()));
}

#[test]
fn unusable_directory_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "not a directory").unwrap();
    check_refused(&file);
    check_refused(&file.join("below"));
}

#[test]
fn damaged_directory_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.table("a").unwrap();
    store.close();
    std::fs::write(dir.path().join("version"), "damaged").unwrap();
    check_refused(dir.path());
}

fn check_refused(path: &Path) {
    match Store::open(path).map(|_| ()) {
        Err(error @ StorageError::Open { .. }) => {
            assert!(error.to_string().contains(&*path.to_string_lossy()));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn table_name_is_checked() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for name in ["", &"n".repeat(256)] {
        let refused = store.table(name).unwrap_err();
        assert!(matches!(refused, StorageError::TableName { .. }));
    }
}

#[tokio::test]
async fn parts_of_a_table_are_read_from_either_end() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let (table, next) = (store.table("a").unwrap(), store.table("b").unwrap());
    let mut batch = Batch::new();
    for key in ["a1", "a2", "b1", "b2", "c1"] {
        batch.put(&table, key, "");
    }
    batch.put(&next, "b3", "");
    store.commit(batch).await.unwrap();
    let keys = |rows: &mut dyn Iterator<Item = Result<(Vec<u8>, Vec<u8>), StorageError>>| {
        let keys: Vec<_> = rows.map(|row| String::from_utf8(row.unwrap().0).unwrap()).collect();
        keys.join(" ")
    };
    assert_eq!(keys(&mut table.prefix("b")), "b1 b2");
    assert_eq!(keys(&mut table.prefix("b").reversed()), "b2 b1");
    assert_eq!(keys(&mut table.scan_from("b2")), "b2 c1");
    assert_eq!(keys(&mut table.prefix("d")), "");
    assert_eq!(keys(&mut next.scan_from("a")), "b3");
}
