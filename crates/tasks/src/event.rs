use flow::{InputStream, Message, TaskId};
use serde::{Deserialize, Serialize};

/// One attempt to run a task instance; events of an earlier attempt are recognised by it and ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Run(pub u64);

/// How a started task instance is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    /// The URL its broker notifies, without `/notifyContext`.
    pub reference: String,
    /// The id of its container, if it has one.
    pub container: String,
    /// Whether it has been running since before the worker, and so remembers what it was notified of.
    pub adopted: bool,
}

/// A subscription that feeds a task instance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subscription {
    /// The identifier the broker gave.
    pub id: String,
    /// The broker that keeps it, as a URL with `/ngsi10`.
    pub broker: String,
    /// The URL it notifies.
    pub reference: String,
}

/// Everything that can happen to the task instances of a worker.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A master commands: `ADD_TASK`, `REMOVE_TASK`, `ADD_INPUT`, `REMOVE_INPUT`; any other message is ignored.
    Command(Message),
    /// The instance runs and accepts notifications.
    Started {
        /// Which.
        task: TaskId,
        /// In which attempt.
        run: Run,
        /// How it is reached.
        address: Address,
    },
    /// The instance could not be started.
    StartFailed {
        /// Which.
        task: TaskId,
        /// In which attempt.
        run: Run,
        /// Why.
        reason: String,
        /// Whether trying again soon is pointless.
        permanent: bool,
    },
    /// The instance ended by itself.
    Exited {
        /// Which.
        task: TaskId,
        /// In which attempt.
        run: Run,
        /// Why, e.g. `exit code 1`.
        reason: String,
    },
    /// [`Action::Stop`](crate::Action::Stop) is done: the instance is gone.
    Stopped {
        /// Which.
        task: TaskId,
        /// In which attempt.
        run: Run,
    },
    /// The instance runs but does not do its work: `Some` says why, `None` that it does again.
    Health {
        /// Which.
        task: TaskId,
        /// In which attempt.
        run: Run,
        /// What is wrong.
        trouble: Option<String>,
    },
    /// [`Action::Subscribe`](crate::Action::Subscribe) is done.
    Subscribed {
        /// For which instance.
        task: TaskId,
        /// To which entity.
        input: InputStream,
        /// The subscription.
        subscription: Subscription,
    },
    /// A broker no longer knows the subscription.
    SubscriptionLost {
        /// Of which instance.
        task: TaskId,
        /// The subscription.
        subscription: Subscription,
    },
    /// [`Action::Unsubscribe`](crate::Action::Unsubscribe) is done, or given up.
    Unsubscribed {
        /// Of which instance.
        task: TaskId,
        /// The subscription.
        subscription: Subscription,
    },
    /// [`Action::DeleteOutputs`](crate::Action::DeleteOutputs) is done, or given up.
    OutputsDeleted {
        /// Of which instance.
        task: TaskId,
    },
    /// Somebody wants the instance to start anew, at the generation it has; ignored while
    /// [`Tasks::may_restart`](crate::Tasks::may_restart) refuses it.
    Restart {
        /// Which.
        task: TaskId,
    },
    /// An engine has come back: instances that could not be started are tried at once.
    Retry,
    /// Time has passed.
    Tick,
}
