//! The contexts of NGSI-LD that this broker knows (ETSI GS CIM 009, 5.13): hosted for clients, cached from other servers, made
//! of what came with requests. All tenants share them, since a context is fetched by whoever gets an answer.
//!
//! They are on disk, so that a site that has lost its uplink understands what it understood before. A cached context that
//! is due to be fetched again is used until that has succeeded.

mod fetch;
mod link;
mod manage;
mod ready;
mod record;
mod request;
mod shelf;

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use ngsi::ld::context::{ContextError, Document, is_core_context};
use ngsi::ld::{Context, Kind, Problem};
use parking_lot::Mutex;
use serde_json::Value;
use service::Node;
use storage::{Batch, Store, Table};
use tokio::time::timeout;

use self::fetch::{Fetched, Fetches};
pub(crate) use self::link::header as link_header;
use self::ready::Ready;
pub(crate) use self::record::{ContextKind, Record};
pub(crate) use self::shelf::Entry;
use self::shelf::Shelf;

/// The path of a hosted context, without its identifier.
pub(crate) const PATH: &str = "/ngsi-ld/v1/jsonldContexts/";
/// The longest that a request waits for contexts.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long a context is used on when it is due to be fetched again and that fails.
const POSTPONED: Duration = Duration::from_secs(600);

pub(crate) struct Contexts {
    node: Node,
    store: Store,
    table: Table,
    /// This broker as others reach it.
    base: String,
    shelf: Mutex<Shelf>,
    /// The core context, which is not on the shelf.
    core: Entry,
    ready: Mutex<Ready>,
    fetches: Arc<Fetches>,
}

impl Contexts {
    /// Reads what is on disk.
    pub(crate) fn open(node: &Node, store: &Store) -> anyhow::Result<Arc<Self>> {
        let table = store.table("broker.contexts")?;
        let (mut shelf, mut given_up) = (Shelf::new(node.config.broker.max_contexts), Batch::new());
        for row in table.scan() {
            let (key, value) = row?;
            let key = String::from_utf8_lossy(&key);
            match serde_json::from_slice::<Record>(&value).map(|record| shelf.insert(record)) {
                Ok(Ok(ids)) => ids.iter().for_each(|id| given_up.delete(&table, &**id)),
                Ok(Err(_)) => tracing::warn!(%key, "a context has no room (broker.max_contexts) and is left on disk"),
                Err(error) => tracing::error!(%key, %error, "a context in the store cannot be read and is left out"),
            }
        }
        drop(store.submit(given_up));
        Ok(Arc::new(Self {
            base: node.config.broker_external_url(),
            node: node.clone(),
            store: store.clone(),
            table,
            shelf: Mutex::new(shelf),
            core: Entry::new(Record::of_core(service::now())),
            ready: Mutex::default(),
            fetches: Arc::default(),
        }))
    }

    /// Reads the value of a member `@context`, fetching what it refers to.
    pub(crate) async fn resolve(self: &Arc<Self>, value: &Value) -> Result<Context, Problem> {
        if value.as_str().is_some_and(is_core_context) {
            return Ok(Context::core());
        }
        let text = value.to_string();
        let ready = self.ready.lock().get(&text);
        if let Some((context, used)) = ready {
            self.touch(&used);
            return Ok(context);
        }
        match Box::pin(timeout(TIMEOUT, self.read(value, text))).await {
            Ok(outcome) => outcome,
            Err(_) => Err(unavailable(format!("@context: not there within {} s", TIMEOUT.as_secs()))),
        }
    }

    /// As [`Contexts::resolve`], with what is kept here alone.
    pub(crate) fn at_hand(&self, value: &Value) -> Option<Context> {
        self.read_with(value, &HashMap::new()).0.ok()
    }

    async fn read(self: &Arc<Self>, value: &Value, text: String) -> Result<Context, Problem> {
        let mut fetched = HashMap::<String, Document>::new();
        loop {
            let generation = self.ready.lock().generation();
            let (read, used) = self.read_with(value, &fetched);
            let missing = match read {
                Ok(context) => {
                    self.touch(&used);
                    self.ready.lock().put(generation, text, context.clone(), used);
                    return Ok(context);
                }
                Err(ContextError::Invalid(error)) => return Err(error.into()),
                Err(ContextError::Missing(urls)) => urls,
            };
            let documents = join_all(missing.iter().map(|url| self.fetch(url, false))).await;
            for (url, document) in missing.into_iter().zip(documents) {
                fetched.insert(url, document?);
            }
        }
    }

