//! The context brokers that feed tasks and take what they write.

mod client;
mod feeder;
mod nearest;
mod strays;

pub(crate) use client::BrokerClient;
pub(crate) use feeder::Feeder;
pub(crate) use nearest::Nearest;
pub(crate) use strays::{OwnSubscriptions, Strays};
