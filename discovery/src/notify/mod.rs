//! Telling subscribers: a queue a subscription, in order, at their own pace.

mod delivery;
mod message;
mod outbox;

pub(crate) use outbox::{Outbox, Snapshot};
