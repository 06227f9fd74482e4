//! Identifiers of task instances: FNV-1a over the values that make a group.

use flow::fnv32;
use ngsi::JsonText;

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
    fn values_are_hashed_as_concatenated_json() {
        let values = [JsonText::string("a"), JsonText::from(serde_json::json!(7))];
        assert_eq!(group_hash(&values, ""), format!("{:08}", fnv32(*b"\"a\"7")));
        assert_ne!(group_hash(&values, "x"), group_hash(&values, ""));
        assert!(group_hash(&values, "").len() >= 8);
    }
}
