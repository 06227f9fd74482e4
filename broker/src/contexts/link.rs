//! `Link` headers (RFC 8288) that name a context.

use http::HeaderMap;
use http::header::{HeaderValue, LINK};
use ngsi::ld::Problem;

const RELATION: &str = "http://www.w3.org/ns/json-ld#context";

/// The URL of the context that a request names.
pub(super) fn of_headers(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut found = None;
    for value in headers.get_all(LINK) {
        let value = value.to_str().map_err(|_| Problem::bad_request("Link: must be text"))?;
        for (target, relation) in links(value)? {
            let is_context = relation.split_ascii_whitespace().any(|relation| relation == RELATION);
            if is_context && found.replace(target.to_owned()).is_some() {
                return Err(Problem::bad_request("Link: names more than one context"));
            }
        }
    }
    Ok(found)
}

/// The header of an answer.
pub(crate) fn header(url: &str) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("<{url}>; rel=\"{RELATION}\"; type=\"application/ld+json\"")).ok()
}

/// Targets and their relations.
fn links(value: &str) -> Result<Vec<(&str, &str)>, Problem> {
    let wrong = || Problem::bad_request(format!("Link: not of the form `<URL>; rel=\"{RELATION}\"`: `{value}`"));
    let mut all = Vec::new();
    let mut rest = value.trim();
    while !rest.is_empty() {
        let (target, parameters) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')).ok_or_else(wrong)?;
        let (parameters, next) = split_unquoted(parameters, ',');
        all.push((target.trim(), relation(parameters).unwrap_or_default()));
        rest = next.trim();
    }
    Ok(all)
}

fn relation(mut parameters: &str) -> Option<&str> {
    while !parameters.is_empty() {
        let (parameter, next) = split_unquoted(parameters, ';');
        if let Some((name, value)) = parameter.split_once('=')
            && name.trim().eq_ignore_ascii_case("rel")
        {
            return Some(value.trim().trim_matches('"'));
        }
        parameters = next;
    }
    None
}

/// What stands before a separator outside of quotation marks, and behind it.
fn split_unquoted(text: &str, separator: char) -> (&str, &str) {
    let mut quoted = false;
    let at = text.find(|c| {
        quoted ^= c == '"';
        c == separator && !quoted
    });
    at.map_or((text, ""), |at| (&text[..at], &text[at + 1..]))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn of(values: &[&str]) -> Result<Option<String>, String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(LINK, value.parse().unwrap());
        }
        of_headers(&headers).map_err(|problem| problem.detail)
    }

    #[test]
    fn the_context_is_found_among_links() {
        let context = format!("<http://example.org/a,b;c.jsonld>; rel=\"{RELATION}\"; type=\"application/ld+json\"");
        let found = Ok(Some("http://example.org/a,b;c.jsonld".to_owned()));
        assert_eq!(of(&[&context]), found);
        assert_eq!(of(&["<http://example.org/x>; rel=next; title=\"a, b\"", &context]), found);
        assert_eq!(of(&[&format!("<http://example.org/x>; rel=\"next\", {context}")]), found);
        assert_eq!(
            of(&[&format!("< http://x/c > ;type=x; REL = \"other {RELATION}\"")]),
            Ok(Some("http://x/c".to_owned()))
        );
        assert_eq!(of(&["<http://example.org/x>; rel=next", "<y>"]), Ok(None));
        assert_eq!(of(&[]), Ok(None));
    }

    #[test]
    fn what_is_no_link_is_refused() {
        let context = format!("<http://example.org/a>; rel=\"{RELATION}\"");
        assert!(of(&[&context, &context]).unwrap_err().contains("more than one"));
        for wrong in ["http://example.org/a", "<http://example.org/a", "x, y"] {
            assert!(of(&[wrong]).unwrap_err().contains(wrong), "{wrong}");
        }
    }
}
