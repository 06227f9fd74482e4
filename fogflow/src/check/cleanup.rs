//! Removal of what the check made; nothing that fails keeps the rest from being removed.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::Report;
use super::case::{Case, deletion};
use super::site::Site;
use super::steps::{Made, results};

/// How long task instances may take to end. Less than the time a container is given to stop.
const PATIENCE: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(250);

pub(crate) async fn run(site: &Site, case: &Case, made: Made, report: &Report) -> anyhow::Result<()> {
    let mut left = Vec::new();
    if made.function {
        left.extend(site.delete(&format!("/fogfunction/{}", case.name)).await.err());
        left.extend(ended(site, case).await.err());
    }
    if made.operator {
        left.extend(site.delete(&format!("/operator/{}", case.name)).await.err());
    }
    if made.entity {
        left.extend(entities(site, case).await.err());
    }
    if left.is_empty() {
        if made.operator {
            report.line("what the check made is removed");
        }
        return Ok(());
    }
    for problem in &left {
        report.line(&format!("not removed: {problem}"));
    }
    anyhow::bail!(
        "what the check made could not be removed: delete fog function and operator `{}` in the designer",
        case.name
    )
}

/// Waits until nothing of the function runs any more: its entities would come again.
async fn ended(site: &Site, case: &Case) -> Result<(), String> {
    let path = format!("/info/task/{}", case.intent);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let seen = match site.get(&path).await {
            Ok(Value::Array(tasks)) if tasks.is_empty() => return Ok(()),
            Ok(tasks) => super::steps::describe(&tasks),
            Err(problem) => problem,
        };
        if Instant::now() >= deadline {
            return Err(format!("after {} s there is still {seen}", PATIENCE.as_secs()));
        }
        sleep(PAUSE).await;
    }
}

/// The entity and its results.
async fn entities(site: &Site, case: &Case) -> Result<(), String> {
    let found = results(site, case).await;
    let ids = found.iter().flatten().filter_map(|element| element["entityId"]["id"].as_str());
    for id in ids.chain([case.entity.as_str()]) {
        site.post("/ngsi10/updateContext", &deletion(id)).await?;
    }
    found.map(drop)
}
