//! What a purge deletes of the entities that it finds (ETSI GS CIM 009, 5.6.21).

use context::LinkedAction;
use context::linked::Instances;
use context::sources::Attributes;
use ngsi::ld::{Context, Problem};
use ngsi::{Entity, Name};

use super::call::Call;
use super::rendering;

pub(super) enum Purged {
    /// Entities with all they have.
    Entities,
    /// These attributes.
    Attributes(Vec<Name>),
    /// All attributes but these.
    Others(Vec<Name>),
}

impl Purged {
    /// What the parameters `drop` and `keep` say, failing both the attributes that the query names.
    pub(super) fn read(call: &Call, named: &[Name], context: &Context) -> Result<Self, Problem> {
        let names = |parameter: &str| rendering::attributes(&call.params.list(parameter)?, context);
        let (dropped, kept) = (names("drop")?, names("keep")?);
        match (dropped.is_empty(), kept.is_empty()) {
            (false, false) => Err(Problem::bad_request("keep and drop exclude one another")),
            (false, true) => Ok(Self::Attributes(dropped)),
            (true, false) => Ok(Self::Others(kept)),
            (true, true) if named.is_empty() => Ok(Self::Entities),
            (true, true) => Ok(Self::Attributes(named.to_vec())),
        }
    }

    /// What is to be done to an entity that was found.
    pub(super) fn of(&self, entity: &Entity) -> Vec<LinkedAction> {
        let delete = |name: &Name| LinkedAction::DeleteAttribute { name: name.clone(), instances: Instances::All };
        match self {
            Self::Entities => vec![LinkedAction::Delete],
            Self::Attributes(names) => names.iter().map(delete).collect(),
            Self::Others(kept) => {
                let mut names: Vec<&Name> = entity.attributes.iter().map(|attribute| &attribute.name).collect();
                names.dedup();
                names.retain(|name| !kept.contains(name));
                names.into_iter().map(delete).collect()
            }
        }
    }

    /// Which attributes sources may have to do with.
    pub(super) fn attributes(&self) -> Attributes {
        match self {
            Self::Entities | Self::Others(_) => Attributes::All,
            Self::Attributes(names) => Attributes::Only(names.clone()),
        }
    }

    /// The parameters that say it to a source of which these attributes are meant; `None` when nothing is left to be deleted.
    pub(super) fn of_source(&self, meant: &Attributes, language: &Context) -> Option<Vec<(&'static str, String)>> {
        let kept: &[Name] = if let Self::Others(names) = self { names } else { &[] };
        let list = |names: &[&Name]| names.iter().map(|name| language.compact(name)).collect::<Vec<_>>().join(",");
        match meant {
            Attributes::All if kept.is_empty() => Some(Vec::new()),
            Attributes::All => Some(vec![("keep", list(&kept.iter().collect::<Vec<_>>()))]),
            Attributes::Only(names) => {
                let dropped: Vec<&Name> = names.iter().filter(|name| !kept.contains(name)).collect();
                (!dropped.is_empty()).then(|| vec![("drop", list(&dropped))])
            }
        }
    }
}
