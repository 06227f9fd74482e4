//! The closed loop: as many requests under way as there are connections, on one thread.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::LocalSet;
use tokio::time::{sleep, timeout};

use super::Load;
use crate::http::{Reader, Template};
use crate::outcome::{Clock, Latencies, Outcome, Sent, Watch};

/// The run fails when the last answers take longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// An operation that has not ended by then is lost.
const LOST: Duration = Duration::from_secs(1);

/// One for each connection, to be passed when an answer is not the end of an operation: a permit is taken for every
/// request, and whoever sees the operation's end gives it back.
pub(crate) type Gates = Arc<[Semaphore]>;

/// One thread: the services need the other cores.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// Runs the load on the current runtime; `begin` is called when the warm-up ends.
pub(crate) async fn closed_gated(
    load: &Load<'_>,
    clock: Clock,
    gates: Option<Gates>,
    begin: impl FnOnce(),
) -> anyhow::Result<Outcome> {
    let tasks = LocalSet::new();
    tasks
        .run_until(async {
            let begins = clock.now_ns() + crate::outcome::ns(load.warm_up);
            let ends = begins + crate::outcome::ns(load.duration);
            let plan = Rc::new(Plan { clock, begins, ends, gates });
            let mut connections = Vec::new();
            for number in 0..load.connections {
                let mut connection = Connection::open(load, number, plan.clone()).await?;
                let entity = load.entity.clone();
                connections.push(tokio::task::spawn_local(async move {
                    let patience = connection.plan.whole() + PATIENCE;
                    timeout(patience, connection.run(|nth| entity(number, nth)))
                        .await
                        .context("no answer for too long")?
                }));
            }
            sleep(load.warm_up).await;
            begin();
            let watch = Watch::start(load.pids);
            let mut latencies = Latencies::default();
            for connection in connections {
                latencies.merge(&connection.await??);
            }
            Ok(watch.stop(latencies))
        })
        .await
}

struct Plan {
    clock: Clock,
    begins: u64,
    ends: u64,
    gates: Option<Gates>,
}

impl Plan {
    fn whole(&self) -> Duration {
        Duration::from_nanos(self.ends.saturating_sub(self.clock.now_ns()))
    }

    /// Takes a permit; false when none came for so long that an operation must be lost.
    async fn pass(&self, connection: usize) -> bool {
        let Some(gate) = self.gates.as_ref().and_then(|gates| gates.get(connection)) else { return true };
        match timeout(LOST, gate.acquire()).await {
            Ok(permit) => permit.map(SemaphorePermit::forget).is_ok(),
            Err(_) => false,
        }
    }
}

struct Connection {
    stream: TcpStream,
    reader: Reader,
    template: Template,
    plan: Rc<Plan>,
    number: usize,
}

impl Connection {
    async fn open(load: &Load<'_>, number: u64, plan: Rc<Plan>) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(&load.target.authority)
            .await
            .with_context(|| format!("cannot connect to {}", load.target.authority))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            reader: Reader::default(),
            template: load.template.clone(),
            plan,
            number: usize::try_from(number)?,
        })
    }

    async fn run(&mut self, entity: impl Fn(u64) -> u64) -> anyhow::Result<Latencies> {
        let mut latencies = Latencies::default();
        for nth in 0.. {
            if !self.plan.pass(self.number).await {
                latencies.errors += 1;
            }
            let sent = self.plan.clock.now_ns();
            if sent >= self.plan.ends {
                break;
            }
            let status = self.exchange(entity(nth), Sent { connection: self.number as u64, ns: sent }.into()).await?;
            if sent < self.plan.begins {
                continue;
            }
            if (200..300).contains(&status) {
                latencies.record(self.plan.clock.now_ns() - sent);
            } else {
                latencies.errors += 1;
            }
        }
        Ok(latencies)
    }

    async fn exchange(&mut self, entity: u64, value: u64) -> anyhow::Result<u16> {
        self.stream.write_all(self.template.stamp(entity, value)).await?;
        loop {
            let count = self.stream.read(self.reader.space()).await?;
            self.reader.advance(count)?;
            if let Some(message) = self.reader.message()? {
                self.reader.consume(message);
                return Ok(message.status);
            }
        }
    }
}
