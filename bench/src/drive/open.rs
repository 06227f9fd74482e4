//! The open loop: requests leave by a timetable, and latency counts from the time a request was due, so that a slow
//! answer shows in every request it holds up (no coordinated omission).
//!
//! A thread for each connection, since the timers of a runtime are too coarse.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use super::Load;
use crate::http::{Reader, Template};
use crate::outcome::{Clock, Latencies, Outcome, Sent, Watch, ns};

const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the load at so many requests a second over all connections; `begin` is called when the warm-up ends.
pub(crate) fn open_from(load: &Load<'_>, rate: u32, clock: Clock, begin: impl FnOnce()) -> anyhow::Result<Outcome> {
    let starts = clock.now_ns();
    let begins = starts + ns(load.warm_up);
    let ends = begins + ns(load.duration);
    let step = load.connections * 1_000_000_000 / u64::from(rate).max(1);
    thread::scope(|scope| {
        let mut connections = Vec::new();
        for number in 0..load.connections {
            let first = starts + step * number / load.connections;
            let timetable = Timetable { clock, first, step, begins, ends };
            let mut connection = Connection::open(load, timetable)?;
            let entity = load.entity.clone();
            connections.push(scope.spawn(move || connection.run(|nth| entity(number, nth))));
        }
        thread::sleep(clock.at_ns(begins).saturating_duration_since(Instant::now()));
        begin();
        let watch = Watch::start(load.pids);
        let mut latencies = Latencies::default();
        for connection in connections {
            let connection = connection.join().map_err(|_| anyhow::anyhow!("a connection's thread panicked"))?;
            latencies.merge(&connection?);
        }
        Ok(watch.stop(latencies))
    })
}

struct Timetable {
    clock: Clock,
    first: u64,
    step: u64,
    begins: u64,
    ends: u64,
}

struct Connection {
    stream: TcpStream,
    reader: Reader,
    template: Template,
    timetable: Timetable,
}

impl Connection {
    fn open(load: &Load<'_>, timetable: Timetable) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(&load.target.authority)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, reader: Reader::default(), template: load.template.clone(), timetable })
    }

    fn run(&mut self, entity: impl Fn(u64) -> u64) -> anyhow::Result<Latencies> {
        let Timetable { clock, first, step, begins, ends } = self.timetable;
        let mut latencies = Latencies::default();
        for nth in 0.. {
            let due = first + nth * step;
            if due >= ends {
                break;
            }
            thread::sleep(clock.at_ns(due).saturating_duration_since(Instant::now()));
            let status = self.exchange(entity(nth), Sent { connection: 0, ns: due }.into())?;
            if due < begins {
                continue;
            }
            if (200..300).contains(&status) {
                latencies.record(clock.now_ns().saturating_sub(due));
            } else {
                latencies.errors += 1;
            }
        }
        Ok(latencies)
    }

    fn exchange(&mut self, entity: u64, value: u64) -> anyhow::Result<u16> {
        self.stream.write_all(self.template.stamp(entity, value))?;
        loop {
            let count = self.stream.read(self.reader.space())?;
            self.reader.advance(count)?;
            if let Some(message) = self.reader.message()? {
                self.reader.consume(message);
                return Ok(message.status);
            }
        }
    }
}
