//! A context as it is kept.

use std::sync::Arc;

use ngsi::Timestamp;
use ngsi::ld::context::{CORE_CONTEXT, CORE_DOCUMENT};
use ngsi::ld::{Kind, Problem};
use serde::{Deserialize, Serialize};

/// Why a context is kept (ETSI GS CIM 009, 5.13.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum ContextKind {
    /// A client asked for it to be served.
    Hosted,
    /// Fetched from its URL.
    Cached,
    /// A list or an object that came with a request, served so that answers can name it.
    ImplicitlyCreated,
}

/// A context with what is known of it, as the table has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: Arc<str>,
    pub(crate) kind: ContextKind,
    /// Where a cached one comes from.
    pub(crate) url: Option<Arc<str>>,
    pub(crate) created_at: Timestamp,
    /// When a cached one is to be fetched again.
    pub(crate) expires_at: Option<Timestamp>,
    /// The document, with nothing beside its `@context`.
    pub(crate) text: Arc<str>,
}

impl Record {
    pub(crate) fn new(kind: ContextKind, text: &str, now: Timestamp) -> Self {
        let id = format!("urn:ngsi-ld:Context:{}", uuid::Uuid::new_v4());
        Self { id: id.into(), kind, url: None, created_at: now, expires_at: None, text: text.into() }
    }

    /// The core context, as if it had been fetched.
    pub(super) fn of_core(now: Timestamp) -> Self {
        let url = Some(CORE_CONTEXT.into());
        Self { id: CORE_CONTEXT.into(), url, ..Self::new(ContextKind::Cached, CORE_DOCUMENT, now) }
    }

    pub(super) fn written(&self) -> Result<Vec<u8>, Problem> {
        serde_json::to_vec(self).map_err(|error| Problem::new(Kind::InternalError, error.to_string()))
    }

    /// What stands for it in requests: its URL, or what it says.
    pub(super) fn key(&self) -> Option<&Arc<str>> {
        match self.kind {
            ContextKind::Hosted => None,
            ContextKind::Cached => self.url.as_ref(),
            ContextKind::ImplicitlyCreated => Some(&self.text),
        }
    }
}
