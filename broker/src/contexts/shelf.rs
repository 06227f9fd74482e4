//! The contexts at hand, in memory: bounded in number and size.

use std::collections::HashMap;
use std::sync::Arc;

use ngsi::Timestamp;

use super::record::{ContextKind, Record};

/// The most bytes that the contexts of one kind have together.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// A context with how it was used since the broker started.
pub(crate) struct Entry {
    pub(crate) record: Record,
    pub(crate) hits: u64,
    pub(crate) last_used: Option<Timestamp>,
    /// Which of all uses was the last one.
    turn: u64,
}

impl Entry {
    /// One that was not used yet.
    pub(super) fn new(record: Record) -> Self {
        Self { record, hits: 0, last_used: None, turn: 0 }
    }
}

pub(super) struct Shelf {
    entries: HashMap<Arc<str>, Entry>,
    /// Identifiers by [`Record::key`].
    keys: HashMap<Arc<str>, Arc<str>>,
    /// The most contexts of one kind.
    most: usize,
    turn: u64,
}

/// There is no room, and nothing that may be given up for it.
pub(super) struct Full {
    pub(super) most: usize,
}

impl Shelf {
    pub(super) fn new(most: usize) -> Self {
        Self { entries: HashMap::new(), keys: HashMap::new(), most, turn: 0 }
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// By identifier or, of cached ones, URL.
    pub(super) fn get(&self, id_or_url: &str) -> Option<&Entry> {
        self.entries.get(id_or_url).or_else(|| self.by_key(id_or_url))
    }

    /// By what stands for it in requests.
    pub(super) fn by_key(&self, key: &str) -> Option<&Entry> {
        self.entries.get(self.keys.get(key)?)
    }

    /// Counts a use. Gives the URL of a context that is due to be fetched again.
    pub(super) fn touch(&mut self, id: &str, now: Timestamp) -> Option<Arc<str>> {
        self.turn += 1;
        let entry = self.entries.get_mut(id)?;
        entry.hits += 1;
        entry.last_used = Some(now);
        entry.turn = self.turn;
        entry.record.url.clone().filter(|_| entry.record.expires_at.is_some_and(|at| at <= now))
    }

    /// Lets a context be used until a later time.
    pub(super) fn postpone(&mut self, id: &str, expires_at: Timestamp) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.record.expires_at = Some(expires_at);
        }
    }

    /// Puts a context in place of the one with its identifier or key. Gives the identifiers of those given up for it, which are
    /// never hosted ones.
    pub(super) fn insert(&mut self, record: Record) -> Result<Vec<Arc<str>>, Full> {
        let replaced = record.key().and_then(|key| self.keys.get(key)).unwrap_or(&record.id).clone();
        let mut given_up = Vec::new();
        while !self.has_room(&record, &replaced) {
            let victim =
                if record.kind == ContextKind::Hosted { None } else { self.least_used(record.kind, &replaced) };
            let Some(victim) = victim else { return Err(Full { most: self.most }) };
            self.remove(&victim);
            given_up.push(victim);
        }
        let earlier = self.remove(&replaced);
        if replaced != record.id {
            given_up.extend(earlier.is_some().then_some(replaced));
        }
        if let Some(key) = record.key() {
            self.keys.insert(key.clone(), record.id.clone());
        }
        self.turn += 1;
        let (hits, last_used) = earlier.map_or((0, None), |entry| (entry.hits, entry.last_used));
        let entry = Entry { hits, last_used, turn: self.turn, record };
        self.entries.insert(entry.record.id.clone(), entry);
        Ok(given_up)
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<Entry> {
        let entry = self.entries.remove(id)?;
        if let Some(key) = entry.record.key() {
            self.keys.remove(key);
        }
        Some(entry)
    }

    fn of_kind(&self, kind: ContextKind, except: &str) -> impl Iterator<Item = &Entry> {
        self.entries.values().filter(move |entry| entry.record.kind == kind && *entry.record.id != *except)
    }

    fn has_room(&self, record: &Record, replaced: &str) -> bool {
        let (count, bytes) = self
            .of_kind(record.kind, replaced)
            .fold((0, 0), |(count, bytes), entry| (count + 1, bytes + entry.record.text.len()));
        count < self.most && bytes + record.text.len() <= MAX_BYTES
    }

    fn least_used(&self, kind: ContextKind, except: &str) -> Option<Arc<str>> {
        self.of_kind(kind, except).min_by_key(|entry| entry.turn).map(|entry| entry.record.id.clone())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn cached(url: &str) -> Record {
        let now = Timestamp::default();
        Record { url: Some(url.into()), ..Record::new(ContextKind::Cached, "{}", now) }
    }

    fn insert(shelf: &mut Shelf, record: Record) -> Vec<Arc<str>> {
        shelf.insert(record).ok().unwrap()
    }

    #[test]
    fn what_was_not_used_for_longest_goes() {
        let mut shelf = Shelf::new(2);
        let first = cached("http://a");
        assert!(insert(&mut shelf, first.clone()).is_empty());
        let second = cached("http://b");
        insert(&mut shelf, second.clone());
        shelf.touch(&first.id, Timestamp::default());
        assert_eq!(insert(&mut shelf, cached("http://c")), [second.id]);
        assert!(shelf.get("http://a").is_some() && shelf.get("http://b").is_none() && shelf.get("http://c").is_some());
    }

    #[test]
    fn a_url_has_one_context() {
        let mut shelf = Shelf::new(2);
        let first = cached("http://a");
        insert(&mut shelf, first.clone());
        assert_eq!(insert(&mut shelf, cached("http://a")), [first.id]);
        assert_eq!(shelf.entries().count(), 1);
        let newer = Record { text: "{\"@context\":{}}".into(), ..shelf.get("http://a").unwrap().record.clone() };
        assert!(insert(&mut shelf, newer).is_empty());
        assert_eq!(&*shelf.get("http://a").unwrap().record.text, "{\"@context\":{}}");
    }

    #[test]
    fn hosted_contexts_are_not_given_up() {
        let mut shelf = Shelf::new(1);
        let hosted = || Record::new(ContextKind::Hosted, "{}", Timestamp::default());
        insert(&mut shelf, hosted());
        assert!(shelf.insert(hosted()).is_err());
        // Each kind has room of its own.
        insert(&mut shelf, cached("http://a"));
        assert!(Shelf::new(0).insert(cached("http://a")).is_err());
    }

    #[test]
    fn size_is_bounded_besides_number() {
        let mut shelf = Shelf::new(1_000);
        let large = |url: &str| Record { text: "x".repeat(MAX_BYTES / 2).into(), ..cached(url) };
        insert(&mut shelf, large("http://a"));
        insert(&mut shelf, large("http://b"));
        assert_eq!(insert(&mut shelf, large("http://c")).len(), 1);
    }

    #[test]
    fn what_is_due_is_said_when_it_is_used() {
        let (mut shelf, at) = (Shelf::new(1), Timestamp::from_millis);
        let record = Record { expires_at: Some(at(10)), ..cached("http://a") };
        insert(&mut shelf, record.clone());
        assert_eq!(shelf.touch(&record.id, at(9)), None);
        assert_eq!(shelf.touch(&record.id, at(10)).as_deref(), Some("http://a"));
        shelf.postpone(&record.id, at(20));
        assert_eq!(shelf.touch(&record.id, at(11)), None);
        assert_eq!(shelf.get("http://a").unwrap().hits, 3);
    }
}
