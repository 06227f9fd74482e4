//! Operations of which sources outside of this broker do a part (ETSI GS CIM 009, 4.3.6, 5.6, 5.7, 6.3.17 to 6.3.19). Who does
//! what, [`context::sources`] decides.

mod answered;
mod asking;
mod batch;
mod change;
mod journey;
mod payload;
mod purge;
mod query;
mod retrieve;
mod trouble;

pub(super) use batch::{Batch, Entry, EntryShare, distribute_batch};
pub(super) use change::{Change, Share, distribute};
pub(super) use payload::{Payload, restrict};
pub(super) use purge::purge;
pub(super) use query::{Asked, Gathered, Question, query};
pub(super) use retrieve::{Retrieved, retrieve};
pub(super) use trouble::{Warning, warn};

/// The most sources that one request is sent on to.
const MAX_SOURCES: usize = 256;
/// How many of them at once.
const AT_ONCE: usize = 32;
