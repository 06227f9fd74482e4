//! Request targets as people type them: `q=speed>20` and `q=name=="x"`, of which RFC 3986 wants `>`, `<` and `"` escaped. Command-line
//! clients send them as they are, and a server that has only "bad request" to say of it helps nobody.
//!
//! Request lines are found by the lengths of bodies that headers tell (RFC 9112, 6.3). Behind a request of which that is not enough, one
//! in chunks for instance, nothing more is looked at.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use memchr::{memchr, memchr3};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// As much of a line as tells what it is.
const BEGINNING: usize = 64;

/// Follows what a client sends.
#[derive(Default)]
struct Heads {
    place: Place,
    /// The beginning of the line so far.
    line: Vec<u8>,
    length: Option<u64>,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    RequestLine,
    Header,
    /// Bytes of the body that are still to come.
    Body(u64),
    /// Wherever.
    Passed,
}

impl Heads {
    /// Takes the next bytes. Gives back what they are to be if that is something else.
    fn take(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut changed: Option<Vec<u8>> = None;
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let part = &rest[..self.reach(rest)];
            if self.place == Place::RequestLine && memchr3(b'"', b'<', b'>', part).is_some() {
                let all = changed.get_or_insert_with(|| bytes[..at].to_vec());
                part.iter().for_each(|byte| all.extend_from_slice(escape(*byte).unwrap_or(std::slice::from_ref(byte))));
            } else if let Some(all) = &mut changed {
                all.extend_from_slice(part);
            }
            self.advance(part);
            at += part.len();
        }
        changed
    }

    /// How many of these bytes belong together: the rest of a line, or of a body.
    fn reach(&self, bytes: &[u8]) -> usize {
        match self.place {
            Place::RequestLine | Place::Header => memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1),
            Place::Body(left) => usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len()),
            Place::Passed => bytes.len(),
        }
    }

    fn advance(&mut self, part: &[u8]) {
        match self.place {
            Place::RequestLine | Place::Header => {
                let room = (BEGINNING + 1).saturating_sub(self.line.len());
                self.line.extend_from_slice(&part[..room.min(part.len())]);
                if part.ends_with(b"\n") {
                    self.place = self.behind_line();
                    self.line.clear();
                }
            }
            Place::Body(left) if left > part.len() as u64 => self.place = Place::Body(left - part.len() as u64),
            Place::Body(_) => self.place = Place::RequestLine,
            Place::Passed => {}
        }
    }

    fn behind_line(&mut self) -> Place {
        let line = self.line.trim_ascii();
        match self.place {
            Place::RequestLine if line.is_empty() => Place::RequestLine,
            Place::RequestLine if line.starts_with(b"PRI ") || line.starts_with(b"CONNECT ") => Place::Passed,
            Place::RequestLine => Place::Header,
            _ if line.is_empty() => match self.length.take().unwrap_or(0) {
                0 => Place::RequestLine,
                length => Place::Body(length),
            },
            _ => self.behind_header(),
        }
    }

    fn behind_header(&mut self) -> Place {
        let colon = self.line.iter().position(|byte| *byte == b':').unwrap_or(self.line.len());
        let (name, value) = self.line.split_at(colon);
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = std::str::from_utf8(value).ok().and_then(|value| digits(value.get(1..)?.trim()));
            let known = self.line.len() <= BEGINNING && self.length.is_none();
            return match length.filter(|_| known) {
                Some(length) => {
                    self.length = Some(length);
                    Place::Header
                }
                None => Place::Passed,
            };
        }
        match name.eq_ignore_ascii_case(b"transfer-encoding") || name.eq_ignore_ascii_case(b"upgrade") {
            true => Place::Passed,
            false => Place::Header,
        }
    }
}

fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn escape(byte: u8) -> Option<&'static [u8]> {
    match byte {
        b'"' => Some(b"%22"),
        b'<' => Some(b"%3C"),
        b'>' => Some(b"%3E"),
        _ => None,
    }
}

/// A connection whose request lines arrive with these characters escaped.
pub(super) struct Escaping<I> {
    io: I,
    heads: Heads,
    /// What has been read and is still to be handed over, from where on.
    held: Option<(Vec<u8>, usize)>,
}

impl<I> Escaping<I> {
    pub(super) fn new(io: I) -> Self {
        Self { io, heads: Heads::default(), held: None }
    }

