//! What led to a state, in the record of a notice: behind its length, so that who wants the entity alone can step over it.

use ngsi::v2::AlterationType;
use ngsi::{Entity, EntityId, Name, Timestamp};

use super::{Reader, number, text, write_entity};
use crate::cause::{Action, Cause, Origin, Touched};

/// Bits of the byte of an attribute; its two lowest are the action.
const VALUE_DIFFERS: u8 = 4;
const METADATA_DIFFER: u8 = 8;
/// A bit of the byte of the alteration.
const FORCED: u8 = 16;

const ALTERATIONS: [AlterationType; 4] = [
    AlterationType::EntityCreate,
    AlterationType::EntityUpdate,
    AlterationType::EntityChange,
    AlterationType::EntityDelete,
];
const ACTIONS: [Action; 3] = [Action::Append, Action::Update, Action::Delete];

pub(super) fn write(out: &mut Vec<u8>, cause: &Cause) {
    let mut part = Vec::with_capacity(128);
    part.push(place(&ALTERATIONS, &cause.alteration) | bit(FORCED, cause.origin.forced));
    text(&mut part, &cause.origin.correlator);
    number(&mut part, cause.touched.len());
    for touched in &cause.touched {
        text(&mut part, touched.name.as_str());
        let differs = bit(VALUE_DIFFERS, touched.value_differs) | bit(METADATA_DIFFER, touched.metadata_differ);
        part.push(place(&ACTIONS, &touched.action) | differs);
    }
    let mut former = Entity::new(EntityId::default(), Name::default(), Timestamp::default());
    former.attributes.clone_from(&cause.former);
    write_entity(&mut part, &former);
    number(out, part.len());
    out.extend_from_slice(&part);
}

pub(super) fn read(bytes: &[u8]) -> Option<Cause> {
    let mut reader = Reader { bytes, at: 0 };
    let first = reader.byte()?;
    let alteration = *ALTERATIONS.get(usize::from(first & !FORCED))?;
    let origin =
        Origin { correlator: reader.text()?.to_owned(), auth_token: String::new(), forced: first & FORCED != 0 };
    let touched = reader.list(touched)?;
    let former = reader.entity()?.attributes;
    (reader.at == bytes.len()).then_some(Cause { alteration, touched, former, origin })
}

fn touched(reader: &mut Reader<'_>) -> Option<Touched> {
    let name = reader.name()?;
    let byte = reader.byte()?;
    let action = *ACTIONS.get(usize::from(byte & 3))?;
    let (value_differs, metadata_differ) = (byte & VALUE_DIFFERS != 0, byte & METADATA_DIFFER != 0);
    Some(Touched { name, action, value_differs, metadata_differ })
}

fn place<T: PartialEq>(all: &[T], one: &T) -> u8 {
    all.iter().position(|other| other == one).and_then(|place| u8::try_from(place).ok()).unwrap_or_default()
}

fn bit(bit: u8, set: bool) -> u8 {
    if set { bit } else { 0 }
}
