//! What the designer's routes and drivers share.

use std::future::Future;

use anyhow::Context;
use message_bus::Bus;
use service::Node;
use service::http::Readiness;
use storage::Store;
use tokio::sync::RwLock;

use crate::announce::Outbox;
use crate::catalog::{Catalog, Changes};
use crate::live::Live;
use crate::records::{Kind, Records};
use crate::refusal::Refusal;
use crate::requests::Requests;

pub(crate) struct Designer {
    pub(crate) node: Node,
    pub(crate) bus: Bus,
    pub(crate) outbox: Outbox,
    pub(crate) live: Live,
    pub(crate) requests: Requests,
    pub(crate) records: Records,
    catalog: RwLock<Catalog>,
    stored: Readiness,
}

impl Designer {
    /// Reads all metadata and puts every intent in the outbox.
    pub(crate) fn open(node: Node, store: &Store, bus: Bus) -> anyhow::Result<Self> {
        let records = Records::open(store)?;
        let (mut catalog, outbox) = (Catalog::default(), Outbox::new(&node));
        for row in records.scan() {
            let (kind, key, text) = row?;
            let key = String::from_utf8(key).context("a stored name is not text")?;
            let load = || format!("stored document `{key}` ({kind:?})");
            let document = serde_json::from_slice(&text).with_context(load)?;
            catalog.load(kind, &key, document).with_context(load)?;
        }
        outbox.announce_all(&catalog);
        let stored = node.readiness("store");
        stored.set(Ok(()));
        let (live, requests) = (Live::default(), Requests::default());
        Ok(Self { node, bus, outbox, live, requests, records, catalog: RwLock::new(catalog), stored })
    }

    /// Looks something up.
    pub(crate) async fn read<T>(&self, look: impl FnOnce(&Catalog) -> T) -> T {
        look(&*self.catalog.read().await)
    }

    /// Decides on a change, stores it, and then makes it visible and announces it.
    pub(crate) async fn change(
        &self,
        decide: impl FnOnce(&Catalog) -> Result<Changes, Refusal>,
    ) -> Result<(), Refusal> {
        let mut catalog = self.catalog.write().await;
        let changes = decide(&catalog)?;
        let saved = self.records.save(&changes.records).await;
        self.stored.set(saved.as_ref().map_err(ToString::to_string).copied());
        saved?;
        let kinds: Vec<Kind> = changes.records.iter().map(|record| record.kind).collect();
        catalog.apply(changes.records)?;
        self.live.change(|model| model.documents_changed(&kinds));
        self.outbox.announce(changes.announcements);
        Ok(())
    }

    /// Runs a driver's loop until the node stops.
    pub(crate) async fn until_shutdown<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.node.shutdown.run_until_cancelled(work).await
    }
}
