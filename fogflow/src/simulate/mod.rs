//! `fogflow simulate`: many devices that report to a broker from somewhere, now and then moving.
//!
//! What a device says is decided by the seed alone ([`fleet`]); only when it arrives depends on the machine.

mod arguments;
mod drive;
mod fleet;
mod random;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::time::{Instant, interval_at};
use tokio_util::sync::CancellationToken;

pub(crate) use arguments::{Arguments, AttributeRange, Label, Lasting, PerSecond};
pub(crate) use drive::{Drive, Stats, micros};
pub(crate) use fleet::{Fleet, Plan};

/// Lets the devices report until the time is up or a signal comes.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let shutdown = CancellationToken::new();
    service::shutdown::on_signal(shutdown.clone()).context("cannot listen for signals")?;
    let fleet = Fleet::new(&arguments.plan(), arguments.seed);
    let stats = Arc::new(Stats::default());
    let drive = Drive {
        client: service::http::Client::new(None),
        broker: arguments.broker.trim_end_matches('/').to_owned(),
        every: arguments.rate.interval(),
        stats: stats.clone(),
        shutdown: shutdown.clone(),
        watch: None,
    };
    println!("{} devices of type {} report to {}", arguments.devices, arguments.entity_type, arguments.broker);
    let ids = fleet.ids();
    let devices = tokio::spawn(drive.clone().run(fleet));
    report(&stats, arguments.duration.map(|text| text.0), &shutdown).await;
    shutdown.cancel();
    devices.await.context("the devices ended badly")?;
    if arguments.cleanup {
        println!("{} devices deleted", drive.delete(&ids).await);
    }
    println!("{}", stats.summary());
    if stats.sent() == 0 { anyhow::bail!("no update was accepted: {}", stats.last_error()) } else { Ok(()) }
}

/// Prints what happened every second.
async fn report(stats: &Stats, duration: Option<Duration>, shutdown: &CancellationToken) {
    let end = async {
        match duration {
            Some(duration) => tokio::time::sleep(duration).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(end);
    let second = Duration::from_secs(1);
    let mut seconds = interval_at(Instant::now() + second, second);
    let (mut sent, mut failed) = (0, 0);
    loop {
        tokio::select! {
            () = &mut end => return,
            () = shutdown.cancelled() => return,
            _ = seconds.tick() => {
                let (now_sent, now_failed) = (stats.sent(), stats.failed());
                let trouble = if now_failed > failed { format!(": {}", stats.last_error()) } else { String::new() };
                println!("{} updates/s, {} errors/s{trouble}", now_sent - sent, now_failed - failed);
                (sent, failed) = (now_sent, now_failed);
            }
        }
    }
}
