//! Changes to entities: to memory, to the subscribers they concern, and to the journal, in one step under the locks of the entities.
//! Nothing may be acknowledged before it is [saved](Broker::saved).

use std::sync::Arc;

use context::{
    Change, Edit, EditAction, EditRefusal, EntityMap, LinkedAction, LinkedEdit, LinkedEdited, LinkedRefusal, Origin,
    Refusal, Subscribed,
};
use ngsi::v1::ContextElement;
use ngsi::v1::ngsi10::UpdateAction;
use ngsi::{EntityId, Name, Timestamp};
use storage::Batch;

use crate::broker::Broker;
use crate::ledger::Due;
use crate::notifier::{self, Subscriber};
use crate::unsaved::Applied;

/// Changes that are written in one go. Their entities are locked meanwhile.
const TOGETHER: usize = 64;

/// A change that is in memory and in a batch.
struct Made {
    change: Change,
    concerned: Vec<Arc<Subscriber>>,
    /// How many entities more there are.
    grown: i64,
}

impl Broker {
    /// Applies elements of NGSI-10.
    pub(crate) fn apply(
        self: &Arc<Self>,
        elements: Vec<ContextElement>,
        action: UpdateAction,
        origin: &Origin,
    ) -> (Vec<Applied>, Vec<Result<(), Refusal>>) {
        self.change_all(
            elements,
            |element| &element.entity.id,
            origin,
            |shard, element, now| {
                let change = shard.apply(element, action, now)?;
                match action {
                    UpdateAction::Delete => self.histories.forget(&change),
                    UpdateAction::Update | UpdateAction::Append => self.histories.record(&change.entity),
                }
                Ok((Some(change), ()))
            },
        )
    }

    /// Carries out edits of NGSIv2. Tells which attributes each left out.
    pub(crate) fn edit(
        self: &Arc<Self>,
        edits: Vec<Edit>,
        origin: &Origin,
    ) -> (Vec<Applied>, Vec<Result<Vec<Name>, EditRefusal>>) {
        self.change_all(
            edits,
            |edit| &edit.id,
            origin,
            |shard, edit, now| {
                let action = edit.action;
                let edited = shard.edit(edit, now)?;
                if matches!(action, EditAction::Delete | EditAction::Replace) {
                    self.histories.forget(&edited.change);
                }
                if action != EditAction::Delete {
                    self.histories.record(&edited.change.entity);
                }
                Ok((Some(edited.change), edited.left_out))
            },
        )
    }

    /// Carries out edits of NGSI-LD, some of which may change nothing.
    pub(crate) fn edit_linked(
        self: &Arc<Self>,
        edits: Vec<LinkedEdit>,
        origin: &Origin,
    ) -> (Vec<Applied>, Vec<Result<LinkedEdited, LinkedRefusal>>) {
        self.change_all(
            edits,
            |edit| &edit.id,
            origin,
            |shard, edit, now| {
                let forgets = matches!(
                    edit.action,
                    LinkedAction::Delete | LinkedAction::Replace(_) | LinkedAction::CreateOrReplace(_)
                );
                let edited = shard.edit_linked(edit, now)?;
                let change = edited.change.clone();
                if let Some(change) = change.as_ref().filter(|_| forgets) {
                    self.histories.forget(change);
                }
                if let Some(change) = change.as_ref().filter(|change| !change.deleted) {
                    self.histories.record(&change.entity);
                }
                Ok((change, edited))
            },
        )
    }

    /// Makes changes in the order given, a number of them in one write. What is to be saved, and what became of each.
    pub(crate) fn change_all<I, T, E>(
        self: &Arc<Self>,
        items: Vec<I>,
        id: impl Fn(&I) -> &EntityId,
        origin: &Origin,
        make: impl Fn(&mut EntityMap, I, Timestamp) -> Result<(Option<Change>, T), E>,
    ) -> (Vec<Applied>, Vec<Result<T, E>>) {
        let (mut applied, mut outcomes) = (Vec::new(), Vec::with_capacity(items.len()));
        let mut items = items.into_iter();
        while items.len() > 0 {
            let together = items.by_ref().take(TOGETHER).collect();
            applied.extend(self.change_together(together, &id, origin, &make, &mut outcomes));
        }
        (applied, outcomes)
    }

    fn change_together<I, T, E>(
        self: &Arc<Self>,
        items: Vec<I>,
        id: &impl Fn(&I) -> &EntityId,
        origin: &Origin,
        make: &impl Fn(&mut EntityMap, I, Timestamp) -> Result<(Option<Change>, T), E>,
        outcomes: &mut Vec<Result<T, E>>,
    ) -> Option<Applied> {
        let now = service::now();
        let mut shards = self.shards.lock(items.iter().map(|item| id(item).as_str()));
        let mut batch = Batch::new();
        let mut all_made = Vec::with_capacity(items.len());
        for item in items {
            let shard = shards.of(id(&item).as_str());
            let count = shard.len();
            let outcome = make(shard, item, now).map(|(change, outcome)| {
                all_made.extend(change.map(|change| self.note(shard, count, change, &mut batch, origin, now)));
                outcome
            });
            outcomes.push(outcome);
        }
        let commit = self.ledger.submit(batch);
        all_made.iter().for_each(|made| self.expiry.note(&made.change));
        drop(shards);
        let changed = all_made.iter().map(|made| made.change.entity.id.clone()).collect();
        let applied = (!all_made.is_empty()).then(|| Applied::new(changed, commit));
        all_made.into_iter().for_each(|made| self.finish(&made));
        applied
    }

    /// Writes a change down for the disk and for subscribers.
    fn note(
        self: &Arc<Self>,
        shard: &EntityMap,
        count_before: usize,
        change: Change,
        batch: &mut Batch,
        origin: &Origin,
        now: Timestamp,
    ) -> Made {
        let mut concerned = self.subscribers.read().matching(&change, origin, now);
        concerned.retain(|subscriber| self.is_served(batch, subscriber));
        let told = concerned.iter().any(|subscriber| subscriber.subscription().tells_causes());
        let cause = told.then(|| change.cause(origin).clone());
        let due = Due::new(change.entity.clone(), change.deleted, now, cause);
        self.ledger.put_change(batch, &due);
        // Histories are read by identifier alone.
        if is_first(shard, &change.entity.id) {
            self.temporal.record(batch, &change, now);
        }
        for subscriber in &concerned {
            self.queue(batch, subscriber, &due);
        }
        Made { change, concerned, grown: shard.len() as i64 - count_before as i64 }
    }

    /// Has those who are concerned look.
    fn finish(self: &Arc<Self>, made: &Made) {
        self.counters.updates.inc();
        self.counters.entities.inc_by(made.grown);
        for subscriber in &made.concerned {
            notifier::wake(self, subscriber);
        }
        let Change { entity, deleted, availability, .. } = &made.change;
        if *availability && !self.federation.alone {
            self.federation.registrar.mark(&entity.id, *deleted);
        }
    }
}

/// Whether an identifier alone leads, or led until a moment ago, to the entity.
fn is_first(shard: &EntityMap, id: &EntityId) -> bool {
    !id.is_twin() || shard.get(id.as_str()).is_none_or(|first| *id <= first.id)
}
