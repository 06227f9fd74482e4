//! The designer over HTTP, with a real message bus and a real context beside it.

mod common;

mod announcements;
mod context;
mod instances;
mod live;
mod outage;
mod page;
mod rest;
mod upstream;
