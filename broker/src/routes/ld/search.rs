//! Queries over the entities of all brokers (ETSI GS CIM 009, 5.7.2).

mod mapped;
mod wanted;

use std::collections::HashMap;
use std::sync::Arc;

use axum::response::Response;
use context::sources::{Attributes, Conditions};
use context::{LinkedEdit, Query};
use http::HeaderValue;
use ngsi::filter::ld::{ScopeFilter, TypeFilter};
use ngsi::filter::{Filter, GeoFilter, OrderBy};
use ngsi::ld::Context;
use ngsi::selector::Matcher;
use ngsi::v1::ngsi10::QueryContextRequest;
use ngsi::{Entity, EntityId, Name};

use super::answer::{Failure, no_content, unsaved};
use super::call::Call;
use super::distribute::{Asked, Gathered, Question, Warning};
use super::join;
use super::params::link_pages;
use super::purged::Purged;
use super::{change, distribute, rendering};
use crate::Shared;
use crate::federation::{self, BROKER_TYPE, Located};
use crate::routes::page::Page;
use crate::shards::Arrivals;
use crate::temporal::Candidates;
pub(super) use wanted::{Selector, Wanted, of_params};

/// A search that has been understood.
pub(super) struct Search {
    request: QueryContextRequest,
    query: Query,
    /// What each selector selects, when types are asked for in more than lists.
    selections: Vec<(Query, Option<TypeFilter>)>,
    filter: Option<Filter>,
    scopes: Option<ScopeFilter>,
    place: Option<GeoFilter>,
    attributes: Vec<Name>,
    order: Option<OrderBy>,
    page: Page,
    /// The same selectors, for sources.
    asked: Vec<Asked>,
    /// What is true of sources that are asked.
    sources: Conditions,
}

/// One page of what was found.
#[derive(Default)]
struct Found {
    entities: Vec<Arc<Entity>>,
    /// How many there are on all pages; when nobody counts, at least whether there are more than up to the end of this one.
    count: usize,
    problems: Vec<String>,
    /// Of sources.
    warnings: Vec<Warning>,
    /// Who has what not only brokers of this system have: registrations, and `@none` for those brokers.
    sources: HashMap<EntityId, Vec<Name>>,
}

impl Search {
    pub(super) fn page(&self) -> Page {
        self.page
    }

    /// The attributes of which an entity must have one; none when it need not.
    pub(super) fn attributes(&self) -> &[Name] {
        &self.attributes
    }

    /// Whether an entity is meant, whatever its attributes.
    pub(super) fn selects(&self, entity: &Entity) -> bool {
        self.query.selects(entity)
    }

    /// Whether an entity is found.
    pub(super) fn meets(&self, entity: &Entity) -> bool {
        self.selects(entity) && self.wants(entity)
    }

    /// Those that may be meant, where identifiers or types are named.
    pub(super) fn candidates(&self) -> Candidates {
        let exact = |matcher: &Matcher| match matcher {
            Matcher::Exact(text) => Some(text.to_string()),
            _ => None,
        };
        let types = self.query.selectors().iter().map(|selector| exact(&selector.entity_type));
        Candidates {
            ids: self.query.exact_ids().into_iter().flatten().map(str::to_owned).collect(),
            types: types.collect::<Option<_>>().unwrap_or_default(),
        }
    }

    fn wants(&self, entity: &Entity) -> bool {
        let has = |name: &Name| entity.instances(name.as_str()).next().is_some();
        let selects = |(query, types): &(Query, Option<TypeFilter>)| {
            query.selects(entity) && types.as_ref().is_none_or(|types| types.matches(entity))
        };
        (self.selections.is_empty() || self.selections.iter().any(selects))
            && (self.attributes.is_empty() || self.attributes.iter().any(has))
            && self.filter.as_ref().is_none_or(|filter| filter.matches(entity))
            && self.scopes.as_ref().is_none_or(|scopes| scopes.matches(entity))
            && self.place.as_ref().is_none_or(|place| place.matches(entity))
            && entity.entity_type != BROKER_TYPE
    }

