//! The incoming half: where one message ends in a stream of bytes, and what its first line says.

use anyhow::{Context, bail};

/// A larger message is a mistake of the peer.
const MAX_MESSAGE_BYTES: usize = 64 * 1024 * 1024;
const CHUNK: usize = 32 * 1024;

/// A whole message at the front of a [`Reader`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Message {
    /// The status of an answer, 0 of a request.
    pub(crate) status: u16,
    body_starts: usize,
    ends: usize,
}

/// Bytes of a connection, and where its messages end.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    bytes: Vec<u8>,
    filled: usize,
    /// Of the header at the front, once it is complete: (status, length of header, length of body).
    header: Option<(u16, usize, Option<usize>)>,
}

impl Reader {
    /// Room for the next read.
    pub(crate) fn space(&mut self) -> &mut [u8] {
        if self.bytes.len() - self.filled < CHUNK / 2 {
            self.bytes.resize(self.filled + CHUNK, 0);
        }
        &mut self.bytes[self.filled..]
    }

    /// Takes note of `count` bytes read into [`Reader::space`].
    pub(crate) fn advance(&mut self, count: usize) -> anyhow::Result<()> {
        if count == 0 {
            bail!("the peer closed the connection");
        }
        self.filled += count;
        if self.filled > MAX_MESSAGE_BYTES {
            bail!("a message of more than {MAX_MESSAGE_BYTES} bytes");
        }
        Ok(())
    }

    /// The message at the front, if it has arrived whole.
    pub(crate) fn message(&mut self) -> anyhow::Result<Option<Message>> {
        if self.header.is_none() {
            let Some(ends) = find(&self.bytes[..self.filled], b"\r\n\r\n") else { return Ok(None) };
            self.header = Some(parse_header(&self.bytes[..ends], ends + 4)?);
        }
        let Some((status, body_starts, length)) = self.header else { return Ok(None) };
        let ends = match length {
            Some(length) => (body_starts + length <= self.filled).then_some(body_starts + length),
            None => end_of_chunks(&self.bytes[body_starts..self.filled])?.map(|length| body_starts + length),
        };
        Ok(ends.map(|ends| Message { status, body_starts, ends }))
    }

    /// Its body, with the chunk marks if it came in chunks.
    pub(crate) fn body(&self, message: Message) -> &[u8] {
        &self.bytes[message.body_starts..message.ends]
    }

    /// Removes it from the front.
    pub(crate) fn consume(&mut self, message: Message) {
        self.bytes.copy_within(message.ends..self.filled, 0);
        self.filled -= message.ends;
        self.header = None;
    }
}

fn parse_header(header: &[u8], length: usize) -> anyhow::Result<(u16, usize, Option<usize>)> {
    let status = match header.strip_prefix(b"HTTP/1.1 ") {
        Some(rest) => number(rest.get(..3).unwrap_or_default()).context("an answer without a status")?,
        None => 0,
    };
    let mut body = Some(0);
    for line in header.split(|byte| *byte == b'\n').skip(1) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            body = Some(number(value).context("a content-length that is no number")?);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            body = None;
        }
    }
    let status = u16::try_from(status)?;
    Ok((status, length, if status == 204 { Some(0) } else { body }))
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// How long a chunked body is, once its last chunk has arrived.
fn end_of_chunks(body: &[u8]) -> anyhow::Result<Option<usize>> {
    let mut at = 0;
    while let Some(line) = find(&body[at..], b"\r\n") {
        let digits = std::str::from_utf8(&body[at..at + line])?;
        let size = usize::from_str_radix(digits.split(';').next().unwrap_or_default().trim(), 16)
            .context("a chunk without a size")?;
        at += line + 2 + size + 2;
        if at > body.len() {
            return Ok(None);
        }
        if size == 0 {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

pub(crate) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    while let Some(at) = haystack.get(from..)?.iter().position(|byte| *byte == first) {
        if haystack[from + at..].starts_with(needle) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn feed(reader: &mut Reader, bytes: &[u8]) {
        reader.space()[..bytes.len()].copy_from_slice(bytes);
        reader.advance(bytes.len()).unwrap();
    }

    #[test]
    fn an_answer_is_whole_when_its_last_byte_is_there() {
        let answer = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello";
        let mut reader = Reader::default();
        feed(&mut reader, &answer[..answer.len() - 1]);
        assert_eq!(reader.message().unwrap(), None);
        feed(&mut reader, &answer[answer.len() - 1..]);
        let message = reader.message().unwrap().unwrap();
        assert_eq!((message.status, reader.body(message)), (201, b"hello".as_slice()));
    }

    #[test]
    fn the_next_message_stays_after_the_first_is_consumed() {
        let mut reader = Reader::default();
        feed(&mut reader, b"HTTP/1.1 204 No Content\r\n\r\nPOST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}");
        let first = reader.message().unwrap().unwrap();
        reader.consume(first);
        let second = reader.message().unwrap().unwrap();
        assert_eq!((first.status, second.status, reader.body(second)), (204, 0, b"{}".as_slice()));
    }

    #[test]
    fn a_chunked_body_ends_with_its_empty_chunk() {
        let mut reader = Reader::default();
        feed(&mut reader, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n");
        assert_eq!(reader.message().unwrap(), None);
        feed(&mut reader, b"0\r\n\r\n");
        assert!(reader.message().unwrap().is_some());
    }
}
