//! The dialect NGSI-10 over HTTP, and what all dialects share.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../common/mod.rs"]
mod common;

mod entities;
mod federation;
mod history;
mod kill;
mod openapi;
mod pages;
mod statistics;
mod subscriptions;
