//! What an update did to an entity, beyond the state that it left.

use ngsi::v2::AlterationType;
use ngsi::{Attribute, AttributeKind, Entity, JsonText, Name};
use smallvec::SmallVec;

use crate::Change;

/// Where an update came from, and what its author asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// `Fiware-Correlator`.
    pub correlator: String,
    /// `X-Auth-Token`. It is not written to disk.
    pub auth_token: String,
    /// Whether it counts as a change even when it changes nothing.
    pub forced: bool,
}

impl Origin {
    /// That of a request with this correlator, and no more.
    #[must_use]
    pub fn of(correlator: &str) -> Self {
        Self { correlator: correlator.to_owned(), ..Self::default() }
    }
}

/// What an update did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// To the entity as a whole.
    pub alteration: AlterationType,
    /// To each attribute that it named or removed.
    pub touched: Vec<Touched>,
    /// Those attributes as they were before, as far as they were there.
    pub former: Vec<Attribute>,
    /// Whence it came.
    pub origin: Origin,
}

/// What an update did to an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// Its name.
    pub name: Name,
    /// What was done.
    pub action: Action,
    /// Whether its value or type is another one now.
    pub value_differs: bool,
    /// Whether its metadata are others now.
    pub metadata_differ: bool,
}

/// What an update does with an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It is new.
    Append,
    /// It was there.
    Update,
    /// It is gone.
    Delete,
}

impl Action {
    /// The value of the metadatum `actionType`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

impl Touched {
    /// Whether the attribute is not what it was.
    #[must_use]
    pub fn differs(&self, metadata_count: bool) -> bool {
        self.value_differs || (metadata_count && self.metadata_differ)
    }
}

impl Cause {
    /// Compares what a change left with what was there.
    #[must_use]
    pub fn new(change: &Change, origin: &Origin) -> Self {
        let mut names: SmallVec<[&Name; 8]> = SmallVec::new();
        for name in &change.touched {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let touched: Vec<_> = names.into_iter().map(|name| touched(name, change)).collect();
        let alteration = if change.deleted {
            AlterationType::EntityDelete
        } else if change.created {
            AlterationType::EntityCreate
        } else if origin.forced || change.retyped || touched.iter().any(|attribute| attribute.differs(true)) {
            AlterationType::EntityChange
        } else {
            AlterationType::EntityUpdate
        };
        Self { alteration, touched, former: change.former.to_vec(), origin: origin.clone() }
    }

    /// Whether the type of the entity is all that is different.
    #[must_use]
    pub fn is_retyping(&self) -> bool {
        self.alteration == AlterationType::EntityChange
            && !self.origin.forced
            && !self.touched.iter().any(|touched| touched.differs(true))
    }

    /// What it did to the attribute of that name.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<&Touched> {
        self.touched.iter().find(|touched| touched.name == *name)
    }

    /// The default instance of an attribute as it was before.
    #[must_use]
    pub fn former(&self, name: &str) -> Option<&Attribute> {
        self.former.iter().find(|attribute| attribute.name == *name && attribute.dataset_id.is_empty())
    }

    /// What both did, when only the state that this one left is told.
    #[must_use]
    pub fn after(&self, earlier: &Self) -> Self {
        use AlterationType::{EntityChange, EntityCreate, EntityDelete, EntityUpdate};
        let alteration = match (earlier.alteration, self.alteration) {
            (_, EntityDelete) => EntityDelete,
            (EntityCreate, _) => EntityCreate,
            (EntityUpdate, EntityUpdate) => EntityUpdate,
            (EntityDelete, created) => created,
            _ => EntityChange,
        };
        let mut both = Self { alteration, ..self.clone() };
        for before in &earlier.touched {
            match both.touched.iter_mut().find(|touched| touched.name == before.name) {
                Some(touched) => touched.join(before),
                None => both.touched.push(before.clone()),
            }
        }
        both.former.retain(|later| !earlier.touched.iter().any(|before| before.name == later.name));
        both.former.extend(earlier.former.iter().cloned());
        both
    }

    /// About how many bytes it takes in memory.
    #[must_use]
    pub fn weight(&self) -> usize {
        let former: usize = self.former.iter().map(|attribute| 160 + attribute.value.as_str().len()).sum();
        128 + self.touched.len() * 32 + former
    }
}

impl Touched {
    fn join(&mut self, before: &Self) {
        self.value_differs |= before.value_differs;
        self.metadata_differ |= before.metadata_differ;
        if before.action == Action::Append && self.action == Action::Update {
            self.action = Action::Append;
        }
    }
}

fn touched(name: &Name, change: &Change) -> Touched {
    let named = || change.former.iter().filter(|attribute| attribute.name == *name);
    let hides = named().any(|attribute| attribute.kind == AttributeKind::Context);
    let former = || named().filter(|attribute| !(hides && attribute.kind == AttributeKind::Domain));
    let now = || change.entity.instances(name.as_str());
    let action = match (former().next(), now().next()) {
        (_, None) => Action::Delete,
        (None, Some(_)) => Action::Append,
        (Some(_), Some(_)) => Action::Update,
    };
    let set_now = |attribute: &&Attribute| attribute.modified_at == change.entity.modified_at;
    let appended = now().filter(set_now).any(|attribute| !former().any(|before| before.is_same(attribute)));
    let (mut value_differs, mut metadata_differ) = (appended, false);
    for before in former() {
        match same(&change.entity, before) {
            None => value_differs = true,
            Some(after) => {
                value_differs |= before.value_type != after.value_type || !equal(&before.value, &after.value);
                metadata_differ |= before.metadata != after.metadata;
            }
        }
    }
    Touched { name: name.clone(), action, value_differs, metadata_differ }
}

fn same<'a>(entity: &'a Entity, attribute: &Attribute) -> Option<&'a Attribute> {
    entity.attributes.iter().find(|other| other.is_same(attribute))
}

/// Whether two values are the same, however they are written.
fn equal(one: &JsonText, other: &JsonText) -> bool {
    let may_vary = |value: &JsonText| !matches!(value.as_str().as_bytes().first(), Some(b't' | b'f' | b'n') | None);
    one == other || (may_vary(one) && may_vary(other) && one.to_value() == other.to_value())
}
