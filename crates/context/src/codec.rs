//! Entities and notices as bytes on disk: lengths and strings, values as the JSON they are.
//!
//! JSON of the whole entity was rejected: it costs escaping on every update and loses the modification times.

use std::sync::Arc;

use ngsi::{Attribute, AttributeKind, Entity, EntityId, JsonText, Metadata, Name, Timestamp};
use serde_json::value::RawValue;

use crate::Notice;

/// Bytes of a notice before its entity.
const NOTICE_HEADER: usize = 9;
/// First byte of every record.
const VERSION: u8 = 2;
/// Records that do not say when an attribute was created.
const WITHOUT_CREATION: u8 = 1;

/// A record that is not one of ours, or damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the record is damaged at byte {at}")]
pub struct Damaged {
    /// Where reading stopped.
    pub at: usize,
}

/// Appends an entity.
pub fn write_entity(out: &mut Vec<u8>, entity: &Entity) {
    out.push(VERSION);
    text(out, entity.id.as_str());
    text(out, entity.entity_type.as_str());
    time(out, entity.created_at);
    time(out, entity.modified_at);
    number(out, entity.attributes.len());
    for attribute in &entity.attributes {
        out.push(u8::from(attribute.kind == AttributeKind::Domain));
        text(out, attribute.name.as_str());
        text(out, attribute.value_type.as_str());
        text(out, attribute.value.as_str());
        time(out, attribute.created_at);
        time(out, attribute.modified_at);
        number(out, attribute.metadata.len());
        for metadatum in &attribute.metadata {
            text(out, metadatum.name.as_str());
            text(out, metadatum.value_type.as_str());
            text(out, metadatum.value.as_str());
        }
    }
}

/// Appends a notice about an entity; its number is its key. It ends with the record of the entity, see
/// [`entity_in_notice`].
pub fn write_notice(out: &mut Vec<u8>, entity: &Entity, deleted: bool, due_at: Timestamp) {
    out.push(u8::from(deleted));
    time(out, due_at);
    write_entity(out, entity);
}

/// The record of the entity in that of a notice: what is due for many is encoded once.
#[must_use]
pub fn entity_in_notice(notice: &[u8]) -> &[u8] {
    notice.get(NOTICE_HEADER..).unwrap_or_default()
}

/// Reads an entity.
///
/// # Errors
/// [`Damaged`] if the bytes are not exactly one entity.
pub fn read_entity(bytes: &[u8]) -> Result<Entity, Damaged> {
    let mut reader = Reader { bytes, at: 0 };
    let entity = reader.entity().filter(|_| reader.at == bytes.len());
    entity.ok_or(Damaged { at: reader.at })
}

/// Reads a notice with number `seq`.
///
/// # Errors
/// [`Damaged`] if the bytes are not exactly one notice.
pub fn read_notice(seq: u64, bytes: &[u8]) -> Result<Notice, Damaged> {
    let mut reader = Reader { bytes, at: 0 };
    let notice = reader.notice(seq).filter(|_| reader.at == bytes.len());
    notice.ok_or(Damaged { at: reader.at })
}

fn number(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(0x80 | low_bits(number));
        number >>= 7;
    }
    out.push(low_bits(number));
}

fn low_bits(number: usize) -> u8 {
    number.to_le_bytes()[0] & 0x7f
}

fn text(out: &mut Vec<u8>, text: &str) {
    number(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

fn time(out: &mut Vec<u8>, time: Timestamp) {
    out.extend_from_slice(&time.as_micros().to_le_bytes());
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn number(&mut self) -> Option<usize> {
        let mut number = 0_usize;
        for shift in (0..usize::BITS - 7).step_by(7) {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.number()?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    fn time(&mut self) -> Option<Timestamp> {
        let bytes = self.take(8)?.try_into().ok()?;
        Some(Timestamp::from_micros(i64::from_le_bytes(bytes)))
    }

    fn json(&mut self) -> Option<JsonText> {
        serde_json::from_str::<&RawValue>(self.text()?).ok().map(JsonText::from)
    }

    fn name(&mut self) -> Option<Name> {
        self.text().map(Name::from)
    }

    fn entity(&mut self) -> Option<Entity> {
        let version = self.byte()?;
        if !(WITHOUT_CREATION..=VERSION).contains(&version) {
            return None;
        }
        let id = EntityId::from(self.text()?);
        let entity_type = self.name()?;
        let (created_at, modified_at) = (self.time()?, self.time()?);
        let attributes = self.list(|reader| reader.attribute(version))?;
        Some(Entity { id, entity_type, attributes, created_at, modified_at })
    }

    /// An attribute of a record that has no time of creation existed when it was last set, and that is all one knows.
    fn attribute(&mut self, version: u8) -> Option<Attribute> {
        let kind = if self.byte()? == 0 { AttributeKind::Context } else { AttributeKind::Domain };
        let (name, value_type, value) = (self.name()?, self.name()?, self.json()?);
        let first = self.time()?;
        let modified_at = if version == WITHOUT_CREATION { first } else { self.time()? };
        let metadata = self.list(Self::metadatum)?;
        Some(Attribute { kind, name, value_type, value, metadata, created_at: first, modified_at })
    }

    fn metadatum(&mut self) -> Option<Metadata> {
        Some(Metadata { name: self.name()?, value_type: self.name()?, value: self.json()? })
    }

    fn list<T>(&mut self, item: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let length = self.number()?;
        let mut list = Vec::with_capacity(length.min(self.bytes.len() - self.at));
        for _ in 0..length {
            list.push(item(self)?);
        }
        Some(list)
    }

    fn notice(&mut self, seq: u64) -> Option<Notice> {
        let deleted = self.byte()? != 0;
        let due_at = self.time()?;
        Some(Notice { seq, entity: Arc::new(self.entity()?), deleted, due_at })
    }
}
