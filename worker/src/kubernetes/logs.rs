//! What pods write.

use flow::TaskId;
use futures_util::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};
use futures_util::stream::{self, BoxStream, StreamExt};
use kube::api::LogParams;

use super::api::{ApiError, Cluster};
use super::engine::KubernetesEngine;
use super::names::object_name;
use crate::logs::{Cursor, LAST_LINES, LogItem, LogSource, stamped};

const LINES: i64 = LAST_LINES as i64;
/// Of a longer line the rest is passed over: a program may write for ever without ending one.
const LINE_BYTES: usize = 16 * 1024;

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
        let items = lines(output).filter_map(move |line| {
            let item = stamped(&line, after.as_deref());
            async { item }
        });
        Ok(items.boxed())
    }
}

fn lines(output: impl AsyncBufRead + Send + 'static) -> BoxStream<'static, String> {
    let lines = stream::unfold(Box::pin(output), async |mut output| {
        let line = piece(&mut output).await?;
        let mut ended = line.ends_with(b"\n");
        while !ended && let Some(rest) = piece(&mut output).await {
            ended = rest.ends_with(b"\n");
        }
        Some((String::from_utf8_lossy(&line).into_owned(), output))
    });
    lines.boxed()
}

/// What comes next of a line, with its end if that is near enough.
async fn piece(output: &mut (impl AsyncBufRead + Unpin)) -> Option<Vec<u8>> {
    let mut piece = Vec::new();
    let read = output.take(LINE_BYTES as u64).read_until(b'\n', &mut piece).await.ok()?;
    (read > 0).then_some(piece)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_without_end_takes_no_more_than_it_may() {
        let (most, long) = (LINE_BYTES, "x".repeat(5 * LINE_BYTES));
        let text = format!("one\n\n{long}\ntwo\n{}\nlast", &long[..most]);
        let read: Vec<String> = lines(futures_util::io::Cursor::new(text)).collect().await;
        let expected = ["one\n", "\n", &long[..most], "two\n", &long[..most], "last"];
        assert_eq!(read, expected);
    }
}
