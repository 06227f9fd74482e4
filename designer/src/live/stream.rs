//! `/live` for one page: a cursor into the model, moved when the page has taken what came before.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, stream};
use ngsi::EntityId;
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;
use service::http::Event;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep_until};

use super::Live;
use super::entities::WatchState;
use super::model::Model;
use super::tracked::{Cursor, News};
use crate::state::Designer;

/// Four events a second of each kind at most.
const INTERVAL: Duration = Duration::from_millis(250);
/// Items in one event.
const CHUNK: usize = 1_000;
/// Text of entities in one event, in bytes.
const CHUNK_BYTES: usize = 1024 * 1024;
/// Until a page whose stream has ended asks for another.
const RETRY: Duration = Duration::from_secs(1);

/// What one page knows.
struct Reader {
    designer: Arc<Designer>,
    changed: watch::Receiver<()>,
    ready: VecDeque<Event>,
    /// When it may be told more.
    next: Instant,
    /// Whether there is more to tell already.
    more: bool,
    known: Known,
    watched: Vec<Followed>,
    _place: OwnedSemaphorePermit,
}

/// The versions of what it knows.
struct Known {
    services: u64,
    brokers: u64,
    masters: u64,
    revisions: u64,
    samples: u64,
    alerts: Cursor,
    workers: Cursor,
    instances: Cursor,
}

/// A type it watches.
struct Followed {
    entity_type: String,
    state: WatchState,
    cursor: Option<Cursor>,
    /// The updates of each entity that it has been told of.
    updates: HashMap<EntityId, u64>,
}

/// The events for a page that watches these types; `None` when there are too many pages.
pub(crate) fn open(designer: &Arc<Designer>, types: Vec<String>) -> Option<impl Stream<Item = Event> + Send + use<>> {
    let live = &designer.live;
    let place = live.place()?;
    live.change(|model| {
        let token = || uuid::Uuid::new_v4().to_string();
        types.iter().for_each(|entity_type| model.watches.enter(entity_type, token));
    });
    live.opened.notify_waiters();
    let mut changed = live.changed.subscribe();
    changed.mark_unchanged();
    let follow =
        |entity_type| Followed { entity_type, state: WatchState::Asked, cursor: None, updates: HashMap::new() };
    let mut reader = Reader {
        designer: designer.clone(),
        changed,
        ready: VecDeque::from([Event::default().retry(RETRY)]),
        next: Instant::now(),
        more: true,
        known: live.look(Known::start),
        watched: types.into_iter().map(follow).collect(),
        _place: place,
    };
    reader.snapshot();
    Some(stream::unfold(reader, |mut reader| async move { Some((reader.next().await?, reader)) }))
}

impl Known {
    fn start(model: &Model) -> Self {
        Self {
            services: 0,
            brokers: 0,
            masters: 0,
            revisions: 0,
            samples: 0,
            alerts: model.alerts.log().start(),
            workers: model.workers.start(),
            instances: model.instances.all().start(),
        }
    }
}

impl Reader {
    /// The next event; `None` when the page has missed something for good and must begin anew.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if !self.more {
                self.changed.changed().await.ok()?;
                sleep_until(self.next).await;
                self.changed.mark_unchanged();
            }
            self.next = Instant::now() + INTERVAL;
            self.collect()?;
        }
    }

    fn snapshot(&mut self) {
        let Self { designer, known, .. } = self;
        let event = designer.live.look(|model| {
            let (workers, instances) =
                (model.workers.since(known.workers, CHUNK), model.instances.all().since(known.instances, CHUNK));
            let alerts = model.alerts.log().since(known.alerts, CHUNK);
            let snapshot = json!({
                "now": service::now().as_micros() / 1_000,
                "version": env!("CARGO_PKG_VERSION"),
                "site": designer.node.config.site_id,
                "services": model.services.since(&mut known.services).unwrap_or(model.services.get()),
                "brokers": model.brokers.since(&mut known.brokers).unwrap_or(model.brokers.get()),
                "masters": model.masters.since(&mut known.masters).unwrap_or(model.masters.get()),
                "revisions": model.revisions.since(&mut known.revisions).unwrap_or(model.revisions.get()),
                "history": model.history.since(&mut known.samples).collect::<Vec<_>>(),
                "workers": taken(&mut known.workers, workers.as_ref(), |worker| worker),
                "instances": taken(&mut known.instances, instances.as_ref(), |instance| instance.view()),
                "alerts": taken(&mut known.alerts, alerts.as_ref(), |alert| alert),
            });
            event("snapshot", &snapshot)
        });
        self.ready.extend(event);
    }

    /// Puts what the page does not know yet in line.
    fn collect(&mut self) -> Option<()> {
        let Self { designer, known, ready, watched, more, .. } = self;
        *more = false;
        let parts = designer.live.look(|model| {
            let workers = model.workers.since(known.workers, CHUNK)?;
            *more |= workers.more;
            ready.extend(changes("workers", &mut known.workers, &workers, |worker| worker));
            let instances = model.instances.all().since(known.instances, CHUNK)?;
            *more |= instances.more;
            ready.extend(changes("instances", &mut known.instances, &instances, |instance| instance.view()));
            let alerts = model.alerts.log().since(known.alerts, CHUNK)?;
            known.alerts = alerts.cursor;
            ready.extend(alerts.set.iter().filter_map(|(_, alert)| event("alert", alert)));
            ready.extend(model.services.since(&mut known.services).and_then(|services| event("services", services)));
            ready.extend(model.brokers.since(&mut known.brokers).and_then(|brokers| event("brokers", brokers)));
            ready.extend(model.masters.since(&mut known.masters).and_then(|masters| event("masters", masters)));
            ready.extend(model.revisions.since(&mut known.revisions).and_then(|numbers| event("revisions", numbers)));
            ready.extend(model.history.since(&mut known.samples).filter_map(|sample| event("sample", sample)));
            watched.iter_mut().map(|followed| followed.collect(model, ready)).collect::<Option<Vec<_>>>()
        })?;
        for part in parts.into_iter().flatten() {
            *more |= part.more;
            ready.extend(event("entities", &part));
        }
        Some(())
    }
}

