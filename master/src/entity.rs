//! Entities whose attribute decides their group: asked of the broker that has them.

use std::sync::Arc;
use std::time::Duration;

use ngsi::v1::EntityRef;
use ngsi::v1::ngsi10::{ContextResponses, QueryContextRequest};
use orchestration::{Event, SubscriptionKey};

use crate::state::Master;

const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// Asks a few times; the next change of the registration asks again.
pub(crate) async fn fetch(master: Arc<Master>, key: SubscriptionKey, entity: EntityRef, provider: String) {
    let broker = if provider.is_empty() { format!("{}/ngsi10", master.node.config.broker_url()) } else { provider };
    for attempt in 0..ATTEMPTS {
        match ask(&master, &broker, &entity).await {
            Ok(attributes) => {
                let entity = entity.id.clone();
                master.event(Event::EntityFetched { key, entity, attributes }).await;
                return;
            }
            Err(error) => {
                let (entity, error) = (entity.id.as_str(), format!("{error:#}"));
                tracing::warn!(entity, broker, error, "the attribute that groups an entity is not known yet");
            }
        }
        tokio::time::sleep(PAUSE * 2_u32.pow(attempt)).await;
    }
}

async fn ask(master: &Master, broker: &str, entity: &EntityRef) -> anyhow::Result<Vec<(String, ngsi::JsonText)>> {
    let _turn = master.questions.acquire().await?;
    let request = QueryContextRequest { entities: vec![entity.clone()], ..QueryContextRequest::default() };
    let headers = [("User-Agent", ngsi::v1::BROKER_USER_AGENT)];
    let answer = master.node.client.post_json(&format!("{broker}/queryContext"), &headers, &request).await?;
    let found: ContextResponses = ngsi::json::parse(answer.body())?;
    let response = found.context_responses.into_iter().next();
    let element = response.ok_or_else(|| anyhow::anyhow!("the broker does not have the entity"))?.context_element;
    Ok(element.attributes.into_iter().map(|attribute| (attribute.name.to_string(), attribute.value)).collect())
}
