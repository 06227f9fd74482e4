//! What a subscriber that is behind still gets.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use context::backlog::{BOUND, Displaced, KEPT};
use context::{Backlog, Notice};
use ngsi::{Entity, EntityId, Name, Timestamp};
use proptest::prelude::*;

fn notice(seq: u64, id: &str) -> Notice {
    let now = Timestamp::from_micros(i64::try_from(seq).unwrap());
    let entity = Arc::new(Entity::new(EntityId::from(id), Name::from("T"), now));
    Notice { seq, entity, deleted: false, due_at: now, cause: None }
}

fn seqs(notices: &[Notice]) -> Vec<u64> {
    notices.iter().map(|notice| notice.seq).collect()
}

#[test]
fn every_state_is_kept_while_there_is_room() {
    let mut backlog = Backlog::default();
    for seq in 1..=10 {
        assert!(backlog.push(notice(seq, "a"), false).is_empty());
    }
    assert_eq!(seqs(&backlog.take(4, usize::MAX)), [1, 2, 3, 4]);
    assert_eq!(backlog.take(usize::MAX, usize::MAX).len(), 6);
    assert!(backlog.is_empty());
}

#[test]
fn beyond_the_bound_the_latest_of_each_entity_is_kept() {
    let mut backlog = Backlog::default();
    for seq in 0..KEPT as u64 {
        assert!(backlog.push(notice(seq, "a"), false).is_empty());
    }
    let displaced = backlog.push(notice(9_999, "a"), false);
    assert!(matches!(&displaced[..], [Displaced::Merged(merged)] if merged.seq == KEPT as u64 - 1));
    assert!(backlog.push(notice(10_000, "b"), false).is_empty());
}

#[test]
fn beyond_the_last_bound_the_oldest_is_lost() {
    let mut backlog = Backlog::default();
    for seq in 0..BOUND as u64 {
        backlog.push(notice(seq, &format!("e{seq}")), false);
    }
    let displaced = backlog.push(notice(99_999, "new"), false);
    assert!(matches!(&displaced[..], [Displaced::Lost(lost)] if lost.seq == 0));
    assert_eq!(backlog.len(), BOUND);
}

#[test]
fn the_entities_as_they_stood_come_first_and_contain_what_came_before() {
    let mut backlog = Backlog::held();
    backlog.push(notice(1, "a"), false);
    backlog.push(notice(5, "a"), false);
    assert!(backlog.is_empty());
    let superfluous = backlog.begin_with(vec![notice(3, "a").entity, notice(3, "b").entity], Timestamp::default());
    assert_eq!(seqs(&superfluous), [1]);
    backlog.open();
    assert_eq!(backlog.take(usize::MAX, usize::MAX).len(), 2);
    assert!(backlog.is_past_initial());
    assert_eq!(seqs(&backlog.take(usize::MAX, usize::MAX)), [5]);
}

proptest! {
    /// Throttled: whatever happens, the last state of every entity is given out, and no entity's states change order.
    #[test]
    fn the_latest_state_of_every_entity_arrives(steps in prop::collection::vec((0_u8..8, 0_usize..4), 1..200)) {
        let mut backlog = Backlog::default();
        let mut given = Vec::new();
        let mut last = std::collections::BTreeMap::new();
        for (seq, (entity, take)) in steps.into_iter().enumerate() {
            let seq = seq as u64 + 1;
            let id = format!("e{entity}");
            backlog.push(notice(seq, &id), true);
            last.insert(id, seq);
            given.extend(backlog.take(take, usize::MAX));
        }
        given.extend(backlog.take(usize::MAX, usize::MAX));
        let mut seen = std::collections::BTreeMap::new();
        for notice in &given {
            let before = seen.insert(notice.entity.id.as_str().to_owned(), notice.seq);
            prop_assert!(before.is_none_or(|before| before < notice.seq));
        }
        prop_assert_eq!(seen, last);
    }
}
