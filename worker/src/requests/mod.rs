//! What designers ask this worker for, over the message bus: log lines, a restart, a try-out.
//!
//! Each request is answered with the id it came with; one that cannot be fulfilled is answered with the reason.

mod leases;

use std::sync::Arc;

use flow::{RequestId, TryOut, WorkerOrder, WorkerReply, WorkerRequest};
use service::Node;
use tasks::RestartRefusal;
use tokio::sync::Semaphore;

use crate::function::try_out;
use crate::logs::Logs;
use crate::reporter::Reporter;
use leases::Leases;

/// Functions tried at once.
const TRIALS: usize = 2;

pub(crate) struct Requests {
    node: Node,
    reporter: Reporter,
    leases: Leases,
    trials: Arc<Semaphore>,
}

impl Requests {
    pub(crate) fn new(node: Node, reporter: Reporter, logs: Logs) -> Self {
        let leases = Leases::new(node.clone(), reporter.clone(), logs);
        Self { node, reporter, leases, trials: Arc::new(Semaphore::new(TRIALS)) }
    }

    /// Sees to everything but a restart, which is the reconciler's to do and to answer with [`Requests::restarted`].
    pub(crate) fn take(&self, request: WorkerRequest) {
        let id = request.id;
        match request.order {
            WorkerOrder::Log(lease) => self.leases.grant(id, &lease),
            WorkerOrder::End(lease) => self.leases.end(&lease),
            WorkerOrder::Try(sample) => self.try_out(id, sample),
            WorkerOrder::Restart(_) => {}
            WorkerOrder::Other => self.refuse(id, "this worker does not know that request"),
        }
    }

    /// Says whether a restart is under way.
    pub(crate) fn restarted(&self, id: RequestId, outcome: Result<(), RestartRefusal>) {
        self.reporter.answer(WorkerReply {
            id,
            last: true,
            problem: outcome.map_or_else(|refusal| refusal.to_string(), |()| String::new()),
            not_found: outcome == Err(RestartRefusal::NotFound),
            ..WorkerReply::default()
        });
    }

    fn try_out(&self, id: RequestId, sample: TryOut) {
        let Ok(slot) = self.trials.clone().try_acquire_owned() else {
            return self.refuse(id, "busy: the worker already tries two functions");
        };
        let reporter = self.reporter.clone();
        self.node.tasks.spawn(async move {
            let trial = tokio::task::spawn_blocking(move || try_out(&sample)).await;
            drop(slot);
            let reply = WorkerReply { id, last: true, ..WorkerReply::default() };
            reporter.answer(match trial {
                Ok(report) => WorkerReply { tried: Some(report), ..reply },
                Err(error) => WorkerReply { problem: format!("the try-out failed: {error}"), ..reply },
            });
        });
    }

    fn refuse(&self, id: RequestId, problem: &str) {
        self.reporter.answer(WorkerReply { id, last: true, problem: problem.to_owned(), ..WorkerReply::default() });
    }
}
