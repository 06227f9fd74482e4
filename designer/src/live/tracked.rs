//! Things that readers follow at their own pace.
//!
//! Each item carries the number of its latest change, and a reader keeps only the number up to which it knows everything. So a
//! slow reader costs no memory and skips what was overtaken; the alternative, a queue for each reader, would need a bound and
//! a way to recover when it overflows.

use std::collections::{BTreeMap, VecDeque};

/// Removed items that are remembered, so that readers hear of it.
const MAX_GONE: usize = 20_000;

/// Items by key, each with the number of its latest change.
#[derive(Debug)]
pub(crate) struct Tracked<K, V> {
    items: BTreeMap<K, Item<V>>,
    order: BTreeMap<u64, K>,
    /// The numbers of removals, oldest first; those of items that came back are stale.
    gone: VecDeque<u64>,
    live: usize,
    latest: u64,
    /// Removals up to this number are forgotten.
    horizon: u64,
}

#[derive(Debug)]
struct Item<V> {
    number: u64,
    value: Option<V>,
}

/// How far a reader has come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor {
    /// The number up to which it knows everything.
    at: u64,
    /// The number when it began: of removals before, it need not hear.
    pub(crate) begun: u64,
}

/// What a reader does not know yet.
#[derive(Debug)]
pub(crate) struct News<'a, K, V> {
    pub(crate) set: Vec<(&'a K, &'a V)>,
    pub(crate) removed: Vec<&'a K>,
    /// Where the reader is when it has taken this.
    pub(crate) cursor: Cursor,
    /// Whether there is more already.
    pub(crate) more: bool,
}

impl<K, V> Default for Tracked<K, V> {
    fn default() -> Self {
        let (items, order, gone) = (BTreeMap::new(), BTreeMap::new(), VecDeque::new());
        Self { items, order, gone, live: 0, latest: 0, horizon: 0 }
    }
}

impl<K: Ord + Clone, V> Tracked<K, V> {
    pub(crate) fn len(&self) -> usize {
        self.live
    }

    /// The number of the latest change.
    pub(crate) fn latest(&self) -> u64 {
        self.latest
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.items.get(key)?.value.as_ref()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.items.iter().filter_map(|(key, item)| Some((key, item.value.as_ref()?)))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.items.values().filter_map(|item| item.value.as_ref())
    }

    pub(crate) fn set(&mut self, key: K, value: V) {
        let item = self.items.entry(key.clone()).or_insert(Item { number: 0, value: None });
        self.live += usize::from(item.value.is_none());
        item.value = Some(value);
        self.renumber(key);
    }

    /// Changes an item if it is there and the change says that it was one.
    pub(crate) fn edit(&mut self, key: &K, change: impl FnOnce(&mut V) -> bool) {
        let value = self.items.get_mut(key).and_then(|item| item.value.as_mut());
        if value.is_some_and(change) {
            self.renumber(key.clone());
        }
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let value = self.items.get_mut(key)?.value.take()?;
        self.live -= 1;
        self.renumber(key.clone());
        self.gone.push_back(self.latest);
        while self.gone.len() > MAX_GONE {
            self.forget_oldest();
        }
        Some(value)
    }

    /// Removes every item that is not to stay.
    pub(crate) fn retain(&mut self, stays: impl Fn(&K, &V) -> bool) {
        let leaving: Vec<K> =
            self.iter().filter(|(key, value)| !stays(key, value)).map(|(key, _)| key.clone()).collect();
        for key in leaving {
            self.remove(&key);
        }
    }

    /// Where somebody stands who knows nothing yet.
    pub(crate) fn start(&self) -> Cursor {
        Cursor { at: 0, begun: self.latest }
    }

    /// At most `limit` changes that a reader does not know, oldest first; `None` when it has missed removals for good.
    pub(crate) fn since(&self, cursor: Cursor, limit: usize) -> Option<News<'_, K, V>> {
        self.weighed(cursor, limit, |_| 1)
    }

    /// As [`Tracked::since`], with items that count as much as they weigh.
    pub(crate) fn weighed(&self, cursor: Cursor, limit: usize, weigh: impl Fn(&V) -> usize) -> Option<News<'_, K, V>> {
        if self.horizon > cursor.at.max(cursor.begun) {
            return None;
        }
        let mut news = News { set: Vec::new(), removed: Vec::new(), cursor, more: false };
        let mut weight = 0;
        for (number, key) in self.order.range(cursor.at + 1..) {
            if weight >= limit {
                news.more = true;
                break;
            }
            match self.items.get(key).and_then(|item| item.value.as_ref()) {
                Some(value) => {
                    weight += weigh(value);
                    news.set.push((key, value));
                }
                // Somebody new has never heard of it.
                None if *number <= cursor.begun => {}
                None => {
                    weight += 1;
                    news.removed.push(key);
                }
            }
            news.cursor.at = *number;
        }
        Some(news)
    }

    fn renumber(&mut self, key: K) {
        self.latest += 1;
        if let Some(item) = self.items.get_mut(&key) {
            self.order.remove(&item.number);
            item.number = self.latest;
            self.order.insert(self.latest, key);
        }
    }

    fn forget_oldest(&mut self) {
        let Some(number) = self.gone.pop_front() else { return };
        self.horizon = number;
        if let Some(key) = self.order.remove(&number) {
            self.items.remove(&key);
        }
    }
}

