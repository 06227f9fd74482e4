//! What a source is asked about one subscription, and what is written down of that (ETSI GS CIM 009, 5.8.1, 5.8.2 and 5.8.5).

use std::sync::Arc;

use bytes::Bytes;
use context::Subscribed;
use context::sources::{HasSource, Hold, Source, Wish};
use http::header::LOCATION;
use http::{HeaderMap, Method, Response, StatusCode};
use ngsi::ld::Context;
use serde_json::{Map, Value};
use service::http::path_segment;
use storage::Batch;

use super::errands::Obstacle;
use super::{MAX_FOLLOWED, MAX_HOLDS, Message, Registered, Via};
use crate::broker::Broker;
use crate::ledger::Kind;
use crate::notifier::Subscriber;

/// The longest text of a source that is repeated in the log.
const MAX_TEXT: usize = 200;

impl Broker {
    pub(super) async fn create_there(
        self: &Arc<Self>,
        subscriber: &Subscriber,
        source: &Arc<Registered>,
        wish: &Wish,
    ) -> Result<(), Obstacle> {
        let Some(hold) = self.hold_for(subscriber, source) else { return Ok(()) };
        self.keep_hold(&hold).await?;
        let speech = self.speech(subscriber, source).await?;
        let members = wish.whole(&hold.id, &hold.key, &speech.language);
        let answer = self.ask(source, Method::POST, "/subscriptions".to_owned(), Some(members), &speech).await?;
        match answer.status() {
            status if status.is_success() => {
                let id = created_id(&answer).unwrap_or_else(|| hold.id.clone());
                self.confirm(Hold { id, ..hold }, source, wish).await
            }
            // The answer that it was created was lost.
            StatusCode::CONFLICT => self.update_there(hold, subscriber, source, wish).await,
            _ => {
                self.forget_hold(&hold.key).await?;
                Err(refused(&answer))
            }
        }
    }

    /// The hold that the pair has, or a new one.
    fn hold_for(&self, subscriber: &Subscriber, source: &Registered) -> Option<Hold> {
        let (subscription, registration) = (subscriber.id(), &source.source().registration);
        let holds = self.sources.holds.lock();
        if let Some(hold) = holds.of_pair(&(subscription.clone(), registration.id.clone())) {
            return Some(hold.clone());
        }
        if holds.len() >= MAX_HOLDS || holds.of_subscription(subscription).len() >= MAX_FOLLOWED {
            tracing::warn!(%subscription, registration = %registration.id, "a subscription does not reach a source: there are too many");
            return None;
        }
        Some(Hold {
            key: uuid::Uuid::new_v4().simple().to_string(),
            subscription: subscription.clone(),
            id: format!("urn:ngsi-ld:Subscription:{}", uuid::Uuid::now_v7()),
            place: Hold::place_of(registration),
            told: None,
            unsure: false,
        })
    }

