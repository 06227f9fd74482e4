//! The registrations of one tenant, found by what they offer.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use context::provision::{Asked, Provision};
use ngsi::selector::Matcher;
use ngsi::{EntityId, EntitySelector, Timestamp};
use serde::Serialize;

/// A provider, and how asking it has gone since the broker started.
pub(crate) struct Provider {
    pub(crate) provision: Provision,
    times_sent: AtomicU64,
    last_forwarding: AtomicI64,
    last_success: AtomicI64,
    last_failure: AtomicI64,
    failing: AtomicBool,
}

/// How asking has gone, in the words of NGSIv2.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Forwardings {
    times_sent: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_forwarding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_success: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure: Option<String>,
}

impl Provider {
    pub(crate) fn new(provision: Provision) -> Self {
        Self {
            provision,
            times_sent: AtomicU64::new(0),
            last_forwarding: AtomicI64::new(0),
            last_success: AtomicI64::new(0),
            last_failure: AtomicI64::new(0),
            failing: AtomicBool::new(false),
        }
    }

    pub(crate) fn id(&self) -> &str {
        self.provision.record.id.as_str()
    }

    pub(super) fn url(&self) -> &str {
        self.provision.record.registration.provider.http.url.trim_end_matches('/')
    }

    pub(super) fn note(&self, sent_at: Timestamp, succeeded: bool) {
        self.times_sent.fetch_add(1, Ordering::Relaxed);
        self.last_forwarding.store(sent_at.as_micros(), Ordering::Relaxed);
        let last = if succeeded { &self.last_success } else { &self.last_failure };
        last.store(sent_at.as_micros(), Ordering::Relaxed);
        self.failing.store(!succeeded, Ordering::Relaxed);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.provision.record.registration.has_ended(service::now())
    }

    /// Whether the last attempt failed.
    pub(crate) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    /// None before the first attempt.
    pub(crate) fn forwardings(&self) -> Option<Forwardings> {
        let text = |moment: &AtomicI64| {
            let micros = moment.load(Ordering::Relaxed);
            (micros != 0).then(|| Timestamp::from_micros(micros).to_string())
        };
        let times_sent = self.times_sent.load(Ordering::Relaxed);
        (times_sent > 0).then(|| Forwardings {
            times_sent,
            last_forwarding: text(&self.last_forwarding),
            last_success: text(&self.last_success),
            last_failure: text(&self.last_failure),
        })
    }
}

/// All providers, in the order in which they were registered. Those that name their entities are found by them.
#[derive(Default)]
pub(super) struct Registry {
    all: BTreeMap<(Timestamp, String), Arc<Provider>>,
    by_id: HashMap<String, Timestamp>,
    by_entity: HashMap<EntityId, Vec<Arc<Provider>>>,
    patterns: Vec<Arc<Provider>>,
}

impl Registry {
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn insert(&mut self, provider: Arc<Provider>) {
        self.remove(provider.id());
        match provider.provision.exact_ids() {
            None => self.patterns.push(provider.clone()),
            Some(ids) => {
                for id in ids {
                    self.by_entity.entry(id).or_default().push(provider.clone());
                }
            }
        }
        let (id, created_at) = (provider.id().to_owned(), provider.provision.record.created_at);
        self.by_id.insert(id.clone(), created_at);
        self.all.insert((created_at, id), provider);
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<Arc<Provider>> {
        let created_at = self.by_id.remove(id)?;
        let provider = self.all.remove(&(created_at, id.to_owned()))?;
        self.patterns.retain(|other| other.id() != id);
        for entity in provider.provision.exact_ids().unwrap_or_default() {
            if let Some(providers) = self.by_entity.get_mut(entity.as_str()) {
                providers.retain(|other| other.id() != id);
                if providers.is_empty() {
                    self.by_entity.remove(entity.as_str());
                }
            }
        }
        Some(provider)
    }

    pub(super) fn get(&self, id: &str) -> Option<Arc<Provider>> {
        let created_at = self.by_id.get(id)?;
        self.all.get(&(*created_at, id.to_owned())).cloned()
    }

    pub(super) fn page(&self, offset: usize, limit: usize) -> Vec<Arc<Provider>> {
        self.all.values().skip(offset).take(limit).cloned().collect()
    }

    /// Those that may have something of an entity.
    pub(super) fn of_entity<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a Arc<Provider>> {
        self.by_entity.get(id).into_iter().flatten().chain(&self.patterns)
    }

    /// Those that have something of a query, and what.
    pub(super) fn asked(&self, query: &[EntitySelector]) -> Vec<(Arc<Provider>, Vec<Asked>)> {
        let mut asked: BTreeMap<&str, (Arc<Provider>, Vec<Asked>)> = BTreeMap::new();
        for selector in query {
            let selector = std::slice::from_ref(selector);
            let candidates: Box<dyn Iterator<Item = &Arc<Provider>>> = match &selector[0].id {
                Matcher::Exact(id) => Box::new(self.of_entity(id.as_str())),
                _ => Box::new(self.all.values()),
            };
            for provider in candidates {
                let more = provider.provision.asked(selector);
                if !more.is_empty() {
                    let (_, known) = asked.entry(provider.id()).or_insert_with(|| (provider.clone(), Vec::new()));
                    known.extend(more.into_iter().filter(|one| !known.contains(one)).collect::<Vec<_>>());
                }
            }
        }
        asked.into_values().collect()
    }
}
