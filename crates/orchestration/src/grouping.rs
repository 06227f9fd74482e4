//! Which combinations of groups of a task have entities on every input stream.
//!
//! Streams of one type and grouping share a key, `<type>-<groupby>`. A group of a key is complete when every stream of the key
//! has an entity in it; the task instances are the combinations of one complete group of each key.

use std::collections::{BTreeMap, BTreeSet};

use flow::{GroupBy, InputStreamConfig};
use ngsi::{EntityId, JsonText};

/// One value for each key, in order of the keys.
pub(crate) type Combination = Vec<JsonText>;

#[derive(Debug, Default)]
pub(crate) struct Grouping {
    keys: Vec<Key>,
    streams: Vec<Stream>,
}

#[derive(Debug, Default)]
struct Key {
    streams: Vec<usize>,
    groups: BTreeMap<JsonText, Group>,
    complete: BTreeSet<JsonText>,
}

#[derive(Debug)]
struct Stream {
    key: usize,
    slot: usize,
    group_by: GroupBy,
    values: BTreeMap<EntityId, JsonText>,
}

/// Entities of one group, a set for each stream of the key.
#[derive(Debug, Default)]
struct Group {
    members: Vec<BTreeSet<EntityId>>,
}

impl Group {
    fn is_complete(&self) -> bool {
        self.members.iter().all(|members| !members.is_empty())
    }
}

/// What a change of one entity did to a group.
#[derive(Debug, PartialEq)]
pub(crate) enum Change {
    /// It has become complete.
    Opened { key: usize, value: JsonText },
    /// It is complete no more.
    Closed { key: usize, value: JsonText },
    /// A complete group has one more entity.
    Joined { key: usize, value: JsonText },
    /// A complete group has one less.
    Left { key: usize, value: JsonText },
}

impl Grouping {
    pub(crate) fn new(configs: &[InputStreamConfig]) -> Self {
        let name = |config: &InputStreamConfig| format!("{}-{}", config.selected_type, config.groupby.as_str());
        let names: BTreeSet<String> = configs.iter().map(name).collect();
        let mut keys: Vec<Key> = names.iter().map(|_| Key::default()).collect();
        let mut streams = Vec::with_capacity(configs.len());
        for (index, config) in configs.iter().enumerate() {
            let own = name(config);
            let key = names.iter().take_while(|name| **name < own).count();
            streams.push(Stream {
                key,
                slot: keys[key].streams.len(),
                group_by: config.groupby.clone(),
                values: BTreeMap::new(),
            });
            keys[key].streams.push(index);
        }
        Self { keys, streams }
    }

    pub(crate) fn group_by(&self, stream: usize) -> &GroupBy {
        &self.streams[stream].group_by
    }

    /// The key a stream belongs to.
    pub(crate) fn key(&self, stream: usize) -> usize {
        self.streams[stream].key
    }

    /// The group an entity of a stream is in.
    pub(crate) fn value(&self, stream: usize, entity: &EntityId) -> Option<&JsonText> {
        self.streams[stream].values.get(entity)
    }

    /// Takes an entity out of its group.
    pub(crate) fn remove(&mut self, stream: usize, entity: &EntityId) -> Option<Change> {
        let Stream { key, slot, values, .. } = &mut self.streams[stream];
        let (key, slot, value) = (*key, *slot, values.remove(entity)?);
        let Key { groups, complete, .. } = &mut self.keys[key];
        let group = groups.get_mut(&value)?;
        let was_complete = group.is_complete();
        group.members[slot].remove(entity);
        if group.members.iter().all(BTreeSet::is_empty) {
            groups.remove(&value);
        } else if group.is_complete() {
            return Some(Change::Left { key, value });
        }
        complete.remove(&value);
        was_complete.then_some(Change::Closed { key, value })
    }

    /// Puts an entity that is in no group of this stream into one.
    pub(crate) fn insert(&mut self, stream: usize, entity: &EntityId, value: JsonText) -> Option<Change> {
        let Stream { key, slot, values, .. } = &mut self.streams[stream];
        let (key, slot) = (*key, *slot);
        values.insert(entity.clone(), value.clone());
        let Key { groups, complete, streams } = &mut self.keys[key];
        let group = groups.entry(value.clone()).or_default();
        group.members.resize_with(streams.len(), BTreeSet::new);
        let was_complete = group.is_complete();
        group.members[slot].insert(entity.clone());
        if was_complete {
            return Some(Change::Joined { key, value });
        }
        group.is_complete().then(|| {
            complete.insert(value.clone());
            Change::Opened { key, value }
        })
    }

