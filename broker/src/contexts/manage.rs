//! What clients do with the contexts of this broker (ETSI GS CIM 009, 5.13.2 to 5.13.5).

use std::sync::Arc;

use ngsi::ld::context::{ContextError, Document, is_core_context};
use ngsi::ld::{Context, Kind, Problem};
use serde_json::Value;
use storage::{Batch, StorageError};

use super::record::{ContextKind, Record};
use super::shelf::{Entry, Full};
use super::{Contexts, PATH, local_id};
use crate::answer;

impl Contexts {
    /// The URL at which a context is found. One that is found nowhere is served by this broker from now on.
    pub(crate) async fn url(self: &Arc<Self>, context: &Context) -> Result<String, Problem> {
        if let Some(url) = context.link() {
            return Ok(url.to_owned());
        }
        let text = document(context);
        let known = self.shelf.lock().by_key(&text).map(|entry| entry.record.id.clone());
        let id = match known {
            Some(id) => {
                self.shelf.lock().touch(&id, service::now());
                id
            }
            None => Box::pin(self.keep(Record::new(ContextKind::ImplicitlyCreated, &text, service::now()))).await?,
        };
        Ok(self.own_url(&id))
    }

    /// The URL at which this broker serves a context that is found nowhere else, if it does.
    pub(crate) fn implicit_url(&self, context: &Context) -> Option<String> {
        let shelf = self.shelf.lock();
        let entry = context.link().is_none().then(|| shelf.by_key(&document(context)))??;
        Some(self.own_url(&entry.record.id))
    }

    /// The same context by the URL of [`Contexts::implicit_url`], if it has one, so that a header can name it.
    pub(crate) fn named(&self, context: Context) -> Context {
        let named = self.implicit_url(&context).and_then(|url| self.at_hand(&Value::from(url)));
        named.unwrap_or(context)
    }

    /// Serves a document from now on. Gives its identifier.
    pub(crate) async fn host(self: &Arc<Self>, body: &[u8]) -> Result<Arc<str>, Problem> {
        let invalid = |error: ngsi::ParseError| Problem::new(Kind::InvalidRequest, error.to_string());
        let document = Document::parse(body).map_err(invalid)?;
        if let Err(ContextError::Invalid(error)) = Context::parse(document.context(), &|_| None) {
            return Err(error.into());
        }
        self.keep(Record::new(ContextKind::Hosted, &document.to_json(), service::now())).await
    }

    /// What `look` sees of a context, by identifier or URL. The core is always there.
    pub(crate) fn find<T>(&self, id_or_url: &str, look: impl FnOnce(&Entry) -> T) -> Result<T, Problem> {
        if is_core_context(id_or_url) {
            return Ok(look(&self.core));
        }
        let shelf = self.shelf.lock();
        let found = shelf.get(id_or_url).or_else(|| shelf.get(local_id(id_or_url)?));
        let unknown = || Problem::new(Kind::ResourceNotFound, format!("there is no context `{id_or_url}`"));
        found.map(look).ok_or_else(unknown)
    }

    /// As [`Contexts::find`], for a client that is served it, which counts as a use.
    pub(crate) fn serve<T>(self: &Arc<Self>, id_or_url: &str, look: impl FnOnce(&Entry) -> T) -> Result<T, Problem> {
        let (served, id) = self.find(id_or_url, |entry| (look(entry), entry.record.id.clone()))?;
        self.touch(&[id]);
        Ok(served)
    }

    /// What `look` sees of all contexts of a kind, or of all, the oldest first.
    pub(crate) fn list<T>(&self, kind: Option<ContextKind>, look: impl Fn(&Entry) -> T) -> Vec<T> {
        let shelf = self.shelf.lock();
        let wanted = |entry: &&Entry| kind.is_none_or(|kind| kind == entry.record.kind);
        let mut all: Vec<_> = shelf.entries().filter(wanted).collect();
        all.sort_by(|a, b| (a.record.created_at, &a.record.id).cmp(&(b.record.created_at, &b.record.id)));
        all.into_iter().map(look).collect()
    }

    /// Where a context is found: a cached one where it comes from, others here.
    pub(crate) fn url_of(&self, record: &Record) -> String {
        record.url.as_ref().map_or_else(|| self.own_url(&record.id), ToString::to_string)
    }

    /// Forgets a context, by identifier or URL.
    pub(crate) async fn delete(&self, id_or_url: &str) -> Result<(), Problem> {
        if is_core_context(id_or_url) {
            return Err(Problem::bad_request("the core context cannot be deleted"));
        }
        let record = self.find(id_or_url, |entry| entry.record.clone())?;
        let mut batch = Batch::new();
        batch.delete(&self.table, &*record.id);
        let commit = {
            let mut shelf = self.shelf.lock();
            shelf.remove(&record.id);
            self.store.submit(batch)
        };
        self.ready.lock().clear();
        if let Some(url) = &record.url {
            self.fetches.forget(url);
        }
        commit.await.map_err(|error| {
            let restored = self.shelf.lock().insert(record).is_ok();
            tracing::debug!(restored, "a context that cannot be deleted on disk is not deleted");
            unsaved(error)
        })
    }

    /// Fetches a cached context again, by identifier or URL; the core is built in.
    pub(crate) async fn reload(self: &Arc<Self>, id_or_url: &str) -> Result<(), Problem> {
        if is_core_context(id_or_url) {
            return Ok(());
        }
        match self.find(id_or_url, |entry| entry.record.url.clone()) {
            Ok(Some(url)) => self.fetch(&url, true).await.map(drop),
            Ok(None) | Err(_) => {
                Err(Problem::bad_request(format!("reload: `{id_or_url}` is no context that is fetched from elsewhere")))
            }
        }
    }

    /// Keeps a context, durably. Gives its identifier.
    pub(super) async fn keep(self: &Arc<Self>, record: Record) -> Result<Arc<str>, Problem> {
        let contexts = self.clone();
        // The request ends when its client hangs up; what is on disk and what is in memory must not differ.
        let kept = self.node.tasks.spawn(async move { contexts.put(record).await }).await;
        kept.unwrap_or_else(|error| Err(Problem::new(Kind::InternalError, error.to_string())))
    }

    async fn put(&self, record: Record) -> Result<Arc<str>, Problem> {
        let (id, kind) = (record.id.clone(), record.kind);
        let mut batch = Batch::new();
        batch.put(&self.table, &*id, record.written()?);
        let commit = {
            let mut shelf = self.shelf.lock();
            let given_up = shelf.insert(record).map_err(|Full { most }| {
                let problem = format!("there is no room for another context of kind {kind:?}: broker.max_contexts");
                Problem::new(Kind::OperationNotSupported, format!("{problem} allows {most}, and their size is bounded"))
            })?;
            given_up.iter().for_each(|id| batch.delete(&self.table, &**id));
            // Under the lock, so that disk and memory have one order.
            self.store.submit(batch)
        };
        if kind == ContextKind::Cached {
            self.ready.lock().clear();
        }
        commit.await.map_err(|error| {
            self.shelf.lock().remove(&id);
            unsaved(error)
        })?;
        Ok(id)
    }

    fn own_url(&self, id: &str) -> String {
        format!("{}{PATH}{id}", self.base)
    }
}

/// What is served of a context that came with a request.
fn document(context: &Context) -> String {
    format!("{{\"@context\":{}}}", context.to_json())
}

fn unsaved(error: StorageError) -> Problem {
    Problem::new(Kind::ServiceUnavailable, answer::Failure::from(error).details())
}
