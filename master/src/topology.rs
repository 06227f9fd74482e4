//! Topologies that an intent names but does not bring along.

use std::sync::Arc;
use std::time::Duration;

use flow::{ServiceIntent, Topology};

use crate::state::{Input, Master};

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Asks the designer until it answers, then hands the intent on.
pub(crate) async fn search(master: Arc<Master>, intent: ServiceIntent, search: u64) {
    let mut pause = FIRST_PAUSE;
    loop {
        match fetch(&master, &intent.topology).await {
            Ok(topology) => {
                let (intent, topology) = (Box::new(intent), Box::new(topology));
                master.tell(Input::Resolved { intent, topology, search }).await;
                return;
            }
            Err(error) => {
                let (id, topology) = (&intent.id, &intent.topology);
                tracing::warn!(intent = id, topology, error = format!("{error:#}"), "the topology is not known yet");
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn fetch(master: &Master, name: &str) -> anyhow::Result<Topology> {
    let url = format!("{}/topology/{}", master.node.config.designer_url(), service::http::path_segment(name));
    let answer = master.node.client.get(&url).await?;
    anyhow::ensure!(answer.status().is_success(), "GET {url}: {}", answer.status());
    Ok(ngsi::json::parse(answer.body())?)
}
