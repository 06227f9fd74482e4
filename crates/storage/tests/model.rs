//! A store against the simplest store there is: a map.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use std::collections::BTreeMap;
use storage::{Batch, Store, Table};

#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<Write>),
    Reopen,
}

/// Table, key, and the value to put, or none to delete the key.
type Write = (usize, Vec<u8>, Option<Vec<u8>>);

const TABLES: [&str; 2] = ["first", "second"];

fn step() -> impl Strategy<Value = Step> {
    let key = prop::collection::vec(0..4_u8, 1..3);
    let value = prop::option::weighted(0.7, prop::collection::vec(any::<u8>(), 0..40));
    let writes = prop::collection::vec((0..TABLES.len(), key, value), 0..12);
    prop_oneof![6 => writes.prop_map(Step::Commit), 1 => Just(Step::Reopen)]
}

struct Opened {
    store: Store,
    tables: Vec<Table>,
}

fn open(dir: &std::path::Path) -> Opened {
    let store = Store::open(dir).unwrap();
    let tables = TABLES.map(|name| store.table(name).unwrap()).into();
    Opened { store, tables }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn store_equals_a_map_of_maps(steps in prop::collection::vec(step(), 1..20)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut opened = open(dir.path());
        let mut model = vec![BTreeMap::new(); TABLES.len()];
        for step in steps {
            match step {
                Step::Commit(writes) => {
                    let mut batch = Batch::new();
                    for (table, key, value) in writes {
                        match value {
                            Some(value) => {
                                batch.put(&opened.tables[table], &key, &value);
                                model[table].insert(key, value);
                            }
                            None => {
                                batch.delete(&opened.tables[table], &key);
                                model[table].remove(&key);
                            }
                        }
                    }
                    runtime.block_on(opened.store.commit(batch)).unwrap();
                }
                Step::Reopen => {
                    opened.store.close();
                    opened = open(dir.path());
                }
            }
            for (table, expected) in opened.tables.iter().zip(&model) {
                let rows: BTreeMap<_, _> = table.scan().map(Result::unwrap).collect();
                prop_assert_eq!(&rows, expected);
                for key in expected.keys() {
                    let value = table.get(key).unwrap();
                    prop_assert_eq!(value.as_ref(), expected.get(key));
                }
            }
        }
    }
}
