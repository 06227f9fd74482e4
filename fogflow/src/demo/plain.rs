//! The demo as lines: for logs, pipes and CI.

use std::io::Write;
use std::time::Duration;

use tokio::time::{Instant, interval_at};

use super::Demo;

const EVERY: Duration = Duration::from_secs(1);
/// An update that lowers the threshold.
const STRICTER: [&str; 3] = [
    r#"{"updateAction":"#,
    r#""UPDATE","contextElements":[{"entityId":{"id":"Rule.usage","type":"Rule"},"#,
    r#""attributes":[{"name":"threshold","type":"float","value":50}]}]}"#,
];

/// Writes to standard output, whoever reads it.
pub(super) fn print(text: &str) {
    // Whoever closed our standard output does not want the lines.
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Prints what happens every second until the end.
pub(super) async fn show(demo: &Demo) -> anyhow::Result<()> {
    print(&services(demo));
    print(&next_steps(demo, "").join("\n"));
    let mut times = interval_at(Instant::now() + EVERY, EVERY);
    let mut printed = Instant::now();
    while demo.ending.run_until_cancelled(times.tick()).await.is_some() {
        print(&line(demo));
        for anomaly in demo.findings.latest(3).iter().rev().filter(|anomaly| anomaly.at > printed) {
            print(&format!("  anomaly: {} at {:.1}, after {:.1} ms", anomaly.panel, anomaly.usage, anomaly.latency_ms));
        }
        printed = Instant::now();
        if demo.ends_after.is_some_and(|end| demo.begun.elapsed() >= end) {
            break;
        }
    }
    Ok(())
}

fn services(demo: &Demo) -> String {
    demo.services.iter().map(|(name, url)| format!("{name:<13} {url}")).collect::<Vec<_>>().join("\n")
}

/// Where to look and what to try; the long command is broken at places where a shell and JSON allow it.
pub(super) fn next_steps(demo: &Demo, between: &str) -> Vec<String> {
    let stricter = STRICTER.join(between);
    vec![
        format!("open  {}/index.html", demo.designer_url),
        format!("see   curl {}/info/task", demo.designer_url),
        format!("rule  curl {}/ngsi10/updateContext -d '{stricter}'", demo.broker_url),
    ]
}

fn line(demo: &Demo) -> String {
    let placements = demo.board.placements();
    let placements = placements.iter().map(|(site, count)| format!("{site} {count}")).collect::<Vec<_>>().join(", ");
    format!(
        "{:>3} s  {} updates  {} instances ({placements})  {} anomalies  {}  {}",
        demo.begun.elapsed().as_secs(),
        demo.stats.sent(),
        demo.board.running(),
        demo.findings.anomalies(),
        demo.findings.counted().unwrap_or_else(|| "nothing counted yet".to_owned()),
        latency(demo)
    )
}

pub(super) fn latency(demo: &Demo) -> String {
    match demo.findings.latency_ms() {
        Some((p50, p99)) => format!("update → anomaly p50 {p50:.1}, p99 {p99:.1} ms"),
        None => "no latency yet".to_owned(),
    }
}

/// The whole run in two lines.
pub(super) fn summary(demo: &Demo) -> String {
    format!("{}\n{}", line(demo), demo.stats.summary())
}