    pub(super) async fn update_there(
        self: &Arc<Self>,
        hold: Hold,
        subscriber: &Subscriber,
        source: &Arc<Registered>,
        wish: &Wish,
    ) -> Result<(), Obstacle> {
        let speech = self.speech(subscriber, source).await?;
        self.keep_hold(&Hold { unsure: true, ..hold.clone() }).await?;
        let members = wish.fragment(hold.certain(), &hold.key, &speech.language);
        let answer = self.ask(source, Method::PATCH, path(&hold), Some(members), &speech).await?;
        match answer.status() {
            status if status.is_success() => self.confirm(hold, source, wish).await,
            // It has forgotten it, unless it has just said that it is there.
            StatusCode::NOT_FOUND | StatusCode::GONE if hold.told.is_some() => {
                let pair = hold.pair();
                self.keep_hold(&Hold { told: None, unsure: false, ..hold }).await?;
                self.look_at(pair);
                Ok(())
            }
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
                self.part(source.base(), &hold.pair());
                Ok(())
            }
            _ => {
                self.keep_hold(&hold).await?;
                self.sources.holds.lock().believe(&hold.pair());
                Err(refused(&answer))
            }
        }
    }

    /// The source has it.
    async fn confirm(&self, hold: Hold, source: &Registered, wish: &Wish) -> Result<(), Obstacle> {
        let place = Hold::place_of(&source.source().registration);
        let hold = Hold { place, told: Some(wish.clone()), unsure: false, ..hold };
        self.keep_hold(&hold).await?;
        self.sources.holds.lock().believe(&hold.pair());
        Ok(())
    }

    pub(super) async fn end_hold(self: &Arc<Self>, key: &str) -> Result<(), Obstacle> {
        let Some(hold) = self.sources.holds.lock().get(key).cloned() else { return Ok(()) };
        let source = Source::compile(hold.place.clone()).map(Registered::new);
        let (Ok(source), true) = (source, hold.may_be_ended()) else { return self.forget_hold(key).await };
        let speech = Speech { language: Context::core(), via: Via::again(self, &[]) };
        let answer = self.ask(&source, Method::DELETE, path(&hold), None, &speech).await?;
        self.forget_hold(key).await?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(()),
            _ => Err(refused(&answer)),
        }
    }

    /// An answer that says something of what was asked.
    async fn ask(
        self: &Arc<Self>,
        source: &Registered,
        method: Method,
        path: String,
        members: Option<Map<String, Value>>,
        speech: &Speech,
    ) -> Result<Response<Bytes>, Obstacle> {
        let body = members.map(|mut members| {
            if source.is_inline() {
                let context = serde_json::from_str(speech.language.to_json()).unwrap_or_default();
                members.insert("@context".to_owned(), context);
            }
            Bytes::from(Value::Object(members).to_string())
        });
        let message = Message { method, path, query: Vec::new(), body };
        // Of the request that made the subscription only its way is known.
        let request = source.request(message, &speech.language, &speech.via, &HeaderMap::new());
        let request = request.map_err(|error| Obstacle::Away(error.to_string()))?;
        let permit = self.sources.asking.acquire().await;
        let answer = source.send(self, request).await.map_err(|why| Obstacle::Away(why.to_string()))?;
        drop(permit);
        match answer.status() {
            StatusCode::LOOP_DETECTED | StatusCode::NOT_IMPLEMENTED => Ok(answer),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
                Err(Obstacle::Away(answer.status().to_string()))
            }
            status if status.is_server_error() => Err(Obstacle::Away(status.to_string())),
            _ => Ok(answer),
        }
    }

    async fn speech(&self, subscriber: &Subscriber, source: &Registered) -> Result<Speech, Obstacle> {
        let language = self.language_for(subscriber, source).await.map_err(|problem| Obstacle::Away(problem.detail))?;
        let hops = subscriber.subscription().linked().map(|request| request.via.as_slice());
        Ok(Speech { language, via: Via::again(self, hops.unwrap_or_default()) })
    }

    async fn keep_hold(&self, hold: &Hold) -> Result<(), Obstacle> {
        self.sources.holds.lock().put(hold.clone());
        let mut batch = Batch::new();
        self.ledger.put_hold(&mut batch, hold);
        self.ledger.commit(batch).await.map_err(|error| Obstacle::Away(error.to_string()))
    }

    pub(super) async fn forget_hold(&self, key: &str) -> Result<(), Obstacle> {
        self.sources.holds.lock().forget(key);
        let mut batch = Batch::new();
        self.ledger.delete(&mut batch, Kind::Hold, key);
        self.ledger.commit(batch).await.map_err(|error| Obstacle::Away(error.to_string()))
    }
}

/// How a source is spoken to on behalf of a subscription.
struct Speech {
    language: Context,
    via: Via,
}

fn path(hold: &Hold) -> String {
    format!("/subscriptions/{}", path_segment(&hold.id))
}

/// The identifier that a source gave, which may be another than the one it was given.
fn created_id(answer: &Response<Bytes>) -> Option<String> {
    let location = answer.headers().get(LOCATION)?.to_str().ok()?;
    let (_, id) = location.rsplit_once("/subscriptions/")?;
    let id = percent_encoding::percent_decode_str(id).decode_utf8().ok()?;
    (!id.is_empty()).then(|| id.into_owned())
}

fn refused(answer: &Response<Bytes>) -> Obstacle {
    let text = String::from_utf8_lossy(answer.body());
    Obstacle::Refused(answer.status(), text.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_source_may_give_an_identifier_of_its_own() {
        let table = [
            (Some("/ngsi-ld/v1/subscriptions/urn:s:1"), Some("urn:s:1")),
            (Some("http://source/ngsi-ld/v1/subscriptions/urn%3As%3A2"), Some("urn:s:2")),
            (Some("/ngsi-ld/v1/subscriptions/"), None),
            (Some("urn:s:3"), None),
            (None, None),
        ];
        for (location, expected) in table {
            let mut answer = Response::builder().status(201);
            if let Some(location) = location {
                answer = answer.header(LOCATION, location);
            }
            assert_eq!(created_id(&answer.body(Bytes::new()).unwrap()).as_deref(), expected, "{location:?}");
        }
    }
}