/// Entities of one type that a page does not know yet.
#[derive(Serialize)]
struct Entities {
    set: Vec<Arc<RawValue>>,
    removed: Vec<EntityId>,
    updates: HashMap<EntityId, u64>,
    #[serde(skip)]
    more: bool,
}

impl Followed {
    /// Outer `None`: it has missed removals for good. Inner: there is nothing new.
    fn collect(&mut self, model: &Model, ready: &mut VecDeque<Event>) -> Option<Option<Entities>> {
        let Some(watched) = model.watches.get(&self.entity_type) else { return Some(None) };
        if self.state != watched.state {
            self.state = watched.state.clone();
            ready.extend(self.state_event());
        }
        let cursor = *self.cursor.get_or_insert_with(|| watched.entities.start());
        let news = watched.entities.weighed(cursor, CHUNK_BYTES, |entity| entity.text.get().len())?;
        self.cursor = Some(news.cursor);
        if news.set.is_empty() && news.removed.is_empty() {
            return Some(None);
        }
        let removed: Vec<EntityId> = news.removed.into_iter().cloned().collect();
        for id in &removed {
            self.updates.remove(id);
        }
        let mut updates = HashMap::new();
        for (id, entity) in &news.set {
            // Of what was there before, the page counts from now on.
            let first = if entity.born >= cursor.begun { 0 } else { entity.updates };
            let before = self.updates.insert((*id).clone(), entity.updates).unwrap_or(first);
            let since = entity.updates.saturating_sub(before);
            if since > 0 {
                updates.insert((*id).clone(), since);
            }
        }
        let set = news.set.into_iter().map(|(_, entity)| entity.text.clone()).collect();
        Some(Some(Entities { set, removed, updates, more: news.more }))
    }

    fn state_event(&self) -> Option<Event> {
        let (state, reason) = match &self.state {
            WatchState::Asked => return None,
            WatchState::Live => ("live", None),
            WatchState::Refused(reason) => ("refused", Some(reason)),
            WatchState::Failed(reason) => ("failed", Some(reason)),
        };
        let mut told = json!({ "type": self.entity_type, "state": state });
        if let Some(reason) = reason {
            told["reason"] = json!(reason);
        }
        event("watch", &told)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let live: &Live = &self.designer.live;
        let now = service::now();
        live.change(|model| self.watched.iter().for_each(|followed| model.watches.leave(&followed.entity_type, now)));
    }
}

/// What is set, taken note of.
fn taken<'a, K, V, T: Serialize>(
    cursor: &mut Cursor,
    news: Option<&News<'a, K, V>>,
    view: impl Fn(&'a V) -> T,
) -> Vec<T> {
    let Some(news) = news else { return Vec::new() };
    *cursor = news.cursor;
    news.set.iter().map(|(_, value)| view(value)).collect()
}

fn changes<'a, K: Serialize, V, T: Serialize>(
    name: &str,
    cursor: &mut Cursor,
    news: &News<'a, K, V>,
    view: impl Fn(&'a V) -> T,
) -> Option<Event> {
    let set = taken(cursor, Some(news), view);
    if set.is_empty() && news.removed.is_empty() {
        return None;
    }
    event(name, &Changes { set, removed: &news.removed })
}

#[derive(Serialize)]
struct Changes<'a, K, T> {
    set: Vec<T>,
    removed: &'a [&'a K],
}

/// A value that cannot be written, which only a number that is none could cause, is not told.
fn event(name: &str, data: &impl Serialize) -> Option<Event> {
    Event::default().event(name).json_data(data).ok()
}
