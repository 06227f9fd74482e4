use flow::{InputStream, OutputStream, TaskInstance};
use ngsi::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Subscription;
use crate::record::{Feed, Phase, Record};

/// What of an instance must survive the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stored {
    /// What is desired.
    pub instance: TaskInstance,
    /// Whether it is being removed instead.
    #[serde(default)]
    pub removing: bool,
    /// Its subscriptions.
    #[serde(default)]
    pub feeds: Vec<(InputStream, Subscription)>,
    /// Subscriptions still to be cancelled.
    #[serde(default)]
    pub stale: Vec<Subscription>,
    /// Entities still to be deleted.
    #[serde(default)]
    pub leftovers: Vec<OutputStream>,
}

impl From<&Record> for Stored {
    fn from(record: &Record) -> Self {
        let feeds = record.feeds.iter().filter_map(|(input, feed)| match feed {
            Feed::Active(subscription) => Some((input.clone(), subscription.clone())),
            Feed::Asked => None,
        });
        Self {
            instance: (*record.instance).clone(),
            removing: record.removing,
            feeds: feeds.collect(),
            stale: record.stale.iter().cloned().collect(),
            leftovers: record.leftovers.clone(),
        }
    }
}

impl Stored {
    pub(crate) fn into_record(self, now: Timestamp) -> Record {
        let mut record = Record::new(self.instance, now);
        record.removing = self.removing;
        record.feeds = self.feeds.into_iter().map(|(input, s)| (input, Feed::Active(s))).collect();
        record.stale = self.stale.into_iter().collect();
        record.leftovers = self.leftovers;
        record.dirty = false;
        if record.removing {
            record.phase = Phase::Ended;
        }
        record
    }
}
