//! Availability subscriptions.

use std::collections::BTreeMap;
use std::sync::Arc;

use availability::Query;
use ngsi::v1::ngsi9::AvailabilityRequest;
use ngsi::{ParseError, SubscriptionId};
use storage::{Batch, StorageError};

use crate::notify::Snapshot;
use crate::refusal::Refusal;
use crate::state::Discovery;

/// The requests as they came.
pub(crate) type Subscribers = BTreeMap<SubscriptionId, Arc<AvailabilityRequest>>;

impl Discovery {
    /// Takes up a subscription, in place of the one of that identifier if there is one; returns when it is on disk, with
    /// the first notification on its way.
    pub(crate) async fn subscribe(
        self: &Arc<Self>,
        id: SubscriptionId,
        request: AvailabilityRequest,
    ) -> Result<(), Refusal> {
        let query = Query::compile(&request)?;
        check_reference(&request.reference)?;
        let mut batch = Batch::new();
        self.tables.put_subscription(&mut batch, &id, &request);
        {
            let mut registry = self.registry.write();
            registry.subscribe(id.clone(), query)?;
            self.outbox.open(id.clone(), &request.reference, Snapshot::First);
            self.subscribers.lock().insert(id.clone(), Arc::new(request));
        }
        let discovery = self.clone();
        // The request ends when its client hangs up; the subscription must not stay half made.
        let settled = self.node.tasks.spawn(async move { discovery.settle(id, batch).await }).await;
        settled.unwrap_or(Err(StorageError::Closed)).map_err(Refusal::from)
    }

    /// Writes a new subscription and begins to serve it, or takes it back.
    async fn settle(self: &Arc<Self>, id: SubscriptionId, batch: Batch) -> Result<(), StorageError> {
        let stored = self.observe(self.store.commit(batch).await);
        if stored.is_ok() {
            self.wake(id);
        } else {
            self.forget_subscription(&id);
        }
        stored
    }

    /// Ends a subscription; whether there was one.
    pub(crate) async fn unsubscribe(&self, id: &SubscriptionId) -> Result<bool, Refusal> {
        let known = self.forget_subscription(id);
        let mut batch = Batch::new();
        self.tables.delete_subscription(&mut batch, id);
        self.observe(self.store.commit(batch).await)?;
        Ok(known)
    }

    fn forget_subscription(&self, id: &SubscriptionId) -> bool {
        let mut registry = self.registry.write();
        self.outbox.close(id);
        self.subscribers.lock().remove(id);
        registry.unsubscribe(id)
    }

    pub(crate) fn recover_subscriptions(&self) -> anyhow::Result<()> {
        let mut registry = self.registry.write();
        for (id, request) in self.tables.subscriptions()? {
            let taken = Query::compile(&request).and_then(|query| registry.subscribe(id.clone(), query));
            if let Err(error) = taken {
                tracing::error!(subscription = %id, %error, "a stored subscription is left out");
                continue;
            }
            self.outbox.open(id.clone(), &request.reference, Snapshot::Whole);
            self.subscribers.lock().insert(id, Arc::new(request));
        }
        Ok(())
    }
}

fn check_reference(reference: &str) -> Result<(), ParseError> {
    let wrong = |problem: &str| Err(ParseError::new("reference", problem));
    if reference.is_empty() {
        return wrong("must be the URL to notify");
    }
    let Ok(uri) = reference.parse::<http::Uri>() else { return wrong("is not a URL") };
    match (uri.scheme_str(), uri.host()) {
        (Some("http" | "https"), Some(host)) if !host.is_empty() => Ok(()),
        _ => wrong("must begin with http:// or https:// and name a host"),
    }
}
