//! The dialects, their filters and their contexts: one program, so that the crate is linked once.

mod bounds;
mod elements;
mod filter;
mod filter_model;
mod georel;
mod ld;
mod operators;
mod selection;
mod template;
mod v2;
