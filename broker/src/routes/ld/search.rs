//! Queries over the entities of all brokers (ETSI GS CIM 009, 5.7.2).

use std::sync::Arc;

use axum::response::Response;
use context::linked::Instances;
use context::sources::Attributes;
use context::{LinkedAction, Query};
use http::HeaderValue;
use ngsi::filter::ld::{ScopeFilter, TypeFilter, Vocabulary};
use ngsi::filter::{Filter, GeoFilter};
use ngsi::ld::{Context, Problem};
use ngsi::selector::Matcher;
use ngsi::v1::EntityRef;
use ngsi::v1::ngsi10::QueryContextRequest;
use ngsi::v2::select::{Choice, references};
use ngsi::{Entity, EntitySelector, Name, Restriction};

use super::answer::{Failure, no_content, unsaved};
use super::call::Call;
use super::distribute::{Asked, Gathered, Warning};
use super::{change, distribute, rendering};
use crate::Shared;
use crate::federation::{self, BROKER_TYPE, Located};
use crate::routes::page::Page;
use crate::shards::Arrivals;
use crate::temporal::Candidates;

/// Which identifiers and types are asked for (5.2.33).
#[derive(Debug, Default)]
pub(super) struct Selector<'a> {
    pub(super) ids: Vec<&'a str>,
    pub(super) id_pattern: Option<&'a str>,
    /// In the entity type selection language (4.17).
    pub(super) types: Option<&'a str>,
}

/// Which entities are asked for: those that one of the selectors selects, and that meet all the rest.
#[derive(Debug, Default)]
pub(super) struct Wanted<'a> {
    pub(super) selectors: Vec<Selector<'a>>,
    pub(super) attributes: Vec<&'a str>,
    pub(super) q: Option<&'a str>,
    pub(super) expand_values: Vec<&'a str>,
    pub(super) scope_q: Option<&'a str>,
    pub(super) georel: Option<&'a str>,
    pub(super) geometry: Option<&'a str>,
    pub(super) coordinates: Option<&'a str>,
    pub(super) geoproperty: Option<&'a str>,
}

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
    page: Page,
    /// The same selectors, for sources.
    asked: Vec<Asked>,
}

pub(super) fn of_params(call: &Call, context: &Context) -> Result<Search, Problem> {
    let params = &call.params;
    let wanted = Wanted {
        selectors: vec![Selector {
            ids: params.list("id")?,
            id_pattern: params.get("idPattern"),
            types: params.get("type"),
        }],
        attributes: params.list("attrs")?,
        q: params.get("q"),
        expand_values: params.list("expandValues")?,
        scope_q: params.get("scopeQ"),
        georel: params.get("georel"),
        geometry: params.get("geometry"),
        coordinates: params.get("coordinates"),
        geoproperty: params.get("geoproperty"),
    };
    let search = wanted.compile(context, params.page()?)?;
    if wanted.is_everything() && !call.is_local() {
        let problem = "one of id, idPattern, type, attrs, q, georel or scopeQ, or local=true, must be given";
        return Err(Problem::bad_request(problem));
    }
    Ok(search)
}

impl Selector<'_> {
    fn is_everything(&self) -> bool {
        self.ids.is_empty() && self.id_pattern.is_none() && self.types.is_none()
    }

    /// The references that select, and the types where references cannot say all.
    fn compile(&self, expand: &dyn Fn(&str) -> Name) -> Result<(Vec<EntityRef>, Option<TypeFilter>, Asked), Problem> {
        for id in &self.ids {
            change::check_id(id)?;
        }
        // `*` stands for every type.
        let types =
            self.types.filter(|types| *types != "*").map(|types| TypeFilter::parse(types, expand)).transpose()?;
        let entities = references(self.identifiers()?, leading(types.as_ref()))?;
        let asked = self.asked(types.as_ref())?;
        Ok((entities, types.filter(|types| !types.is_list()), asked))
    }

    /// What sources are asked for: more than what is meant, perhaps.
    fn asked(&self, types: Option<&TypeFilter>) -> Result<Asked, Problem> {
        let pattern =
            self.id_pattern.map(|pattern| EntitySelector::compile(&EntityRef::pattern(pattern))).transpose()?;
        Ok(Asked {
            ids: self.ids.iter().map(|id| (*id).to_owned()).collect(),
            pattern: pattern.map_or(Matcher::Any, |selector| selector.id),
            types: types.into_iter().flat_map(TypeFilter::leading).cloned().collect(),
        })
    }

    /// Entities whose identifier came without a scheme are meant by `urn:` and it, too.
    fn identifiers(&self) -> Result<Choice<'_>, Problem> {
        match (self.ids.is_empty(), self.id_pattern) {
            (true, None) => Ok(Choice::Any),
            (true, Some(pattern)) => Ok(Choice::Pattern(pattern)),
            (false, None) => {
                let bare = self.ids.iter().filter_map(|id| id.strip_prefix("urn:"));
                Ok(Choice::OneOf(self.ids.iter().copied().chain(bare).collect()))
            }
            (false, Some(_)) => Err(Problem::bad_request("id and idPattern exclude one another")),
        }
    }
}

