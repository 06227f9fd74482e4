//! What pods write.

use flow::TaskId;
use futures_util::io::AsyncBufReadExt;
use futures_util::stream::{self, BoxStream, StreamExt};
use kube::api::LogParams;

use super::api::{ApiError, Cluster};
use super::engine::KubernetesEngine;
use super::names::object_name;
use crate::logs::{Cursor, LAST_LINES, LogItem, LogSource, stamped};

const LINES: i64 = LAST_LINES as i64;

impl KubernetesEngine {
    pub(crate) async fn log(&self, task: &TaskId) -> Option<Vec<String>> {
        let pod = self.state.pod(&object_name(&self.settings.pool, task), None)?;
        match self.cluster.log(&pod.name, LINES, false).await {
            Ok(lines) => Some(lines),
            Err(error) => Some(vec![error.to_string()]),
        }
    }

    /// What the instance's present pod writes, `None` while it has none.
    pub(crate) async fn follow_log(&self, task: &TaskId, after: Option<&Cursor>) -> Option<LogSource> {
        let id = self.state.pod(&object_name(&self.settings.pool, task), None)?.name;
        let after_stamp = after.and_then(|cursor| cursor.stamp_in(&id));
        let items = match self.cluster.follow_log(&id, after.is_none(), after_stamp).await {
            Ok(items) => items,
            Err(error) => stream::iter([LogItem::Problem(error.to_string())]).boxed(),
        };
        Some(LogSource { id, items })
    }
}

impl Cluster {
    /// The last lines a pod's container wrote, or all lines after a time, and then new ones.
    pub(super) async fn follow_log(
        &self,
        pod: &str,
        only_last: bool,
        after: Option<&str>,
    ) -> Result<BoxStream<'static, LogItem>, ApiError> {
        let parameters = LogParams {
            follow: true,
            timestamps: true,
            tail_lines: only_last.then_some(LINES),
            since_time: after.and_then(|stamp| stamp.parse().ok()),
            ..LogParams::default()
        };
        let api = self.pods();
        let reading = api.log_stream(pod, &parameters).await;
        let output = reading.map_err(|error| ApiError::new(format!("reading the log of pod {pod}"), &error))?;
        let after = after.map(str::to_owned);
        let items = output.lines().filter_map(move |line| {
            let item = line.ok().and_then(|line| stamped(&line, after.as_deref()));
            async { item }
        });
        Ok(items.boxed())
    }
}
