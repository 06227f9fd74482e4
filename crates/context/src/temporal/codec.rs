//! Evolutions as bytes on disk, in the manner of [`codec`](crate::codec).

use ngsi::ld::temporal::{Instance, Subject};
use ngsi::{EntityId, Name, Timestamp};

use super::Step;
use crate::codec::{self, Damaged, Reader};

const APPEND: u8 = 1;
const FORGET_ENTITY: u8 = 2;
const FORGET_ATTRIBUTE: u8 = 3;
const FORGET_INSTANCE: u8 = 4;

/// Appends a subject.
pub fn write_subject(out: &mut Vec<u8>, subject: &Subject) {
    optional_time(out, subject.deleted_at);
    codec::write_entity(out, &subject.entity);
}

/// Appends an instance.
pub fn write_instance(out: &mut Vec<u8>, instance: &Instance) {
    out.push(codec::VERSION);
    codec::time(out, Timestamp::from_micros(instance.number.cast_signed()));
    optional_time(out, instance.deleted_at);
    codec::write_attribute(out, &instance.attribute);
}

/// Appends a step.
pub fn write_step(out: &mut Vec<u8>, step: &Step) {
    match step {
        Step::Append { subject, instances } => {
            out.push(APPEND);
            write_subject(out, subject);
            codec::number(out, instances.len());
            instances.iter().for_each(|instance| write_instance(out, instance));
        }
        Step::ForgetEntity(entity) => {
            out.push(FORGET_ENTITY);
            codec::text(out, entity.as_str());
        }
        Step::ForgetAttribute { entity, name, dataset_id } => {
            out.push(FORGET_ATTRIBUTE);
            codec::text(out, entity.as_str());
            codec::text(out, name.as_str());
            out.push(u8::from(dataset_id.is_some()));
            codec::text(out, dataset_id.as_ref().map_or("", Name::as_str));
        }
        Step::ForgetInstance { entity, name, dataset_id, number } => {
            out.push(FORGET_INSTANCE);
            codec::text(out, entity.as_str());
            codec::text(out, name.as_str());
            codec::text(out, dataset_id.as_str());
            codec::time(out, Timestamp::from_micros(number.cast_signed()));
        }
    }
}

/// Reads a subject.
///
/// # Errors
/// [`Damaged`] if the bytes are not exactly one.
pub fn read_subject(bytes: &[u8]) -> Result<Subject, Damaged> {
    Reader::read(bytes, subject)
}

/// Reads an instance.
///
/// # Errors
/// [`Damaged`] if the bytes are not exactly one.
pub fn read_instance(bytes: &[u8]) -> Result<Instance, Damaged> {
    Reader::read(bytes, instance)
}

/// Reads a step.
///
/// # Errors
/// [`Damaged`] if the bytes are not exactly one.
pub fn read_step(bytes: &[u8]) -> Result<Step, Damaged> {
    Reader::read(bytes, step)
}

fn optional_time(out: &mut Vec<u8>, time: Option<Timestamp>) {
    out.push(u8::from(time.is_some()));
    if let Some(time) = time {
        codec::time(out, time);
    }
}

fn read_optional_time(reader: &mut Reader<'_>) -> Option<Option<Timestamp>> {
    if reader.byte()? == 0 { Some(None) } else { reader.time().map(Some) }
}

fn subject(reader: &mut Reader<'_>) -> Option<Subject> {
    let deleted_at = read_optional_time(reader)?;
    Some(Subject { entity: reader.entity()?, deleted_at })
}

fn instance(reader: &mut Reader<'_>) -> Option<Instance> {
    let version = reader.byte().filter(|version| *version <= codec::VERSION)?;
    let number = reader.time()?.as_micros().cast_unsigned();
    let deleted_at = read_optional_time(reader)?;
    Some(Instance { number, attribute: reader.attribute(version)?, deleted_at })
}

fn step(reader: &mut Reader<'_>) -> Option<Step> {
    match reader.byte()? {
        APPEND => Some(Step::Append { subject: subject(reader)?, instances: reader.list(instance)? }),
        FORGET_ENTITY => Some(Step::ForgetEntity(EntityId::from(reader.text()?))),
        FORGET_ATTRIBUTE => {
            let (entity, name) = (EntityId::from(reader.text()?), reader.name()?);
            let (one, dataset_id) = (reader.byte()? != 0, reader.name()?);
            Some(Step::ForgetAttribute { entity, name, dataset_id: one.then_some(dataset_id) })
        }
        FORGET_INSTANCE => Some(Step::ForgetInstance {
            entity: EntityId::from(reader.text()?),
            name: reader.name()?,
            dataset_id: reader.name()?,
            number: reader.time()?.as_micros().cast_unsigned(),
        }),
        _ => None,
    }
}
