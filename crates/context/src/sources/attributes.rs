//! Sets of attributes.

use ngsi::Name;

/// Which attributes of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attributes {
    /// All it has.
    All,
    /// These, of which there may be none.
    Only(Vec<Name>),
}

impl Attributes {
    /// Those that are in the list too, where an empty list stands for all; `None` when that leaves nothing of what was there.
    #[must_use]
    pub fn among(&self, list: &[Name]) -> Option<Self> {
        match self {
            Self::All if list.is_empty() => Some(Self::All),
            Self::All => Some(Self::Only(list.to_vec())),
            Self::Only(_) if list.is_empty() => Some(self.clone()),
            Self::Only(names) => {
                let both: Vec<Name> = names.iter().filter(|name| list.contains(name)).cloned().collect();
                (!both.is_empty()).then_some(Self::Only(both))
            }
        }
    }

    /// Those of either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Only(mut names), Self::Only(more)) => {
                for name in more {
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
                Self::Only(names)
            }
            _ => Self::All,
        }
    }

    /// What is left without those of `other`, a part of them; `None` when that is nothing. Of all attributes any are left as long
    /// as the others have names.
    #[must_use]
    pub fn without(self, other: &Self) -> Option<Self> {
        match (self, other) {
            (_, Self::All) => None,
            (Self::All, Self::Only(_)) => Some(Self::All),
            (Self::Only(mut names), Self::Only(taken)) => {
                names.retain(|name| !taken.contains(name));
                (!names.is_empty()).then_some(Self::Only(names))
            }
        }
    }

    /// Whether it is one of them.
    #[must_use]
    pub fn has(&self, name: &Name) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(name),
        }
    }

    /// Their names; none when they are all.
    #[must_use]
    pub fn names(&self) -> &[Name] {
        match self {
            Self::All => &[],
            Self::Only(names) => names,
        }
    }
}
