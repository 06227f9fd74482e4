//! Contexts that need not be read again.

use std::collections::HashMap;
use std::sync::Arc;

use ngsi::ld::Context;

/// The most contexts kept.
const MAX_CONTEXTS: usize = 64;
/// The longest text of a context that is kept: an object in a request is rarely sent twice.
const MAX_TEXT: usize = 4096;

#[derive(Default)]
pub(super) struct Ready {
    /// By their JSON, with the identifiers of what they were made of.
    contexts: HashMap<String, (Context, Vec<Arc<str>>)>,
    generation: u64,
}

impl Ready {
    pub(super) fn get(&self, text: &str) -> Option<(Context, Vec<Arc<str>>)> {
        self.contexts.get(text).cloned()
    }

    /// Changes whenever a document does.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// Keeps a context that was made of the documents of a generation.
    pub(super) fn put(&mut self, generation: u64, text: String, context: Context, used: Vec<Arc<str>>) {
        if generation != self.generation || text.len() > MAX_TEXT {
            return;
        }
        if self.contexts.len() >= MAX_CONTEXTS {
            self.contexts.clear();
        }
        self.contexts.insert(text, (context, used));
    }

    /// A document has changed.
    pub(super) fn clear(&mut self) {
        self.generation += 1;
        self.contexts.clear();
    }
}
