//! Searches over all brokers, and how their findings are answered.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use axum::response::Response;
use context::{Query, provision};
use http::HeaderMap;
use http::header::{HeaderName, HeaderValue, WARNING};
use ngsi::filter::{Filter, GeoFilter, OrderBy};
use ngsi::v1::EntityRef;
use ngsi::v1::ngsi10::QueryContextRequest;
use ngsi::v2::names::BUILTIN_ATTRIBUTES;
use ngsi::v2::path::ServicePaths;
use ngsi::v2::subscription::Expression;
use ngsi::v2::write::attribute;
use ngsi::v2::{Problem, Rendering, select};
use ngsi::{Entity, Name, Restriction};

use super::find::is_same;
use super::headers;
use super::params::Params;
use crate::federation::{self, BROKER_TYPE, Located};
use crate::routes::page::Page;
use crate::routes::request;
use crate::shards::Arrivals;
use crate::{Shared, answer, providers};

/// The options that say how entities are written.
pub(super) const REPRESENTATIONS: [&str; 7] =
    ["normalized", "keyValues", "values", "unique", "skipForwarding", "dateCreated", "dateModified"];
/// The options of a list.
pub(super) const OPTIONS: [&str; 8] =
    ["count", "normalized", "keyValues", "values", "unique", "skipForwarding", "dateCreated", "dateModified"];

/// A search that has been understood.
pub(super) struct Search {
    request: QueryContextRequest,
    query: Query,
    filters: Vec<Filter>,
    place: Option<GeoFilter>,
    /// Attributes of which an entity must have one, when there are some.
    any_of: Vec<Name>,
    paths: ServicePaths,
    order: Option<OrderBy>,
    page: Page,
    /// Whether context providers are asked.
    forwards: bool,
}

/// One page of what was found.
pub(super) struct Found {
    entities: Vec<Arc<Entity>>,
    /// How many there are on all pages.
    count: usize,
    problems: Vec<String>,
}

impl Search {
    pub(super) fn of_params(params: &Params) -> Result<Self, Problem> {
        let id = select::Choice::new("id", params.list("id")?, params.get("idPattern"))?;
        let entity_type = select::Choice::new("type", params.list("type")?, params.get("typePattern"))?;
        let text = |name: &str| params.get(name).map(str::to_owned);
        let expression = Expression {
            q: text("q"),
            mq: text("mq"),
            georel: text("georel"),
            geometry: text("geometry"),
            coords: text("coords"),
        };
        Self::new(select::references(id, entity_type)?, &expression, params.get("orderBy"), params.page()?)
    }

    pub(super) fn new(
        entities: Vec<EntityRef>,
        expression: &Expression,
        order: Option<&str>,
        page: Page,
    ) -> Result<Self, Problem> {
        let query = Query::compile(&entities, &[], &Restriction::default())?;
        let (filters, place) = (expression.filters()?, expression.place()?);
        let order = order.map(OrderBy::parse).transpose()?;
        if place.is_none() && order.as_ref().is_some_and(OrderBy::needs_reference) {
            return Err(Problem::bad_request("orderBy: geo:distance needs georel, geometry and coords"));
        }
        let request = QueryContextRequest { entities, ..QueryContextRequest::default() };
        let paths = ServicePaths::default();
        Ok(Self { request, query, filters, place, any_of: Vec::new(), paths, order, page, forwards: true })
    }

    /// The same, of entities that have one of the attributes; those that every entity has do not count.
    pub(super) fn with_any_of(self, names: &[Name]) -> Self {
        let own = |name: &&Name| name.as_str() != "*" && !BUILTIN_ATTRIBUTES.contains(&name.as_str());
        Self { any_of: names.iter().filter(own).cloned().collect(), ..self }
    }

    /// The same, where and of whom the request asks.
    pub(super) fn within(self, headers: &HeaderMap, params: &Params) -> Result<Self, Problem> {
        Ok(Self { paths: headers::paths(headers)?, forwards: params.forwards(), ..self })
    }

    fn wants(&self, entity: &Entity) -> bool {
        self.holds(entity) && self.paths.select(entity)
    }

    fn holds(&self, entity: &Entity) -> bool {
        self.filters.iter().all(|filter| filter.matches(entity))
            && (self.any_of.is_empty() || self.any_of.iter().any(|name| attribute(entity, name.as_str()).is_some()))
            && self.place.as_ref().is_none_or(|place| place.matches(entity))
    }

    /// Whether it takes more than identifier and type to know what is found.
    fn looks_inside(&self) -> bool {
        let filters = self.place.is_some() || !self.filters.is_empty() || !self.any_of.is_empty();
        filters || self.order.is_some() || !self.paths.is_everywhere()
    }