impl Wanted<'_> {
    fn is_everything(&self) -> bool {
        self.selectors.iter().any(Selector::is_everything)
            && self.attributes.is_empty()
            && [self.q, self.scope_q, self.georel].iter().all(Option::is_none)
    }

    pub(super) fn compile(&self, context: &Context, page: Page) -> Result<Search, Problem> {
        let expand = |term: &str| context.expand(term);
        let mut entities = Vec::new();
        let mut selections = Vec::new();
        let mut asked = Vec::new();
        for selector in &self.selectors {
            let (selected, types, asked_of_sources) = selector.compile(&expand)?;
            asked.push(asked_of_sources);
            selections.push((Query::compile(&selected, &[], &Restriction::default())?, types));
            entities.extend(selected);
        }
        if selections.iter().all(|(_, types)| types.is_none()) {
            selections.clear();
        }
        let vocabulary = Vocabulary { expand: &expand, expand_values: &self.expand_values };
        Ok(Search {
            query: Query::compile(&entities, &[], &Restriction::default())?,
            request: QueryContextRequest { entities, ..QueryContextRequest::default() },
            selections,
            filter: self.q.map(|q| Filter::parse_ld(q, &vocabulary)).transpose()?,
            scopes: self.scope_q.map(ScopeFilter::parse).transpose()?,
            place: self.place(&expand)?,
            attributes: rendering::attributes(&self.attributes, context)?,
            page,
            asked,
        })
    }

    fn place(&self, expand: &dyn Fn(&str) -> Name) -> Result<Option<GeoFilter>, Problem> {
        match (self.georel, self.geometry, self.coordinates) {
            (None, None, None) => Ok(None),
            (Some(georel), Some(geometry), Some(coordinates)) => {
                let property = expand(self.geoproperty.unwrap_or("location"));
                Ok(Some(GeoFilter::parse_ld(georel, geometry, coordinates, property)?))
            }
            _ => Err(Problem::bad_request("georel, geometry and coordinates: either all three or none")),
        }
    }
}

fn leading(types: Option<&TypeFilter>) -> Choice<'_> {
    types.map_or(Choice::Any, |types| Choice::OneOf(types.leading().map(Name::as_str).collect()))
}

/// One page of what was found.
struct Found {
    entities: Vec<Arc<Entity>>,
    /// How many there are on all pages.
    count: usize,
    problems: Vec<String>,
    /// Of sources.
    warnings: Vec<Warning>,
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

    /// The page of what this broker and the others hold: first what is here, in the order in which it came.
    async fn run(&self, broker: &Shared, call: &Call, context: &Context) -> Found {
        let mut gathered = self.gather(broker, call, context).await;
        let warnings = std::mem::take(&mut gathered.warnings);
        let arrivals = Arrivals {
            query: &self.query,
            place: self.place.as_ref(),
            most: self.page.end(),
            counts: self.page.counts,
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
        gathered.put_together(broker, &mut fetched);
        let mut fetched: Vec<_> =
            fetched.into_iter().filter(|entity| self.query.selects(entity) && self.wants(entity)).collect();
        fetched.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        let count = here + fetched.len();
        entities.extend(fetched);
        self.page.cut(&mut entities);
        Found { entities, count, problems: located.problems, warnings }
    }

    pub(super) async fn answer(&self, broker: &Shared, call: &Call, context: &Context) -> Result<Response, Failure> {
        let mut rendering = rendering::of_call(broker, call, context).await?;
        rendering.select(&self.attributes);
        let found = self.run(broker, call, context).await;
        let mut response = rendering.many(&found.entities);
        if self.page.counts {
            response.headers_mut().insert("ngsild-results-count", HeaderValue::from(found.count));
        }
        warn(&mut response, &found.problems);
        distribute::warn(broker, &mut response, &found.warnings);
        Ok(response)
    }

    /// What sources have, which is filtered when it has been put together with what is here.
    async fn gather(&self, broker: &Shared, call: &Call, context: &Context) -> Gathered {
        let filtered = self.filter.is_some() || self.place.is_some();
        let attributes = match self.attributes.is_empty() || filtered {
            true => Attributes::All,
            false => Attributes::Only(self.attributes.clone()),
        };
        distribute::query(broker, call, context, &self.asked, &attributes).await
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
        let all = Arrivals { query: &self.query, place: self.place.as_ref(), most: usize::MAX, counts: true };
        let (entities, _) = all.find(&broker.shards, |entity| self.wants(entity)).await;
        let mut applied = Vec::new();
        for entity in entities {
            for action in self.purging() {
                // What somebody else removed meanwhile is gone as well.
                if let Ok((change, _)) = change::apply(broker, call, entity.id.clone(), action) {
                    applied.extend(change);
                }
            }
        }
        broker.saved(applied).await.map_err(unsaved)?;
        let mut response = no_content();
        if self.is_plain() {
            let names = &self.attributes;
            let attributes = if names.is_empty() { Attributes::All } else { Attributes::Only(names.clone()) };
            let warnings = distribute::purge(broker, call, context, &self.asked, &attributes).await;
            distribute::warn(broker, &mut response, &warnings);
        }
        Ok(response)
    }

    fn purging(&self) -> Vec<LinkedAction> {
        if self.attributes.is_empty() {
            return vec![LinkedAction::Delete];
        }
        let delete = |name: &Name| LinkedAction::DeleteAttribute { name: name.clone(), instances: Instances::All };
        self.attributes.iter().map(delete).collect()
    }
}

/// Says that brokers did not answer: the body has no place for it (6.3.17).
fn warn(response: &mut Response, problems: &[String]) {
    let text = problems.join("; ").replace(['"', '\\'], "'");
    if let (false, Ok(value)) = (text.is_empty(), HeaderValue::try_from(format!("199 - \"{text}\""))) {
        response.headers_mut().insert("ngsild-warning", value);
    }
}
