//! Discovery over HTTP.

mod common;

mod bad_input;
mod calls;
mod crash;
mod delivery;
