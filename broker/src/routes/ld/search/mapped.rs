//! Queries with entity maps: all their pages are of what the first of them found (ETSI GS CIM 009, 5.5.9.3 and 5.7.2).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use axum::response::Response;
use context::{MAX_MAPPED, Mapped, Mapping};
use http::{HeaderValue, StatusCode};
use ngsi::ld::temporal::Duration;
use ngsi::ld::{Context, Kind, Problem, urn};
use ngsi::{EntityId, Name, ParseError, Timestamp};

use super::{Found, Search};
use crate::Shared;
use crate::routes::ld::call::Call;
use crate::routes::ld::entity_map::{USUAL_LIFE_US, bounded};
use crate::routes::ld::join;
use crate::routes::page::Page;

const HEADER: &str = "ngsild-entitymap";
/// The fewest entities of a map that are looked at in one go.
const FEWEST: usize = 20;

/// The entity map of an answer.
pub(super) struct Map {
    id: Name,
    is_new: bool,
}

impl Map {
    /// Says where it is.
    pub(super) fn tell(&self, response: &mut Response) {
        if let Ok(location) = HeaderValue::try_from(format!("/ngsi-ld/v1/entityMaps/{}", self.id)) {
            response.headers_mut().insert(HEADER, location);
        }
        if self.is_new {
            *response.status_mut() = StatusCode::CREATED;
        }
    }
}

impl Search {
    /// The page that is asked for, with the entity map if there is to be one.
    pub(super) async fn find(
        &self,
        broker: &Shared,
        call: &Call,
        context: &Context,
    ) -> Result<(Found, Option<Map>), Problem> {
        let named = call.headers.get(HEADER).and_then(|location| location.to_str().ok());
        let id = named.and_then(|location| location.trim_end_matches('/').rsplit('/').next());
        let known = id.and_then(|id| Some((Name::from(id), broker.mappings.lock().get(id, service::now())?.clone())));
        match known {
            Some((id, mapping)) => {
                let found = self.look_up(broker, call, context, (&id, &mapping)).await;
                Ok((found, Some(Map { id, is_new: false })))
            }
            None if named.is_some() || call.params.flag("entityMap")? => {
                let expires_at = expiry(call)?;
                self.map(broker, call, context, expires_at).await.map(|(found, map)| (found, Some(map)))
            }
            None => Ok((self.run(broker, call, context, self.page).await, None)),
        }
    }

    /// Finds everything, and keeps what it was.
    async fn map(
        &self,
        broker: &Shared,
        call: &Call,
        context: &Context,
        expires_at: Timestamp,
    ) -> Result<(Found, Map), Problem> {
        let all = Page { limit: MAX_MAPPED, offset: 0, counts: true };
        let mut found = self.run(broker, call, context, all).await;
        if found.count > MAX_MAPPED {
            let problem = format!("entityMap: there are more than {MAX_MAPPED} entities");
            return Err(Problem::new(Kind::TooManyResults, problem));
        }
        let entities = found.entities.iter().map(|entity| {
            let id = EntityId::from(&*urn(entity.id.as_str()));
            let sources = found.sources.remove(&id).unwrap_or_else(|| vec![Name::from("@none")]);
            Mapped { sources, is_here: broker.shards.holds(entity.id.as_str()), id }
        });
        let mapping = Mapping { expires_at, entities: Arc::new(entities.collect()) };
        let id = Name::from(format!("urn:ngsi-ld:EntityMap:{}", uuid::Uuid::new_v4()));
        broker.mappings.lock().put(id.clone(), mapping, service::now());
        self.page.cut(&mut found.entities);
        Ok((found, Map { id, is_new: true }))
    }

    /// Fills the page with entities of a map, and takes out of it those that the query does not find any more.
    async fn look_up(
        &self,
        broker: &Shared,
        call: &Call,
        context: &Context,
        (id, mapping): (&Name, &Mapping),
    ) -> Found {
        let mut found = Found { count: mapping.entities.len(), ..Found::default() };
        let (mut gone, mut places) = (HashSet::new(), 0);
        let behind = mapping.entities.get(self.page.offset..).unwrap_or_default();
        for chunk in behind.chunks(self.page.limit.max(FEWEST)) {
            if places >= self.page.limit {
                break;
            }
            let uris: Vec<Name> = chunk.iter().map(|mapped| Name::from(mapped.id.as_str())).collect();
            let fetched = join::fetch(broker, call, context, &uris).await;
            let is_sure = fetched.problems.is_empty() && fetched.warnings.is_empty();
            let mut entities: HashMap<_, _> =
                fetched.entities.into_iter().map(|it| (EntityId::from(&*urn(it.id.as_str())), it)).collect();
            for mapped in chunk {
                let entity = entities.remove(&mapped.id);
                // Whoever has it may only be silent: its place stays empty.
                let is_silent = entity.is_none() && !mapped.is_here && !is_sure;
                match entity.filter(|entity| self.meets(entity)) {
                    None if !is_silent => drop(gone.insert(mapped.id.clone())),
                    entity => {
                        found.entities.extend(entity.filter(|_| places < self.page.limit));
                        places += 1;
                    }
                }
            }
            found.problems.extend(fetched.problems);
            found.warnings.extend(fetched.warnings);
        }
        found.count -= gone.len();
        broker.mappings.lock().leave_out(id.as_str(), &gone);
        found
    }
}

/// When a new map expires.
fn expiry(call: &Call) -> Result<Timestamp, Problem> {
    let now = service::now();
    let usual = Timestamp::from_micros(now.as_micros().saturating_add(USUAL_LIFE_US));
    let Some(text) = call.params.get("entityMapLifetime") else { return Ok(usual) };
    let wish = Duration::parse(text).map_err(|error| ParseError::new("entityMapLifetime", error.problem))?;
    Ok(bounded(wish.after(now), now))
}
