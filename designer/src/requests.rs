//! Requests to one worker over the message bus, and the answers that are waited for.
//!
//! Over the bus and not over HTTP, so that an edge node needs outbound connections only.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use flow::{Envelope, Message, RequestId, WorkerId, WorkerOrder, WorkerReply, WorkerRequest, routing};
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::refusal::Refusal;
use crate::state::Designer;

/// How long a worker may take for its first answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Requests that wait for answers at once.
const MAX_PENDING: usize = 1_000;
/// Answers that wait to be read; who lets more pile up gets no further ones.
const MAX_UNREAD: usize = 64;

type Pending = Arc<Mutex<HashMap<RequestId, mpsc::Sender<WorkerReply>>>>;

/// Who waits for which answer.
#[derive(Default)]
pub(crate) struct Requests(Pending);

/// The answers to one request; it is forgotten when this is dropped.
pub(crate) struct Answers {
    pub(crate) id: RequestId,
    replies: mpsc::Receiver<WorkerReply>,
    pending: Pending,
}

impl Requests {
    /// Hands an answer to who waits for it; others are for other designers, or come too late.
    pub(crate) fn answered(&self, reply: WorkerReply) {
        let mut pending = self.0.lock();
        let Some(waiting) = pending.get(&reply.id) else { return };
        let (id, last) = (reply.id.clone(), reply.last);
        if waiting.try_send(reply).is_err() || last {
            pending.remove(&id);
        }
    }

    fn open(&self) -> Result<Answers, Refusal> {
        let mut pending = self.0.lock();
        if pending.len() >= MAX_PENDING {
            return Err(Refusal::Busy("too many requests wait for workers: try again in a moment"));
        }
        let id = RequestId::from(uuid::Uuid::new_v4().to_string());
        let (sender, replies) = mpsc::channel(MAX_UNREAD);
        pending.insert(id.clone(), sender);
        Ok(Answers { id, replies, pending: self.0.clone() })
    }
}

impl Answers {
    /// The next answer; `None` when there will be none.
    pub(crate) async fn next(&mut self) -> Option<WorkerReply> {
        self.replies.recv().await
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        self.pending.lock().remove(&self.id);
    }
}

impl Designer {
    /// Sends a request and waits for the first answer to it.
    pub(crate) async fn ask_worker(
        &self,
        worker: &WorkerId,
        order: WorkerOrder,
    ) -> Result<(WorkerReply, Answers), Refusal> {
        let mut answers = self.requests.open()?;
        self.tell_worker(worker, answers.id.clone(), order).await?;
        let silent = || Refusal::WorkerSilent { worker: worker.to_string(), seconds: PATIENCE.as_secs() };
        let reply = timeout(PATIENCE, answers.next()).await.ok().flatten().ok_or_else(silent)?;
        Ok((reply, answers))
    }

    /// Sends a request without waiting.
    pub(crate) async fn tell_worker(
        &self,
        worker: &WorkerId,
        id: RequestId,
        order: WorkerOrder,
    ) -> Result<(), Refusal> {
        let from = self.node.id("Designer");
        let request = Message::WorkerRequest(WorkerRequest { id, from: from.clone(), order });
        let envelope = Envelope::new(routing::worker(worker), from, &request);
        let envelope = envelope.map_err(|error| Refusal::field("$", error.to_string()))?;
        Ok(self.bus.publish(envelope).await?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn reply(id: &RequestId, last: bool) -> WorkerReply {
        WorkerReply { id: id.clone(), last, ..WorkerReply::default() }
    }

    #[tokio::test]
    async fn answers_reach_who_asked_until_the_last() {
        let requests = Requests::default();
        let mut answers = requests.open().unwrap();
        requests.answered(reply(&"another's".into(), true));
        requests.answered(reply(&answers.id, false));
        requests.answered(reply(&answers.id, true));
        requests.answered(reply(&answers.id, false));
        assert!(!answers.next().await.unwrap().last);
        assert!(answers.next().await.unwrap().last);
        assert!(answers.next().await.is_none());
    }

    #[tokio::test]
    async fn who_reads_too_slowly_gets_no_more_and_nothing_grows() {
        let requests = Requests::default();
        let mut answers = requests.open().unwrap();
        (0..1_000).for_each(|_| requests.answered(reply(&answers.id, false)));
        let mut read = 0;
        while answers.next().await.is_some() {
            read += 1;
        }
        assert_eq!((read, requests.0.lock().len()), (MAX_UNREAD, 0));
    }

    #[test]
    fn requests_are_bounded_and_forgotten_with_who_asked() {
        let requests = Requests::default();
        let all: Vec<Answers> = (0..MAX_PENDING).map(|_| requests.open().unwrap()).collect();
        assert!(matches!(requests.open(), Err(Refusal::Busy(_))));
        drop(all);
        assert!(requests.open().is_ok());
    }
}
