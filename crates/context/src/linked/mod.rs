//! Changes with the semantics of NGSI-LD (ETSI GS CIM 009, 5.6): entities with attributes of several instances, whose parts are
//! updated, merged or replaced.

mod attribute;
mod perform;
mod request;

pub(crate) use request::LinkedInterest;
pub use request::LinkedRequest;

use ngsi::ld::{EntityFragment, Fragment};
use ngsi::{EntityId, Name, ParseError};

use crate::{Change, MAX_ATTRIBUTES};

/// A change to one entity.
#[derive(Debug, Clone)]
pub struct LinkedEdit {
    /// Whom it changes.
    pub id: EntityId,
    /// What it does.
    pub action: LinkedAction,
}

/// What an edit does.
#[derive(Debug, Clone)]
pub enum LinkedAction {
    /// The entity must not exist (5.6.1).
    Create(EntityFragment),
    /// The entity takes the place of the one there is, which must exist (5.6.18).
    Replace(EntityFragment),
    /// Created, or replaced (5.6.8).
    CreateOrReplace(EntityFragment),
    /// Created, or its attributes set as by an append (5.6.8).
    CreateOrAppend(EntityFragment),
    /// Attributes are set; with `no_overwrite` those that exist stay as they are (5.6.3).
    Append {
        /// What is said of the entity.
        fragment: EntityFragment,
        /// Whether what exists stays.
        no_overwrite: bool,
    },
    /// Attributes are set; scopes where there are some (5.6.2).
    Update(EntityFragment),
    /// What the fragment says is merged into what there is, member by member (5.5.12, 5.6.17).
    Merge {
        /// What is said of the entity.
        fragment: EntityFragment,
        /// What it says of all attributes at once.
        defaults: MergeDefaults,
    },
    /// The named members of one instance of an attribute are set (5.5.8, 5.6.4).
    PartialUpdate(Fragment),
    /// One attribute that exists is set (5.6.19).
    ReplaceAttribute(Fragment),
    /// One attribute is removed (5.6.5).
    DeleteAttribute {
        /// Its name.
        name: Name,
        /// Which of its instances.
        instances: Instances,
    },
    /// The entity is removed (5.6.6).
    Delete,
}

/// Which instances of an attribute are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instances {
    /// The one of that data set; the default one when it is empty.
    One(Name),
    /// All.
    All,
}

/// What a merge says of all attributes at once (5.6.17).
#[derive(Debug, Clone, Default)]
pub struct MergeDefaults {
    /// The `observedAt` of attributes that have one and are given none, as JSON text.
    pub observed_at: Option<ngsi::JsonText>,
    /// The language of texts that are given for a LanguageProperty.
    pub language: Option<Name>,
}

/// An edit that was carried out.
#[derive(Debug, Clone)]
pub struct LinkedEdited {
    /// What it changed; nothing when every attribute was left out.
    pub change: Option<Change>,
    /// Whether the entity did not exist before.
    pub created: bool,
    /// The attributes that were set or removed.
    pub updated: Vec<Name>,
    /// Those that were left out, and why.
    pub left_out: Vec<(Name, LeftOut)>,
}

/// Why an attribute was left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeftOut {
    /// It is to be changed or deleted, and is not there.
    #[error("the entity has no such attribute")]
    Unknown,
    /// It is not to be overwritten.
    #[error("the attribute exists already")]
    Exists,
    /// It is not complete, or does not go with what there is.
    #[error(transparent)]
    Unsuitable(#[from] ParseError),
}

/// Why an edit was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkedRefusal {
    /// There is no such entity.
    #[error("no such entity")]
    UnknownEntity,
    /// The entity to be created exists.
    #[error("the entity exists already")]
    Exists,
    /// Another entity of that identifier has the type and scope it would have.
    #[error("another entity of that identifier has this type and scope")]
    Taken,
    /// The entity has no such attribute, or no such instance of it.
    #[error("the entity has no attribute `{0}` of that data set")]
    UnknownAttribute(Name),
    /// What is said does not go with what there is.
    #[error(transparent)]
    Unsuitable(#[from] ParseError),
    /// More than [`MAX_ATTRIBUTES`].
    #[error("an entity has at most {MAX_ATTRIBUTES} attributes")]
    TooManyAttributes,
}
