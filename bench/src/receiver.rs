//! Receives notifications, and tells from the number in each when its update was due.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::drive::Gates;
use crate::http::{DIGITS, Message, Reader, find};
use crate::outcome::{Clock, Latencies, Sent};

/// Stands before the number in a notified value.
pub(crate) const MARK: &str = "sent@";

const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 44\r\n\r\n{\"responseCode\":{\"code\":200,\"details\":\"OK\"}}";

/// What was received, shared with whoever sends the updates.
pub(crate) struct Receiver {
    clock: Clock,
    latencies: Mutex<Latencies>,
    /// Given a permit for every notified update of their connection.
    gates: Option<Gates>,
}

impl Receiver {
    pub(crate) fn new(clock: Clock, gates: Option<Gates>) -> Arc<Self> {
        Arc::new(Self { clock, latencies: Mutex::default(), gates })
    }

    /// Takes what was received so far.
    pub(crate) fn take(&self) -> Latencies {
        std::mem::take(&mut *self.latencies.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Accepts connections for ever; must run in a `LocalSet`.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener) -> anyhow::Result<()> {
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let receiver = self.clone();
            // A broker may close the connection between two notifications.
            tokio::task::spawn_local(async move { receiver.connection(stream).await });
        }
    }

    async fn connection(&self, mut stream: TcpStream) -> anyhow::Result<()> {
        let mut reader = Reader::default();
        loop {
            let count = stream.read(reader.space()).await?;
            reader.advance(count)?;
            while let Some(message) = reader.message()? {
                self.note(&reader, message);
                reader.consume(message);
                stream.write_all(ANSWER).await?;
            }
        }
    }

    fn note(&self, reader: &Reader, message: Message) {
        let now = self.clock.now_ns();
        let mut rest = reader.body(message);
        while let Some(at) = find(rest, MARK.as_bytes()) {
            rest = &rest[at + MARK.len()..];
            let digits = rest.get(..DIGITS).and_then(|digits| std::str::from_utf8(digits).ok());
            let sent = digits.and_then(|digits| digits.parse::<u64>().ok()).map(Sent::from);
            if let Some(sent) = sent.filter(|sent| sent.ns > 0) {
                self.record(sent, now);
            }
        }
    }

    fn record(&self, sent: Sent, now: u64) {
        self.latencies.lock().unwrap_or_else(PoisonError::into_inner).record(now.saturating_sub(sent.ns));
        let connection = usize::try_from(sent.connection).unwrap_or_default();
        if let Some(gate) = self.gates.as_ref().and_then(|gates| gates.get(connection)) {
            gate.add_permits(1);
        }
    }
}
