//! Identifiers of task instances: FNV-1a over the values that make a group.

use ngsi::JsonText;

/// FNV-1a, 32 bits.
pub(crate) fn fnv32(bytes: impl IntoIterator<Item = u8>) -> u32 {
    bytes.into_iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// FNV-1a, 64 bits.
pub(crate) fn fnv64(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The hash of a combination of group values in order of their keys: at least 8 decimal digits.
///
/// `salt` is empty for the first intent on a topology and tells further ones apart.
#[must_use]
pub fn group_hash(values: &[JsonText], salt: &str) -> String {
    let json = values.iter().flat_map(|value| value.as_str().bytes());
    format!("{:08}", fnv32(json.chain(salt.bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_test_vectors() {
        assert_eq!(fnv32([]), 0x811c_9dc5);
        assert_eq!(fnv32(*b"a"), 0xe40c_292c);
        assert_eq!(fnv32(*b"foobar"), 0xbf9c_f968);
        assert_eq!(fnv64(*b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn values_are_hashed_as_concatenated_json() {
        let values = [JsonText::string("a"), JsonText::from(serde_json::json!(7))];
        assert_eq!(group_hash(&values, ""), format!("{:08}", fnv32(*b"\"a\"7")));
        assert_ne!(group_hash(&values, "x"), group_hash(&values, ""));
        assert!(group_hash(&values, "").len() >= 8);
    }
}
