//! What containers write.

use bollard::query_parameters::{InspectContainerOptions, LogsOptions};
use flow::TaskId;
use futures_util::StreamExt;
use futures_util::stream;
use k8s_openapi::jiff::Timestamp;

use super::engine::{DockerEngine, status_of};
use super::spec::container_name;
use crate::logs::{Cursor, LAST_LINES, LogItem, LogSource, stamped};

impl DockerEngine {
    pub(crate) async fn log(&self, task: &TaskId) -> Option<Vec<String>> {
        let name = container_name(&self.settings.worker, task);
        Some(self.last_lines(&name, &LAST_LINES.to_string()).await)
    }

    pub(super) async fn last_lines(&self, container: &str, count: &str) -> Vec<String> {
        let options = LogsOptions { stdout: true, stderr: true, tail: count.to_owned(), ..LogsOptions::default() };
        let Ok(docker) = self.docker() else { return Vec::new() };
        let mut output = std::pin::pin!(docker.logs(container, Some(options)));
        let mut lines = Vec::new();
        while let Some(Ok(line)) = output.next().await {
            lines.push(line.to_string().trim_end().to_owned());
        }
        lines
    }

    /// What the instance's present container writes, `None` while it has none.
    pub(crate) async fn follow_log(&self, task: &TaskId, after: Option<&Cursor>) -> Option<LogSource> {
        let docker = self.docker().ok()?;
        let id = self.container(task).await?;
        let after_stamp = after.and_then(|cursor| cursor.stamp_in(&id)).map(str::to_owned);
        let options = LogsOptions {
            follow: true,
            stdout: true,
            stderr: true,
            timestamps: true,
            since: after_stamp.as_deref().map_or(0, second),
            tail: if after.is_some() { "all".to_owned() } else { LAST_LINES.to_string() },
            ..LogsOptions::default()
        };
        let lines = docker.logs(&id, Some(options));
        let items = lines.flat_map(move |line| {
            stream::iter(match line {
                Ok(line) => stamped(&line.to_string(), after_stamp.as_deref()),
                Err(error) => refusal(&error),
            })
        });
        Some(LogSource { id, items: items.boxed() })
    }

    async fn container(&self, task: &TaskId) -> Option<String> {
        let known = self.containers.lock().get(task).map(|container| container.id.clone());
        if known.is_some() {
            return known;
        }
        let name = container_name(&self.settings.worker, task);
        self.docker().ok()?.inspect_container(&name, None::<InspectContainerOptions>).await.ok()?.id
    }
}

/// What the engine has against reading the log; a container or connection that is gone only ends it.
fn refusal(error: &bollard::errors::Error) -> Option<LogItem> {
    let status = status_of(error).filter(|status| !matches!(status, 404 | 409));
    status.map(|_| LogItem::Problem(format!("the log cannot be read: {error}")))
}

fn second(stamp: &str) -> i32 {
    let time = stamp.parse::<Timestamp>().ok();
    time.and_then(|time| i32::try_from(time.as_second()).ok()).unwrap_or_default()
}
