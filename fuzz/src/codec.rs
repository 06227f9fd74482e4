//! Records as they stand on disk: what can be read is written and read again the same, and whatever is held can be kept.

use context::codec;
use context::temporal::{self, Step};
use ngsi::Entity;
use ngsi::ld::temporal::{Instance, Subject};

pub(crate) fn run(data: &[u8]) {
    let Some((&kind, record)) = data.split_first() else { return };
    match kind % 6 {
        0 => {
            let _ = codec::read_entity(record).map(|entity| keeps(&entity));
        }
        1 => {
            let _ = codec::entity_in_notice(record);
            let _ = codec::read_notice(7, record).map(|notice| {
                let mut out = Vec::new();
                codec::write_notice(&mut out, &notice.entity, notice.deleted, notice.due_at, notice.cause.as_deref());
                let read =
                    codec::read_notice(7, &out).map(|again| (again.entity, again.deleted, again.due_at, again.cause));
                assert_eq!(read, Ok((notice.entity.clone(), notice.deleted, notice.due_at, notice.cause)));
                assert_eq!(codec::read_entity(codec::entity_in_notice(&out)).as_ref(), Ok(&*notice.entity));
            });
        }
        2 => same(record, |out, subject: &Subject| temporal::write_subject(out, subject), temporal::read_subject),
        3 => same(record, |out, instance: &Instance| temporal::write_instance(out, instance), temporal::read_instance),
        4 => same(record, |out, step: &Step| temporal::write_step(out, step), temporal::read_step),
        _ => subscription(record),
    }
}

/// An entity that a client made is read from disk as it was.
pub(crate) fn keeps(entity: &Entity) {
    let mut out = Vec::new();
    codec::write_entity(&mut out, entity);
    assert_eq!(codec::read_entity(&out).as_ref(), Ok(entity));
}

fn same<T: PartialEq + std::fmt::Debug>(
    record: &[u8],
    write: impl Fn(&mut Vec<u8>, &T),
    read: impl Fn(&[u8]) -> Result<T, codec::Damaged>,
) {
    let Ok(item) = read(record) else { return };
    let mut out = Vec::new();
    write(&mut out, &item);
    assert_eq!(read(&out).as_ref(), Ok(&item));
}

fn subscription(record: &[u8]) {
    let Ok(record) = serde_json::from_slice::<context::Record>(record) else { return };
    let written = serde_json::to_vec(&record).unwrap_or_default();
    assert_eq!(serde_json::from_slice::<context::Record>(&written).ok().as_ref(), Some(&record));
    let Ok(compiled) = context::Subscription::compile(record) else { return };
    let _ = (compiled.selects(&crate::sample::entity()), compiled.has_content(&crate::sample::entity()));
}