    /// Hands over as much of what is held as there is room for. Whether there was any.
    fn hand_over(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        let Some((bytes, from)) = &mut self.held else { return false };
        let count = buffer.remaining().min(bytes.len() - *from);
        buffer.put_slice(&bytes[*from..*from + count]);
        *from += count;
        if *from == bytes.len() {
            self.held = None;
        }
        true
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Escaping<I> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.hand_over(buffer) {
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(cx, buffer))?;
        if let Some(bytes) = self.heads.take(&buffer.filled()[before..]) {
            buffer.set_filled(before);
            self.held = Some((bytes, 0));
            self.hand_over(buffer);
        }
        Poll::Ready(Ok(()))
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Escaping<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::collections::VecDeque;

    use tokio::io::AsyncReadExt;

    use super::*;

    /// Hands out its bytes in pieces of these sizes, over and over.
    struct Pieces {
        bytes: VecDeque<u8>,
        sizes: Vec<usize>,
        turn: usize,
    }

    impl AsyncRead for Pieces {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            let size = self.sizes[self.turn % self.sizes.len()].min(buffer.remaining()).min(self.bytes.len());
            self.turn += 1;
            let piece: Vec<u8> = self.bytes.drain(..size).collect();
            buffer.put_slice(&piece);
            Poll::Ready(Ok(()))
        }
    }

    async fn read(sent: &str, sizes: &[usize], step: usize) -> String {
        let pieces = Pieces { bytes: sent.bytes().collect(), sizes: sizes.to_vec(), turn: 0 };
        let mut io = Escaping::new(pieces);
        let (mut all, mut buffer) = (Vec::new(), vec![0; step]);
        loop {
            match io.read(&mut buffer).await.unwrap() {
                0 => return String::from_utf8(all).unwrap(),
                count => all.extend_from_slice(&buffer[..count]),
            }
        }
    }

    /// Bodies and headers that look like request lines, requests before and behind, and whatever makes lengths unsure.
    const TABLE: [(&str, &str); 9] = [
        ("GET /a?q=b>1 HTTP/1.1\r\nX: <\"\r\n\r\n", "GET /a?q=b%3E1 HTTP/1.1\r\nX: <\"\r\n\r\n"),
        ("\r\nGET /\"<>\" HTTP/1.1\n\n", "\r\nGET /%22%3C%3E%22 HTTP/1.1\n\n"),
        (
            "POST /> HTTP/1.1\r\nCONTENT-length:  9\r\n\r\nGET /<>\r\nGET /> HTTP/1.1\r\n\r\n",
            "POST /%3E HTTP/1.1\r\nCONTENT-length:  9\r\n\r\nGET /<>\r\nGET /%3E HTTP/1.1\r\n\r\n",
        ),
        (
            "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\nGET /> HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\nGET /%3E HTTP/1.1\r\n\r\n",
        ),
        (
            "POST /> HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n>\r\n0\r\n\r\nGET />",
            "POST /%3E HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n>\r\n0\r\n\r\nGET />",
        ),
        (
            "POST / H\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n>GET />",
            "POST / H\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n>GET />",
        ),
        ("POST / H\r\nContent-Length: +1\r\n\r\n>GET />", "POST / H\r\nContent-Length: +1\r\n\r\n>GET />"),
        ("GET /> H\r\nUpgrade: x\r\n\r\n<>", "GET /%3E H\r\nUpgrade: x\r\n\r\n<>"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n<>", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n<>"),
    ];

    #[tokio::test]
    async fn request_lines_are_escaped_and_nothing_else_however_they_arrive() {
        for (sent, expected) in TABLE {
            for sizes in [&[4096][..], &[1], &[2, 3], &[7, 1, 30]] {
                for step in [1, 3, 4096] {
                    assert_eq!(read(sent, sizes, step).await, expected, "{sizes:?} {step}");
                }
            }
        }
        let known = TABLE.iter().filter(|(sent, _)| sent.ends_with("\n\n") || sent.ends_with("HTTP/1.1\r\n\r\n"));
        let (sent, expected): (String, String) = known.map(|(sent, expected)| (*sent, *expected)).unzip();
        assert_eq!(read(&sent, &[5, 64], 16).await, expected, "one behind the other");
    }
}
