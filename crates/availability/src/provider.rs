//! Who provides which entities.

use std::sync::Arc;

use hashbrown::HashMap;

/// The scheme, host and port of a URL, in lower case: what tells one broker from another.
///
/// A broker registers as `http://host:8070/ngsi10` and may announce itself with or without the path.
#[must_use]
pub fn origin(url: &str) -> String {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    url[..end].to_ascii_lowercase()
}

#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) url: Arc<str>,
    origin: String,
    pub(crate) members: Vec<u32>,
}

/// A table of the providers in use.
#[derive(Debug, Default)]
pub(crate) struct Providers {
    entries: Vec<Provider>,
    free: Vec<u32>,
    by_url: HashMap<Arc<str>, u32, foldhash::fast::RandomState>,
}

impl Providers {
    pub(crate) fn intern(&mut self, url: &str) -> u32 {
        if let Some(index) = self.by_url.get(url) {
            return *index;
        }
        let url: Arc<str> = url.into();
        let provider = Provider { origin: origin(&url), url: url.clone(), members: Vec::new() };
        let index = match self.free.pop() {
            Some(index) => {
                self.entries[index as usize] = provider;
                index
            }
            None => {
                self.entries.push(provider);
                crate::registry::index(self.entries.len() - 1)
            }
        };
        self.by_url.insert(url, index);
        index
    }

    pub(crate) fn get(&self, index: u32) -> &Provider {
        &self.entries[index as usize]
    }

    pub(crate) fn get_mut(&mut self, index: u32) -> &mut Provider {
        &mut self.entries[index as usize]
    }

    /// Forgets a provider without entities.
    pub(crate) fn release(&mut self, index: u32) {
        let provider = &self.entries[index as usize];
        if provider.members.is_empty() && self.by_url.remove(&provider.url).is_some() {
            self.free.push(index);
        }
    }

    /// All providers but one.
    pub(crate) fn but<'a>(&'a self, url: &'a str) -> impl Iterator<Item = &'a Provider> {
        self.entries.iter().filter(move |provider| *provider.url != *url)
    }

    /// The providers at an origin.
    pub(crate) fn at<'a>(&'a self, origin: &'a str) -> impl Iterator<Item = &'a Provider> {
        self.entries.iter().filter(move |provider| provider.origin == origin)
    }
}
