//! Keeps the connection: connects, notices its loss, pauses, connects again, until shutdown.

use super::client::Client;
use super::retries;
use super::session::Session;
use crate::BusState;
use std::sync::Arc;
use std::time::Duration;

pub(super) async fn run(client: Arc<Client>) {
    let shutdown = client.shutdown.clone();
    shutdown.run_until_cancelled(keep_connected(&client)).await;
    let session = client.session.send_replace(None);
    if let Some(session) = session {
        session.close().await;
    }
    client.state.send_replace(BusState::Closed);
}

async fn keep_connected(client: &Client) {
    let mut pauses = retries();
    loop {
        let reason = match Session::connect(&client.settings).await {
            Ok(session) => {
                pauses = retries();
                serve(client, session).await
            }
            Err(reason) => reason,
        };
        let pause = pauses.next().unwrap_or(super::RETRY_MAX);
        report_loss(client, reason, pause);
        tokio::time::sleep(pause).await;
    }
}

async fn serve(client: &Client, session: Session) -> String {
    let session = Arc::new(session);
    client.session.send_replace(Some(session.clone()));
    client.state.send_replace(BusState::Connected);
    let settings = &client.settings;
    tracing::info!(host = %settings.host, port = settings.port, user = %settings.username, "connected to RabbitMQ");
    let reason = session.lost().await;
    client.session.send_replace(None);
    client.counters.disconnects.add();
    reason
}

fn report_loss(client: &Client, reason: String, pause: Duration) {
    let settings = &client.settings;
    tracing::warn!(
        host = %settings.host, port = settings.port, user = %settings.username, %reason,
        retry_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX), "no connection to RabbitMQ",
    );
    client.state.send_replace(BusState::Disconnected { reason });
}
