//! Identifiers in URLs.

/// A text as one segment of a URL's path: all but unreserved characters (RFC 3986) and `:` is percent-encoded.
#[must_use]
pub fn path_segment(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    #[test]
    fn segments_are_escaped() {
        assert_eq!(super::path_segment("a/b c:ü"), "a%2Fb%20c:%C3%BC");
    }
}
