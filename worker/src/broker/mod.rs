//! The context brokers that feed tasks and take what they write.

mod client;
mod feeder;
mod nearest;
mod orphans;
mod strays;

pub(crate) use client::BrokerClient;
pub(crate) use feeder::Feeder;
pub(crate) use nearest::Nearest;
pub(crate) use orphans::Orphans;
pub(crate) use strays::{OwnSubscriptions, Strays};
