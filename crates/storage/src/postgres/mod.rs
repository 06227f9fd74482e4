//! PostgreSQL, where a system has one: what outgrows a node's own disk, and what other programs are to read.
//!
//! Tables are made and brought up to date by whoever connects first. Rows carry what queries select by in columns of their own, and
//! beside them the record as its owner wrote it.

mod evolutions;
mod pool;
mod schema;

pub use evolutions::{Evolutions, InstanceRow, Span, SubjectRow, Time};
pub use pool::{DatabaseError, Login};
