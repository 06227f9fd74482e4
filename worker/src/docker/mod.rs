//! Tasks in containers of a Docker engine.
//!
//! Containers carry labels that say whose they are, so a restarted worker finds them: [`DockerEngine::run`] adopts a container
//! that runs the same program, and [`DockerEngine::sweep`] ends those that nothing wants. Restarting is the core's decision:
//! containers have no restart policy. The engine may go away and come back; while it is away nothing is offered to run in it.

mod adopt;
mod engine;
mod images;
mod launch;
mod logs;
mod ports;
mod reach;
mod settings;
mod spec;
mod watch;

pub(crate) use engine::DockerEngine;
