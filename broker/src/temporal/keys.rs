//! Keys of instances: entity, attribute, data set and number, so that those of a series stand together in the order of recording.

use ngsi::Name;

/// The longest identifier, name of an attribute and data set together that are recorded, in bytes: what an index of PostgreSQL
/// takes, with room to spare.
const MAX_NAMES: usize = 2_000;
const NUMBER: usize = size_of::<u64>();

/// Whether instances with these names can be kept. PostgreSQL takes no NUL.
pub(super) fn is_recordable(names: &[&str]) -> bool {
    names.iter().map(|name| name.len()).sum::<usize>() <= MAX_NAMES && !names.iter().any(|name| name.contains('\0'))
}

/// What the keys begin with that have these names.
pub(super) fn prefix(names: &[&str]) -> Vec<u8> {
    let mut key = Vec::with_capacity(64);
    for name in names {
        // A name that is longer is not recorded.
        let length = u16::try_from(name.len()).unwrap_or(u16::MAX);
        key.extend_from_slice(&length.to_be_bytes());
        key.extend_from_slice(name.as_bytes());
    }
    key
}

pub(super) fn instance(entity: &str, attribute: &Name, dataset_id: &Name, number: u64) -> Vec<u8> {
    let mut key = prefix(&[entity, attribute.as_str(), dataset_id.as_str()]);
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// Splits the key of an instance.
pub(super) fn split(key: &[u8]) -> Option<(&[u8], u64)> {
    let (series, number) = key.split_at_checked(key.len().checked_sub(NUMBER)?)?;
    Some((series, u64::from_be_bytes(number.try_into().ok()?)))
}

/// Where the series after this one begin.
pub(super) fn after_series(series: &[u8]) -> Vec<u8> {
    [series, &[u8::MAX; NUMBER + 1]].concat()
}