/// A value that readers get whole when it has changed.
#[derive(Debug, Default)]
pub(crate) struct Versioned<T> {
    value: T,
    version: u64,
}

impl<T: PartialEq> Versioned<T> {
    pub(crate) fn get(&self) -> &T {
        &self.value
    }

    /// Takes a value; whether it is another one.
    pub(crate) fn set(&mut self, value: T) -> bool {
        let another = value != self.value;
        if another {
            self.value = value;
            self.version += 1;
        }
        another
    }

    /// The value, if the reader knows another one.
    pub(crate) fn since(&self, known: &mut u64) -> Option<&T> {
        let newer = self.version != *known;
        *known = self.version;
        newer.then_some(&self.value)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeMap;

    use super::*;

    /// Follows with a copy, as a page does.
    struct Reader {
        copy: BTreeMap<u32, u32>,
        cursor: Cursor,
    }

    impl Reader {
        fn new(tracked: &Tracked<u32, u32>) -> Self {
            Self { copy: BTreeMap::new(), cursor: tracked.start() }
        }

        fn read(&mut self, tracked: &Tracked<u32, u32>, limit: usize) -> bool {
            let Some(news) = tracked.since(self.cursor, limit) else { return false };
            assert!(news.set.len() + news.removed.len() <= limit);
            self.copy.extend(news.set.iter().map(|(key, value)| (**key, **value)));
            for key in news.removed {
                self.copy.remove(key);
            }
            self.cursor = news.cursor;
            true
        }
    }

    /// xorshift: enough to mix operations, the same at every run.
    fn next(state: &mut u64) -> u32 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        u32::try_from(*state >> 40).unwrap()
    }

    #[test]
    fn every_reader_ends_with_the_same_items_however_slow_it_is() {
        for seed in 1..200 {
            let (mut state, mut tracked, mut model) = (seed, Tracked::default(), BTreeMap::new());
            let mut readers = vec![Reader::new(&tracked)];
            for _ in 0..300 {
                let (key, value) = (next(&mut state) % 20, next(&mut state));
                match next(&mut state) % 6 {
                    0 | 1 => drop((tracked.set(key, value), model.insert(key, value))),
                    2 => assert_eq!(tracked.remove(&key), model.remove(&key)),
                    3 => {
                        tracked.edit(&key, |item| std::mem::replace(item, value) != value);
                        model.entry(key).and_modify(|item| *item = value);
                    }
                    4 => readers.push(Reader::new(&tracked)),
                    _ => {
                        let reader = next(&mut state) as usize % readers.len();
                        assert!(readers[reader].read(&tracked, 1 + next(&mut state) as usize % 4));
                    }
                }
                assert_eq!(tracked.len(), model.len());
            }
            for mut reader in readers {
                while tracked.since(reader.cursor, 3).unwrap().more {
                    reader.read(&tracked, 3);
                }
                reader.read(&tracked, 3);
                assert_eq!(reader.copy, model, "seed {seed}");
            }
        }
    }

    #[test]
    fn many_changes_of_one_item_are_one_for_who_reads_later() {
        let mut tracked = Tracked::default();
        let mut reader = Reader::new(&tracked);
        (0..1_000).for_each(|value| tracked.set(1, value));
        assert_eq!(tracked.since(reader.cursor, 100).unwrap().set.len(), 1);
        reader.read(&tracked, 100);
        assert_eq!(reader.copy, BTreeMap::from([(1, 999)]));
    }

    #[test]
    fn removals_are_remembered_up_to_a_bound_and_who_missed_them_is_told_so() {
        let mut tracked = Tracked::default();
        tracked.set(0, 0);
        let mut late = Reader::new(&tracked);
        late.read(&tracked, 10);
        for key in 1..=u32::try_from(MAX_GONE).unwrap() + 1 {
            tracked.set(key, key);
            tracked.remove(&key);
        }
        assert!(tracked.items.len() <= MAX_GONE + 1 && tracked.order.len() <= MAX_GONE + 1);
        assert!(!late.read(&tracked, 10));
        assert!(Reader::new(&tracked).read(&tracked, MAX_GONE + 10));
    }
}
