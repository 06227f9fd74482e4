//! Which linked entities go with those of an answer or a notification (ETSI GS CIM 009, 4.5.23): level by level, each once.
//! Whoever follows links finds the entities.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{Inline, Linked, Selection, links, urn};
use crate::{Entity, Name};

/// The most levels of linked entities.
pub const MAX_JOIN_LEVEL: usize = 10;
/// The most linked entities that are looked for, and the most links that are followed.
const MAX_LINKED: usize = 1_000;
const MAX_LINKS: usize = 10_000;

/// Where linked entities stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Inside of the Relationships that link to them.
    Inside,
    /// Behind the entities that link to them.
    Behind,
}

/// How linked entities are told, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// Where they stand.
    pub place: Place,
    /// How many levels of them.
    pub level: usize,
    /// URIs of entities that the reader has met already.
    pub met: Vec<Name>,
}

/// An entity that another one links to, and what of it is told.
pub type Selected = (Selection, Arc<Entity>);

/// Links that are being followed.
pub struct Following<'j> {
    join: &'j Join,
    levels_left: usize,
    /// By their URIs, those that link to them among them.
    entities: HashMap<Name, Arc<Entity>>,
    /// URIs of those that were looked for.
    asked: HashSet<Name>,
    /// Links that were followed.
    seen: HashSet<(Name, Selection)>,
    /// Those whose links are next.
    ahead: Vec<Selected>,
    /// What the level that is looked for links to.
    targets: Vec<(Name, Selection)>,
    /// URIs of those that stand somewhere.
    told: HashSet<Name>,
    behind: Vec<Selected>,
    is_full: bool,
}

/// What links lead to.
#[derive(Debug, Clone)]
pub struct Joined {
    place: Place,
    inline: Inline,
    behind: Vec<Selected>,
    is_full: bool,
}

impl Join {
    /// Begins with the links of these entities.
    #[must_use]
    pub fn follow(&self, selection: &Selection, entities: &[Arc<Entity>]) -> Following<'_> {
        let known: HashMap<_, _> = entities.iter().map(|entity| (uri(entity), entity.clone())).collect();
        Following {
            join: self,
            levels_left: self.level,
            told: known.keys().chain(&self.met).cloned().collect(),
            entities: known,
            asked: HashSet::new(),
            seen: HashSet::new(),
            ahead: entities.iter().map(|entity| (selection.clone(), entity.clone())).collect(),
            targets: Vec::new(),
            behind: Vec::new(),
            is_full: false,
        }
    }
}

impl Following<'_> {
    /// The URIs of entities to be found for the next level, perhaps none; nothing when there is no further level.
    pub fn wanted(&mut self) -> Option<Vec<Name>> {
        self.levels_left = self.levels_left.checked_sub(1)?;
        self.targets = self.next_targets();
        self.is_full |= self.seen.len() >= MAX_LINKS;
        let mut uris = Vec::new();
        for (uri, _) in self.targets.iter().filter(|(uri, _)| !self.entities.contains_key(uri)) {
            if self.asked.len() >= MAX_LINKED {
                self.is_full = true;
            } else if self.asked.insert(uri.clone()) {
                uris.push(uri.clone());
            }
        }
        Some(uris)
    }

    /// Takes what there is of [`Following::wanted`].
    pub fn found(&mut self, entities: Vec<Arc<Entity>>) {
        self.entities.extend(entities.into_iter().map(|entity| (uri(&entity), entity)));
        self.ahead.clear();
        for (uri, selection) in std::mem::take(&mut self.targets) {
            let Some(entity) = self.entities.get(&uri).cloned() else { continue };
            if self.join.place == Place::Behind && self.told.insert(uri) {
                self.behind.push((selection.clone(), entity.clone()));
            }
            self.ahead.push((selection, entity));
        }
    }

    /// What was found.
    #[must_use]
    pub fn end(self) -> Joined {
        let linked = Arc::new(Linked::new(self.entities));
        let inline = Inline { linked, level: self.join.level, around: self.join.met.clone() };
        Joined { place: self.join.place, inline, behind: self.behind, is_full: self.is_full }
    }

    /// What entities link to and nobody has looked at yet.
    fn next_targets(&mut self) -> Vec<(Name, Selection)> {
        let mut targets = Vec::new();
        for (selection, entity) in &self.ahead {
            for (name, uri) in links(entity, selection) {
                let target = (uri, selection.of_linked(name.as_str()));
                let is_new = !self.join.met.contains(&target.0) && self.seen.len() < MAX_LINKS;
                if is_new && self.seen.insert(target.clone()) {
                    targets.push(target);
                }
            }
        }
        targets
    }
}

impl Joined {
    /// The entities for inside of Relationships, if they stand there.
    #[must_use]
    pub fn inline(&self) -> Option<&Inline> {
        (self.place == Place::Inside).then_some(&self.inline)
    }

    /// The entities that stand behind the others, in the order in which they were met.
    #[must_use]
    pub fn behind(&self) -> &[Selected] {
        &self.behind
    }

    /// Whether nothing was left out for want of room; to be asked when all is written.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.is_full && self.inline.linked.is_complete()
    }
}

fn uri(entity: &Entity) -> Name {
    Name::from(&*urn(entity.id.as_str()))
}
