//! Inputs that were worth keeping hold what must hold, on every toolchain.
#![allow(clippy::unwrap_used)]

use std::panic::catch_unwind;

use fuzz::{TARGETS, corpus};

#[test]
fn every_input_that_is_kept_holds() {
    for target in TARGETS {
        let inputs = corpus::read(target.name).unwrap();
        assert!(!inputs.is_empty(), "{} has no corpus", target.name);
        for input in inputs {
            let held = catch_unwind(|| (target.run)(&input));
            assert!(held.is_ok(), "{}: {}", target.name, input.escape_ascii());
        }
    }
}

#[test]
fn the_corpus_is_small() {
    let sizes = TARGETS.iter().map(|target| std::fs::metadata(corpus::file(target.name)).unwrap().len());
    assert!(sizes.sum::<u64>() < 1 << 20);
}