    /// Reads a context with the documents that are at hand. Tells which of those that are kept it uses.
    fn read_with(
        &self,
        value: &Value,
        fetched: &HashMap<String, Document>,
    ) -> (Result<Context, ContextError>, Vec<Arc<str>>) {
        let used = RefCell::new(Vec::new());
        let kept = |url: &str| {
            let (id, text) = self.kept(url)?;
            used.borrow_mut().push(id);
            Document::parse(text.as_bytes()).ok()
        };
        let read = Context::parse(value, &|url| kept(url).or_else(|| fetched.get(url).cloned()));
        (read, used.into_inner())
    }

    /// Identifier and text of the document at a URL, if this broker has it.
    fn kept(&self, url: &str) -> Option<(Arc<str>, Arc<str>)> {
        let shelf = self.shelf.lock();
        let own = || shelf.get(local_id(url)?).filter(|entry| entry.record.kind != ContextKind::Cached);
        let record = &shelf.by_key(url).or_else(own)?.record;
        Some((record.id.clone(), record.text.clone()))
    }

    /// Counts uses, and begins to fetch again what is due.
    fn touch(self: &Arc<Self>, used: &[Arc<str>]) {
        let now = service::now();
        for id in used {
            let due = self.shelf.lock().touch(id, now);
            let Some(url) = due.filter(|url| !self.fetches.is_running(url)) else { continue };
            let (contexts, id) = (self.clone(), id.clone());
            self.node.tasks.spawn(async move {
                if let Err(problem) = contexts.fetch(&url, true).await {
                    tracing::warn!(
                        problem = problem.detail,
                        "a context is used although it is due to be fetched again"
                    );
                    contexts.shelf.lock().postpone(&id, service::now().after(POSTPONED));
                }
            });
        }
    }

    /// Fetches the document at a URL and keeps it. Unless `anew`, what failed just now is not tried.
    async fn fetch(self: &Arc<Self>, url: &str, anew: bool) -> Result<Document, Problem> {
        let failed = |reason: Arc<str>| unavailable(format!("the context at `{url}`: {reason}"));
        if url.starts_with(&self.base) && local_id(url).is_some() {
            return Err(failed("this broker does not have it".into()));
        }
        if !anew && let Some(reason) = self.fetches.failure(url) {
            return Err(failed(reason));
        }
        let contexts = self.clone();
        let fetch = self.fetches.join(&self.node, url, |url| async move { contexts.download(&url).await });
        fetch.await.map_err(failed)
    }

    async fn download(self: Arc<Self>, url: &Arc<str>) -> Result<Document, String> {
        let Fetched { body, max_age } = fetch::get(self.node.outside(), url).await?;
        let document = Document::parse(&body).map_err(|error| error.to_string())?;
        let alone = |wanted: &str| (*wanted == **url).then(|| document.clone());
        if let Err(ContextError::Invalid(error)) = Context::parse(&Value::from(&**url), &alone) {
            return Err(error.to_string());
        }
        let now = service::now();
        let fresh = Record::new(ContextKind::Cached, &document.to_json(), now);
        let record = Record {
            // The identifier stays.
            id: self.find(url, |entry| entry.record.id.clone()).unwrap_or(fresh.id),
            url: Some(url.clone()),
            expires_at: Some(now.after(max_age)),
            ..fresh
        };
        // What is not kept is fetched again when it is needed again.
        if let Err(problem) = self.keep(record).await {
            tracing::warn!(%url, problem = problem.detail, "a context is not kept");
        }
        Ok(document)
    }
}

/// The identifier in a URL of a context that this broker may serve. Clients may have other names for its host.
fn local_id(url: &str) -> Option<&str> {
    let (host, id) = url.split_once(PATH)?;
    (host.starts_with("http") && !id.is_empty()).then_some(id)
}

fn unavailable(detail: String) -> Problem {
    Problem::new(Kind::LdContextNotAvailable, detail)
}