    /// The number of combinations in which `key`, if given, is fixed to one value.
    pub(crate) fn count(&self, key: Option<usize>) -> usize {
        if self.keys.is_empty() {
            return 0;
        }
        let factors = self.keys.iter().enumerate().filter(|(index, _)| Some(*index) != key);
        factors.fold(1, |product, (_, key)| product.saturating_mul(key.complete.len()))
    }

    /// The combinations in which `fixed`, if given, has that value; lazily, in order.
    pub(crate) fn combinations(&self, fixed: Option<(usize, &JsonText)>) -> Combinations {
        let choices = self.keys.iter().enumerate().map(|(index, key)| match fixed {
            Some((fixed, value)) if fixed == index => vec![value.clone()],
            _ => key.complete.iter().cloned().collect(),
        });
        Combinations::new(choices.collect())
    }

    /// The members of a combination with the stream each comes in by.
    pub(crate) fn members<'a>(&'a self, values: &'a [JsonText]) -> impl Iterator<Item = (usize, &'a EntityId)> {
        let groups = self.keys.iter().zip(values).filter_map(|(key, value)| Some((key, key.groups.get(value)?)));
        groups.flat_map(|(key, group)| {
            let slots = key.streams.iter().zip(&group.members);
            slots.flat_map(|(stream, members)| members.iter().map(|entity| (*stream, entity)))
        })
    }
}

/// Every way to choose one value of each list, the last list moving fastest.
pub(crate) struct Combinations {
    choices: Vec<Vec<JsonText>>,
    position: Option<Vec<usize>>,
}

impl Combinations {
    fn new(choices: Vec<Vec<JsonText>>) -> Self {
        let empty = choices.is_empty() || choices.iter().any(Vec::is_empty);
        let position = (!empty).then(|| vec![0; choices.len()]);
        Self { choices, position }
    }
}

impl Iterator for Combinations {
    type Item = Combination;

    fn next(&mut self) -> Option<Combination> {
        let position = self.position.as_mut()?;
        let current = position.iter().zip(&self.choices).map(|(at, values)| values[*at].clone()).collect();
        for (at, values) in position.iter_mut().zip(&self.choices).rev() {
            *at += 1;
            if *at < values.len() {
                return Some(current);
            }
            *at = 0;
        }
        self.position = None;
        Some(current)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(selected_type: &str, groupby: &str) -> InputStreamConfig {
        let selected_type = selected_type.to_owned();
        InputStreamConfig { selected_type, groupby: GroupBy::from(groupby.to_owned()), ..Default::default() }
    }

    fn words(grouping: &Grouping) -> Vec<String> {
        let word = |combination: Combination| combination.iter().map(JsonText::to_plain).collect::<Vec<_>>().join("+");
        grouping.combinations(None).map(word).collect()
    }

    #[test]
    fn combinations_wait_for_every_stream_and_follow_the_order_of_keys() {
        let mut grouping = Grouping::new(&[stream("Rule", "ALL"), stream("Panel", "EntityID")]);
        let text = JsonText::string;
        assert_eq!(grouping.insert(1, &"p1".into(), text("p1")), Some(Change::Opened { key: 0, value: text("p1") }));
        assert!(words(&grouping).is_empty());
        grouping.insert(0, &"r".into(), text("ALL"));
        grouping.insert(1, &"p2".into(), text("p2"));
        assert_eq!(words(&grouping), ["p1+ALL", "p2+ALL"]);
        assert_eq!(grouping.count(None), 2);
        let members: Vec<_> = grouping.combinations(None).take(1).collect();
        let members: Vec<_> = grouping.members(&members[0]).map(|(stream, id)| (stream, id.to_string())).collect();
        assert_eq!(members, [(1, "p1".to_owned()), (0, "r".to_owned())]);
        assert_eq!(grouping.remove(0, &"r".into()), Some(Change::Closed { key: 1, value: text("ALL") }));
        assert!(words(&grouping).is_empty());
    }

    #[test]
    fn streams_of_one_key_must_share_the_group() {
        let mut grouping = Grouping::new(&[stream("Car", "city"), stream("Car", "city")]);
        let ulm = JsonText::string("Ulm");
        assert_eq!(grouping.insert(0, &"a".into(), ulm.clone()), None);
        assert_eq!(grouping.insert(1, &"b".into(), ulm.clone()), Some(Change::Opened { key: 0, value: ulm.clone() }));
        assert_eq!(grouping.insert(1, &"c".into(), ulm.clone()), Some(Change::Joined { key: 0, value: ulm.clone() }));
        assert_eq!(grouping.remove(1, &"b".into()), Some(Change::Left { key: 0, value: ulm.clone() }));
        assert_eq!(grouping.remove(0, &"a".into()), Some(Change::Closed { key: 0, value: ulm }));
    }
}