    /// One page; `counts` says whether it matters how many there are on all.
    pub(super) async fn run(&self, broker: &Shared, headers: &HeaderMap, counts: bool) -> Result<Found, Problem> {
        let mut problems = Vec::new();
        let told = self.ask_providers(broker, headers, &mut problems).await;
        let arrivals = Arrivals {
            query: &self.query,
            place: self.place.as_ref(),
            filters: self.filters.iter().collect(),
            most: if self.order.is_some() || !told.is_empty() { usize::MAX } else { self.page.end() },
            counts,
        };
        let (mut entities, mut here) = arrivals.find(&broker.shards, |entity| self.wants(entity)).await;
        if !told.is_empty() {
            self.complete(broker, &mut entities, told);
            here = entities.len();
        }
        let full = !counts && here >= arrivals.most;
        let mut located = if full { Located::default() } else { self.locate(broker, headers).await };
        let count = if self.looks_inside() {
            let fetched = located.fetch(broker, &self.request).await.into_iter().map(timeless);
            let mut fetched: Vec<_> = fetched.filter(|entity| self.wants(entity)).collect();
            fetched.sort_unstable_by(|one, other| one.id.cmp(&other.id));
            let count = here + fetched.len();
            entities.extend(fetched);
            if let Some(order) = &self.order {
                entities.sort_by_cached_key(|entity| order.key(entity, self.place.as_ref()));
            }
            self.page.cut(&mut entities);
            count
        } else {
            self.page_by_id(broker, &mut entities, here, &mut located).await
        };
        problems.append(&mut located.problems);
        Ok(Found { entities, count, problems })
    }

    async fn ask_providers(&self, broker: &Shared, headers: &HeaderMap, problems: &mut Vec<String>) -> Vec<Entity> {
        let Some(request) = providers::Request::of(broker, headers, self.paths.clone()).filter(|_| self.forwards)
        else {
            return Vec::new();
        };
        let (told, failed) = providers::ask(broker, self.query.selectors(), &request).await;
        problems.extend(failed);
        told
    }

    /// Adds what context providers know: to entities of this broker, and behind them as entities of their own.
    fn complete(&self, broker: &Shared, entities: &mut Vec<Arc<Entity>>, told: Vec<Entity>) {
        let places: HashMap<_, _> = entities.iter().enumerate().map(|(place, e)| (e.id.clone(), place)).collect();
        let mut superfluous = HashSet::new();
        for told in told {
            let mut known = broker.shards.all(told.id.as_str());
            known.retain(|here| is_same(here, &told));
            let here = known.iter().find(|here| self.paths.select(here));
            if here.is_none() && !known.is_empty() {
                continue;
            }
            let place = here.and_then(|here| places.get(&here.id));
            let whole = here.map_or(told.clone(), |here| provision::complete(here, told));
            let meant = self.query.selects(&whole) && self.holds(&whole);
            match (place, meant) {
                (Some(place), true) => entities[*place] = Arc::new(whole),
                (None, true) => entities.push(Arc::new(whole)),
                (Some(_), false) => drop(superfluous.insert(whole.id)),
                (None, false) => {}
            }
        }
        entities.retain(|entity| !superfluous.contains(&entity.id));
    }

    /// What other brokers may have of it.
    async fn locate(&self, broker: &Shared, headers: &HeaderMap) -> Located {
        let all_here = self.query.exact_ids().is_some_and(|mut ids| ids.all(|id| broker.shards.holds(id)));
        if request::is_from_broker(headers) || all_here {
            return Located::default();
        }
        let mut located = federation::locate(broker, &self.request).await;
        located.retain(|entity| entity.entity_type != BROKER_TYPE && !broker.shards.holds(entity.id.as_str()));
        located
    }

    /// Entities of other brokers come behind those of this one, by identifier, and only those of the page are fetched.
    async fn page_by_id(
        &self,
        broker: &Shared,
        entities: &mut Vec<Arc<Entity>>,
        here: usize,
        located: &mut Located,
    ) -> usize {
        let mut ids: Vec<_> = located.ids().cloned().collect();
        ids.sort_unstable();
        ids.dedup();
        let count = here + ids.len();
        let page = Page {
            offset: self.page.offset.saturating_sub(here),
            limit: self.page.end().saturating_sub(here).min(self.page.limit),
            ..self.page
        };
        page.cut(&mut ids);
        self.page.cut(entities);
        located.retain(|entity| ids.binary_search(&entity.id).is_ok());
        let mut fetched: Vec<_> = located.fetch(broker, &self.request).await.into_iter().map(timeless).collect();
        fetched.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        entities.extend(fetched);
        count
    }
}

fn timeless(entity: Arc<Entity>) -> Arc<Entity> {
    Arc::new(federation::without_times(Arc::unwrap_or_clone(entity)))
}

/// The findings as a list.
pub(super) fn answer(found: &Found, rendering: &Rendering, counts: bool) -> Response {
    let mut out = Vec::with_capacity(2 + found.entities.len() * 384);
    out.push(b'[');
    for (index, entity) in found.entities.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        rendering.write(&mut out, entity);
    }
    out.push(b']');
    let mut response = answer::json(out);
    if counts {
        total(&mut response, found.count);
    }
    warn(&mut response, &found.problems);
    response
}

/// Says how many there are on all pages.
pub(super) fn total(response: &mut Response, count: usize) {
    response.headers_mut().insert(HeaderName::from_static("fiware-total-count"), HeaderValue::from(count));
}

/// Says that brokers did not answer: the body has no place for it.
pub(super) fn warn(response: &mut Response, problems: &[String]) {
    let text = problems.join("; ").replace(['"', '\\'], "'");
    if let (false, Ok(value)) = (text.is_empty(), HeaderValue::try_from(format!("199 - \"{text}\""))) {
        response.headers_mut().insert(WARNING, value);
    }
}
