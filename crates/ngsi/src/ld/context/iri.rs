//! The form of IRIs, as far as contexts need it.

/// Whether a text is an absolute IRI or a blank node, by its form: a scheme, a colon, and no character that no IRI has.
pub(super) fn is_absolute(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    if scheme == "_" {
        return true;
    }
    let mut letters = scheme.bytes();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        && !rest.chars().any(|c| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c))
}

/// Whether contexts and their prefixes may be fetched from there.
pub(super) fn is_http(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

/// The parts of a compact IRI, which a text with `//` behind the colon is not.
pub(super) fn split_compact(text: &str) -> Option<(&str, &str)> {
    let (prefix, suffix) = text.split_once(':')?;
    (!prefix.is_empty() && prefix != "_" && !suffix.starts_with("//")).then_some((prefix, suffix))
}

/// Whether a text has the form that keywords have; those that are none are reserved.
pub(super) fn is_like_keyword(text: &str) -> bool {
    text.strip_prefix('@').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// Whether an IRI ends in a character that separates parts (RFC 3986, gen-delims), so that it may be a prefix.
pub(super) fn ends_part(iri: &str) -> bool {
    iri.ends_with([':', '/', '?', '#', '[', ']', '@'])
}

/// A reference seen from the document at `base` (RFC 3986, section 5.2); nothing for what is not of http or https.
#[must_use]
pub fn join(base: &str, reference: &str) -> Option<String> {
    if is_http(reference) {
        return Some(reference.to_owned());
    }
    let (scheme, rest) = base.split_once("://")?;
    let base = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = base.split_at(base.find('/').unwrap_or(base.len()));
    if let Some(other) = reference.strip_prefix("//") {
        return Some(format!("{scheme}://{other}"));
    }
    if is_absolute(reference) {
        return None;
    }
    let folder = if reference.starts_with('/') { "" } else { &path[..path.rfind('/').map_or(0, |at| at + 1)] };
    let (target, query) = reference.split_at(reference.find(['?', '#']).unwrap_or(reference.len()));
    let mut parts = Vec::new();
    for part in folder.split('/').chain(target.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    Some(format!("{scheme}://{host}/{}{query}", parts.join("/")))
}

#[cfg(test)]
mod tests {
    use super::{is_absolute, join};

    #[test]
    fn the_form_tells_iris() {
        for iri in ["https://example.org/a", "urn:x", "_:b", "geo:1,2"] {
            assert!(is_absolute(iri), "{iri}");
        }
        for other in ["temp", "a/b", "1a:b", ":x", "a b:c", "x:a b", ""] {
            assert!(!is_absolute(other), "{other}");
        }
    }

    #[test]
    fn references_are_seen_from_their_document() {
        let base = "http://example.org/a/b.jsonld?x=1";
        let table = [
            ("https://other.org/c", Some("https://other.org/c")),
            ("c.jsonld", Some("http://example.org/a/c.jsonld")),
            ("./c.jsonld", Some("http://example.org/a/c.jsonld")),
            ("../../c?d=1", Some("http://example.org/c?d=1")),
            ("/c", Some("http://example.org/c")),
            ("//other.org/c", Some("http://other.org/c")),
            ("file:///etc/passwd", None),
        ];
        for (reference, expected) in table {
            assert_eq!(join(base, reference).as_deref(), expected, "{reference}");
        }
    }
}
