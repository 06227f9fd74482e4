//! Entities and notices as bytes on disk: lengths and strings, values as the JSON they are.
//!
//! JSON of the whole entity was rejected: it costs escaping on every update and loses the modification times.

use std::sync::Arc;

use ngsi::{Attribute, AttributeKind, Entity, EntityId, JsonText, Metadata, Name, Timestamp};
use serde_json::value::RawValue;

use crate::{Cause, Notice};

mod cause;

/// Bytes of a notice before its cause, or its entity if it has none.
const NOTICE_HEADER: usize = 9;
/// Bits of the first byte of a notice.
const DELETED: u8 = 1;
const HAS_CAUSE: u8 = 2;
/// First byte of every record.
pub(crate) const VERSION: u8 = 3;
/// Records that know nothing of further types, scopes, data sets and metadata of metadata.
const NGSI_V1_AND_V2: u8 = 2;
/// Records that do not say when an attribute was created either.
const WITHOUT_CREATION: u8 = 1;

/// Bits of the first byte of an attribute.
const DOMAIN: u8 = 1;
const HAS_DATASET: u8 = 2;
const NESTS: u8 = 4;

/// How deeply metadata nest in a record that is read.
const MAX_NESTING: usize = ngsi::json::MAX_DEPTH;

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
    text(out, entity.id.key());
    text(out, entity.entity_type.as_str());
    names(out, &entity.more_types);
    names(out, &entity.scopes);
    time(out, entity.created_at);
    time(out, entity.modified_at);
    number(out, entity.attributes.len());
    for attribute in &entity.attributes {
        write_attribute(out, attribute);
    }
}

pub(crate) fn write_attribute(out: &mut Vec<u8>, attribute: &Attribute) {
    let nests = attribute.metadata.iter().any(|metadatum| !metadatum.metadata.is_empty());
    out.push(flags(attribute, nests));
    text(out, attribute.name.as_str());
    if !attribute.dataset_id.is_empty() {
        text(out, attribute.dataset_id.as_str());
    }
    text(out, attribute.value_type.as_str());
    text(out, attribute.value.as_str());
    time(out, attribute.created_at);
    time(out, attribute.modified_at);
    write_metadata(out, &attribute.metadata, nests);
}

fn flags(attribute: &Attribute, nests: bool) -> u8 {
    let flag = |bit: u8, set: bool| if set { bit } else { 0 };
    flag(DOMAIN, attribute.kind == AttributeKind::Domain)
        | flag(HAS_DATASET, !attribute.dataset_id.is_empty())
        | flag(NESTS, nests)
}

fn write_metadata(out: &mut Vec<u8>, metadata: &[Metadata], nests: bool) {
    number(out, metadata.len());
    for metadatum in metadata {
        text(out, metadatum.name.as_str());
        text(out, metadatum.value_type.as_str());
        text(out, metadatum.value.as_str());
        if nests {
            write_metadata(out, &metadatum.metadata, nests);
        }
    }
}

/// Appends a notice about an entity; its number is its key. It ends with the record of the entity, see
/// [`entity_in_notice`].
pub fn write_notice(out: &mut Vec<u8>, entity: &Entity, deleted: bool, due_at: Timestamp, cause: Option<&Cause>) {
    out.push(u8::from(deleted) | if cause.is_some() { HAS_CAUSE } else { 0 });
    time(out, due_at);
    if let Some(cause) = cause {
        cause::write(out, cause);
    }
    write_entity(out, entity);
}

/// The record of the entity in that of a notice: what is due for many is encoded once.
#[must_use]
pub fn entity_in_notice(notice: &[u8]) -> &[u8] {
    let mut reader = Reader { bytes: notice, at: NOTICE_HEADER };
    if notice.first().is_some_and(|flags| flags & HAS_CAUSE != 0) && reader.part().is_none() {
        return &[];
    }
    notice.get(reader.at..).unwrap_or_default()
}

/// Reads an entity.
///
/// # Errors
/// [`Damaged`] if the bytes are not exactly one entity.
pub fn read_entity(bytes: &[u8]) -> Result<Entity, Damaged> {
    Reader::read(bytes, Reader::entity)
}

/// Reads a notice with number `seq`.
///
/// # Errors
/// [`Damaged`] if the bytes are not exactly one notice.
pub fn read_notice(seq: u64, bytes: &[u8]) -> Result<Notice, Damaged> {
    Reader::read(bytes, |reader| reader.notice(seq))
}

