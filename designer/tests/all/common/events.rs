//! A page's end of a stream of server-sent events.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Events {
    stream: TcpStream,
    unread: String,
    pub(crate) head: String,
}

impl Events {
    /// Opens a stream; HTTP/1.0, since its answers are not cut into chunks.
    pub(crate) async fn open(url: &str, path: &str) -> Self {
        let address = url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes()).await.unwrap();
        let mut events = Self { stream, unread: String::new(), head: String::new() };
        events.head = events.until("\r\n\r\n").await.expect("an answer");
        events
    }

    /// The next event with a name; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            let block = self.until("\n\n").await?;
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            if let Some(name) = field("event:") {
                return Some((name.to_owned(), serde_json::from_str(field("data:").unwrap()).unwrap()));
            }
        }
    }

    /// The next event of a name that is as wanted.
    pub(crate) async fn wait_for(&mut self, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let (found, data) = self.next().await.expect("the stream has ended");
            if found == name && wanted(&data) {
                return data;
            }
        }
    }

    async fn until(&mut self, end: &str) -> Option<String> {
        loop {
            if let Some(at) = self.unread.find(end) {
                let rest = self.unread.split_off(at + end.len());
                return Some(std::mem::replace(&mut self.unread, rest));
            }
            let mut bytes = vec![0; 64 * 1024];
            let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut bytes)).await.expect("nothing came");
            match read {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.unread.push_str(std::str::from_utf8(&bytes[..count]).unwrap()),
            }
        }
    }
}
