//! The outgoing half: requests as bytes, made once, with numbers patched in.

use anyhow::Context;

/// Replaced by the number that chooses the entity.
pub(crate) const ID: &str = "<ID------------>";
/// Replaced by a number that differs in every request: [`crate::outcome::Sent`].
pub(crate) const VALUE: &str = "<VALUE--------->";
/// Both are patched in place, so all numbers have as many digits as the marks have characters.
pub(crate) const DIGITS: usize = ID.len();

/// Where requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// `host:port`.
    pub(crate) authority: String,
}

impl Target {
    /// Of a root URL such as `http://127.0.0.1:8070`.
    pub(crate) fn of(url: &str) -> anyhow::Result<Self> {
        let authority = url.strip_prefix("http://").context("the URL must begin with http://")?;
        Ok(Self { authority: authority.trim_end_matches('/').to_owned() })
    }

    /// A port of this machine.
    pub(crate) fn local(port: u16) -> Self {
        Self { authority: format!("127.0.0.1:{port}") }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.authority)
    }
}

/// A request, ready to be sent again and again.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    bytes: Vec<u8>,
    ids: Vec<usize>,
    values: Vec<usize>,
}

impl Template {
    pub(crate) fn get(target: &Target, path: &str) -> Self {
        Self::new(target, "GET", path, "", "")
    }

    pub(crate) fn post(target: &Target, path: &str, body: &str) -> Self {
        Self::new(target, "POST", path, "", body)
    }

    pub(crate) fn new(target: &Target, method: &str, path: &str, headers: &str, body: &str) -> Self {
        let Target { authority } = target;
        let length = body.len();
        let text = format!(
            "{method} {path} HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        );
        let ids = text.match_indices(ID).map(|(at, _)| at).collect();
        let values = text.match_indices(VALUE).map(|(at, _)| at).collect();
        Self { bytes: text.into_bytes(), ids, values }
    }

    /// The request with these numbers.
    pub(crate) fn stamp(&mut self, id: u64, value: u64) -> &[u8] {
        for (places, number) in [(&self.ids, id), (&self.values, value)] {
            for place in places {
                write_digits(&mut self.bytes[*place..*place + DIGITS], number);
            }
        }
        &self.bytes
    }
}

fn write_digits(place: &mut [u8], mut number: u64) {
    for byte in place.iter_mut().rev() {
        *byte = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
}

/// The text with a number in place of [`ID`].
pub(crate) fn with_id(text: &str, id: u64) -> String {
    text.replace(ID, &format!("{id:0DIGITS$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_patched_without_a_change_of_length() {
        let target = Target { authority: "h:1".into() };
        let mut template = Template::post(&target, "/", &format!("{ID}|{VALUE}"));
        let first = String::from_utf8_lossy(template.stamp(42, 7)).into_owned();
        assert!(first.ends_with("\r\n\r\n0000000000000042|0000000000000007"), "{first}");
        assert_eq!(template.stamp(u64::MAX, 0).len(), first.len());
    }
}