pub(crate) fn number(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(0x80 | low_bits(number));
        number >>= 7;
    }
    out.push(low_bits(number));
}

fn low_bits(number: usize) -> u8 {
    number.to_le_bytes()[0] & 0x7f
}

pub(crate) fn text(out: &mut Vec<u8>, text: &str) {
    number(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

fn names(out: &mut Vec<u8>, names: &[Name]) {
    number(out, names.len());
    for name in names {
        text(out, name.as_str());
    }
}

pub(crate) fn time(out: &mut Vec<u8>, time: Timestamp) {
    out.extend_from_slice(&time.as_micros().to_le_bytes());
}

pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Reads all of the bytes.
    pub(crate) fn read<T>(bytes: &'a [u8], read: impl FnOnce(&mut Self) -> Option<T>) -> Result<T, Damaged> {
        let mut reader = Self { bytes, at: 0 };
        let item = read(&mut reader).filter(|_| reader.at == bytes.len());
        item.ok_or(Damaged { at: reader.at })
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(taken)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(crate) fn number(&mut self) -> Option<usize> {
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

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        let length = self.number()?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    pub(crate) fn time(&mut self) -> Option<Timestamp> {
        let bytes = self.take(8)?.try_into().ok()?;
        Some(Timestamp::from_micros(i64::from_le_bytes(bytes)))
    }

    fn json(&mut self) -> Option<JsonText> {
        serde_json::from_str::<&RawValue>(self.text()?).ok().map(JsonText::from)
    }

    pub(crate) fn name(&mut self) -> Option<Name> {
        self.text().map(Name::from)
    }

    pub(crate) fn entity(&mut self) -> Option<Entity> {
        let version = self.byte()?;
        if !(WITHOUT_CREATION..=VERSION).contains(&version) {
            return None;
        }
        let id = EntityId::from_key(self.text()?);
        let entity_type = self.name()?;
        let (more_types, scopes) = match version {
            ..=NGSI_V1_AND_V2 => Default::default(),
            _ => (self.list(Self::name)?, self.list(Self::name)?),
        };
        let (created_at, modified_at) = (self.time()?, self.time()?);
        let attributes = self.list(|reader| reader.attribute(version))?;
        Some(Entity { id, entity_type, more_types, scopes, attributes, created_at, modified_at })
    }

    /// An attribute of a record that has no time of creation existed when it was last set, and that is all one knows.
    pub(crate) fn attribute(&mut self, version: u8) -> Option<Attribute> {
        let flags = self.byte()?;
        let kind = if flags & DOMAIN == 0 { AttributeKind::Context } else { AttributeKind::Domain };
        let name = self.name()?;
        let dataset_id = if flags & HAS_DATASET == 0 { Name::default() } else { self.name()? };
        let (value_type, value) = (self.name()?, self.json()?);
        let first = self.time()?;
        let modified_at = if version == WITHOUT_CREATION { first } else { self.time()? };
        let depth = if flags & NESTS == 0 { 0 } else { MAX_NESTING };
        let metadata = self.list(|reader| reader.metadatum(depth))?;
        Some(Attribute { name, kind, dataset_id, value_type, value, metadata, created_at: first, modified_at })
    }

    /// A metadatum in which others may nest so deeply.
    fn metadatum(&mut self, depth: usize) -> Option<Metadata> {
        let metadatum = Metadata::new(self.name()?, self.name()?, self.json()?);
        let metadata = if depth == 0 { Vec::new() } else { self.list(|reader| reader.metadatum(depth - 1))? };
        Some(Metadata { metadata, ..metadatum })
    }

    pub(crate) fn list<T>(&mut self, item: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let length = self.number()?;
        let mut list = Vec::with_capacity(length.min(self.bytes.len() - self.at));
        for _ in 0..length {
            list.push(item(self)?);
        }
        Some(list)
    }

    /// What stands behind its length.
    fn part(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(length)
    }

    fn notice(&mut self, seq: u64) -> Option<Notice> {
        let flags = self.byte()?;
        if flags & !(DELETED | HAS_CAUSE) != 0 {
            return None;
        }
        let due_at = self.time()?;
        let cause = if flags & HAS_CAUSE == 0 { None } else { Some(Arc::new(cause::read(self.part()?)?)) };
        Some(Notice { seq, entity: Arc::new(self.entity()?), deleted: flags & DELETED != 0, due_at, cause })
    }
}
