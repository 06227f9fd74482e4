//! What is fuzzed: for each parser, and for whole requests, a function that takes bytes and panics when something that must
//! hold of every input does not.
//!
//! The driver (`fuzz/driver`, a workspace of its own) makes inputs, led by coverage. `cargo test -p fuzz` runs the inputs that it
//! found worth keeping (`fuzz/corpus`) on any toolchain. How to fuzz is said in `fuzz/run`.

mod codec;
pub mod corpus;
mod ld;
mod ld_query;
mod parts;
#[cfg(feature = "requests")]
mod requests;
mod sample;
mod time;
mod v1;
mod v2;
mod v2_query;

/// A function that is fuzzed.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, and that of its corpus.
    pub name: &'static str,
    /// Runs one input.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: &[Target] = &[
    target("v1", v1::run),
    target("v2_entity", v2::entity),
    target("v2_subscription", v2::subscription),
    target("v2_registration", v2::registration),
    target("v2_operator", v2::operator),
    target("v2_template", v2::template),
    target("v2_query", v2_query::run),
    target("ld_entity", ld::entity),
    target("ld_merge", ld::merge),
    target("ld_subscription", ld::subscription),
    target("ld_registration", ld::registration),
    target("ld_context", ld::context),
    target("ld_query", ld_query::run),
    target("ld_temporal", time::temporal),
    target("date", time::date),
    target("codec", codec::run),
    #[cfg(feature = "requests")]
    target("requests", requests::run),
];

const fn target(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, run }
}
