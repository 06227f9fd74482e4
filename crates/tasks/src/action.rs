use std::sync::Arc;

use flow::{InputStream, OutputStream, TaskId, TaskInfo, TaskInstance, TaskUpdate};

use crate::{Run, Subscription};

/// What the shell is to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Make the instance run: adopt what already runs the same program, start it otherwise. Ends with
    /// [`Event::Started`](crate::Event::Started) or [`Event::StartFailed`](crate::Event::StartFailed).
    Start {
        /// What to run.
        instance: Arc<TaskInstance>,
        /// The attempt, to be named in every event about it.
        run: Run,
    },
    /// End what runs of the instance under this attempt or an earlier one, also in the middle of starting. Ends with [`Event::Stopped`](crate::Event::Stopped).
    Stop {
        /// Which.
        task: TaskId,
        /// The attempt.
        run: Run,
    },
    /// Tell the running instance its changed outputs.
    Configure {
        /// The instance as it is to be.
        instance: Arc<TaskInstance>,
        /// The attempt.
        run: Run,
    },
    /// Hold the instance.
    Pause {
        /// Which.
        task: TaskId,
        /// The attempt.
        run: Run,
    },
    /// Let the instance go on.
    Resume {
        /// Which.
        task: TaskId,
        /// The attempt.
        run: Run,
    },
    /// Subscribe the instance to an entity, replacing an unfinished subscription to it. Ends with
    /// [`Event::Subscribed`](crate::Event::Subscribed).
    Subscribe {
        /// For which instance.
        task: TaskId,
        /// To which entity.
        input: InputStream,
        /// The URL to notify.
        reference: String,
    },
    /// Give up an unfinished [`Action::Subscribe`].
    AbandonSubscribe {
        /// For which instance.
        task: TaskId,
        /// To which entity.
        input: InputStream,
    },
    /// Cancel a subscription. Ends with [`Event::Unsubscribed`](crate::Event::Unsubscribed).
    Unsubscribe {
        /// Of which instance.
        task: TaskId,
        /// The subscription.
        subscription: Subscription,
    },
    /// Delete the entities the instance has written. Ends with [`Event::OutputsDeleted`](crate::Event::OutputsDeleted).
    DeleteOutputs {
        /// Of which instance.
        task: TaskId,
        /// The entities.
        outputs: Vec<OutputStream>,
    },
    /// Give up an unfinished [`Action::DeleteOutputs`]: the instance is wanted again.
    KeepOutputs {
        /// Of which instance.
        task: TaskId,
    },
    /// Publish a `TASK_UPDATE`.
    Report(TaskUpdate),
    /// Publish a `TASK_INFO`.
    Inform(TaskInfo),
    /// Write what [`Tasks::stored`](crate::Tasks::stored) says about the instance to disk, or forget it there.
    Store(TaskId),
}