    /// A page of what this broker and the others hold: first what is here, in the order in which it came, unless another is asked for.
    async fn run(&self, broker: &Shared, call: &Call, context: &Context, page: Page) -> Found {
        let mut gathered = self.gather(broker, call, context).await;
        let warnings = std::mem::take(&mut gathered.warnings);
        let arrivals = Arrivals {
            query: &self.query,
            place: self.place.as_ref(),
            filters: self.filter.iter().collect(),
            // One more says whether there is another page.
            most: match self.order {
                Some(_) => usize::MAX,
                None => page.end().saturating_add(usize::from(!page.counts)),
            },
            counts: page.counts,
        };
        let (mut entities, here) =
            arrivals.find(&broker.shards, |entity| self.wants(entity) && !gathered.has(broker, entity)).await;
        let full = !arrivals.counts && here >= arrivals.most;
        let mut located = match full || call.is_local() {
            true => Located::default(),
            false => federation::locate(broker, &self.request).await,
        };
        located.retain(|entity| entity.entity_type != BROKER_TYPE && !broker.shards.holds(entity.id.as_str()));
        let mut fetched = located.fetch_linked(broker).await;
        let sources = gathered.sources(broker, &fetched);
        gathered.put_together(broker, &mut fetched);
        let mut fetched: Vec<_> =
            fetched.into_iter().filter(|entity| self.query.selects(entity) && self.wants(entity)).collect();
        fetched.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        let count = here + fetched.len();
        entities.extend(fetched);
        if let Some(order) = &self.order {
            entities.sort_by_cached_key(|entity| order.key(entity, None));
        }
        page.cut(&mut entities);
        Found { entities, count, problems: located.problems, warnings, sources }
    }

    pub(super) async fn answer(&self, broker: &Shared, call: &Call, context: &Context) -> Result<Response, Failure> {
        let mut rendering = rendering::of_call(broker, call, context).await?;
        rendering.select(&self.attributes);
        let join = join::read(&call.params, &rendering.rendering.selection)?;
        let (found, map) = self.find(broker, call, context).await?;
        let mut response = match join {
            Some(join) => join::many(&join, broker, call, context, &mut rendering, &found.entities).await,
            None => rendering.many(&found.entities),
        };
        if self.page.counts {
            response.headers_mut().insert("ngsild-results-count", HeaderValue::from(found.count));
        }
        link_pages(&mut response, self.page, call.path_and_query(), found.count > self.page.end());
        warn(&mut response, &found.problems);
        distribute::warn(broker, &mut response, &found.warnings);
        map.iter().for_each(|map| map.tell(&mut response));
        Ok(response)
    }

    /// What sources have, which is filtered when it has been put together with what is here.
    async fn gather(&self, broker: &Shared, call: &Call, context: &Context) -> Gathered {
        let filtered = self.filter.is_some() || self.place.is_some();
        let attributes = match self.attributes.is_empty() || filtered {
            true => Attributes::All,
            false => Attributes::Only(self.attributes.clone()),
        };
        distribute::query(broker, call, context, &self.question(&attributes)).await
    }

    fn question<'s>(&'s self, attributes: &'s Attributes) -> Question<'s> {
        Question { asked: &self.asked, attributes, sources: &self.sources }
    }

    /// Whether sources would delete no more than what is found.
    fn is_plain(&self) -> bool {
        let by_pattern = self.asked.iter().any(|asked| !matches!(asked.pattern, Matcher::Any));
        !by_pattern
            && self.selections.is_empty()
            && self.filter.is_none()
            && self.scopes.is_none()
            && self.place.is_none()
    }

    /// Deletes what is found at this broker, and has sources delete it if they can be told all that is asked.
    pub(super) async fn purge(&self, broker: &Shared, call: &Call, context: &Context) -> Result<Response, Failure> {
        change::refuse_loop(broker, call)?;
        let purged = Purged::read(call, &self.attributes, context)?;
        let (query, place, filters) = (&self.query, self.place.as_ref(), self.filter.iter().collect());
        let all = Arrivals { query, place, filters, most: usize::MAX, counts: true };
        let (entities, _) = all.find(&broker.shards, |entity| self.wants(entity)).await;
        let purging = |entity: &Arc<Entity>| {
            let id = entity.id.clone();
            purged.of(entity).into_iter().map(move |action| LinkedEdit { id: id.clone(), action })
        };
        // What somebody else removed meanwhile is gone as well.
        let (applied, _) = broker.edit_linked(entities.iter().flat_map(purging).collect(), &call.origin());
        broker.saved(applied).await.map_err(unsaved)?;
        let mut response = no_content();
        let named = ["drop", "keep"].iter().any(|parameter| call.params.get(parameter).is_some());
        if self.is_plain() && (self.attributes.is_empty() || !named) {
            let attributes = purged.attributes();
            let warnings = distribute::purge(broker, call, context, &self.question(&attributes), &purged).await;
            distribute::warn(broker, &mut response, &warnings);
        }
        Ok(response)
    }
}

/// Says that brokers did not answer: the body has no place for it (6.3.17).
pub(super) fn warn(response: &mut Response, problems: &[String]) {
    let text = problems.join("; ").replace(['"', '\\'], "'");
    if let (false, Ok(value)) = (text.is_empty(), HeaderValue::try_from(format!("199 - \"{text}\""))) {
        response.headers_mut().append("ngsild-warning", value);
    }
}
