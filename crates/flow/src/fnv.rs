//! FNV-1a, where a hash must be the same everywhere and always.

/// FNV-1a, 32 bits.
#[must_use]
pub fn fnv32(bytes: impl IntoIterator<Item = u8>) -> u32 {
    bytes.into_iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// FNV-1a, 64 bits.
#[must_use]
pub fn fnv64(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
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
}
