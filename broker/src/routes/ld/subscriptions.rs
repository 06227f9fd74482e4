//! `/ngsi-ld/v1/subscriptions` (ETSI GS CIM 009, 5.8, 6.10 and 6.11).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use context::{Delivery, Dialect, LinkedRequest, Record, Request, Subscribed, Subscription};
use http::HeaderValue;
use ngsi::ld::subscription::Subscription as Wanted;
use ngsi::ld::{Context, Document, Kind, Problem};
use ngsi::{JsonText, SubscriptionId};
use service::http::path_segment;
use tokio::sync::oneshot;

use super::answer::{Failure, created, list as items, no_content, unsaved};
use super::call::Call;
use super::params::link_pages;
use super::shown_subscription::write;
use super::{change, rendering};
use crate::Shared;
use crate::notifier::Subscriber;
use crate::subscriptions::NotAmended;

pub(super) async fn create(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let document = Document::read(call.json(false)?)?;
    let context = call.context(&broker, document.context()).await?;
    let mut wanted = Wanted::parse(&call.body)?;
    if wanted.id.is_empty() && document.id().is_some() {
        return Err(Problem::bad_request("id: must be a URI, is empty").into());
    }
    check_end(&wanted)?;
    if wanted.id.is_empty() {
        wanted.id = format!("urn:ngsi-ld:Subscription:{}", uuid::Uuid::now_v7());
    }
    let id = SubscriptionId::from(wanted.id.as_str());
    if broker.subscribers.read().get(id.as_str()).is_some() {
        return Err(Failure::new(Kind::AlreadyExists, format!("there is a subscription `{id}` already")));
    }
    let record = Record {
        id: id.clone(),
        request: Request::NgsiLd(Box::new(request(wanted, &context))),
        delivery: Delivery { dialect: Dialect::NgsiLd, ..Delivery::default() },
        created_at: service::now(),
        initialised: true,
    };
    let notifying = notification_context(&broker, &record, &context).await?;
    let (written, answered) = oneshot::channel::<()>();
    broker.subscribe(Subscription::compile_with(record, &notifying)?, answered).await.map_err(unsaved)?;
    drop(written);
    Ok(created(&format!("/ngsi-ld/v1/subscriptions/{}", path_segment(id.as_str()))))
}

fn request(subscription: Wanted, context: &Context) -> LinkedRequest {
    let context = serde_json::from_str(context.to_json()).unwrap_or_else(|_| JsonText::null());
    LinkedRequest { subscription, context, names: std::collections::BTreeMap::new() }
}

/// A subscription that has ended already is a mistake (5.8.1).
fn check_end(wanted: &Wanted) -> Result<(), Problem> {
    match wanted.expires_at() {
        Some(end) if end <= service::now() => Err(Problem::bad_request("expiresAt: must be in the future")),
        _ => Ok(()),
    }
}

/// The context that notifications are written in, which may be another than that of the request (5.2.12, jsonldContext).
async fn notification_context(broker: &Shared, record: &Record, context: &Context) -> Result<Context, Failure> {
    let Request::NgsiLd(request) = &record.request else { return Ok(context.clone()) };
    match &request.subscription.jsonld_context {
        None => Ok(context.clone()),
        Some(url) => Ok(broker.contexts.resolve(&serde_json::Value::String(url.clone())).await?),
    }
}

pub(super) async fn list(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let context = call.context(&broker, None).await?;
    let rendering = rendering::of_subscriptions(&broker, &call, &context).await?;
    let page = call.params.page()?;
    let is_linked = |subscriber: &&Arc<Subscriber>| subscriber.subscription().linked().is_some();
    let mut all: Vec<_> = broker.subscribers.read().iter().filter(is_linked).cloned().collect();
    all.sort_by_cached_key(|subscriber| (subscriber.subscription().record.created_at, subscriber.id().clone()));
    let count = all.len();
    page.cut(&mut all);
    let mut out = vec![b'['];
    items(&mut out, &all, |out, subscriber| write(out, &broker, subscriber, &rendering));
    out.push(b']');
    let mut response = rendering.response(out);
    if page.counts {
        response.headers_mut().insert("ngsild-results-count", HeaderValue::from(count));
    }
    link_pages(&mut response, page, call.path_and_query(), count > page.end());
    Ok(response)
}

pub(super) async fn get(State(broker): State<Shared>, Path(id): Path<String>, call: Call) -> Result<Response, Failure> {
    change::check_id(&id)?;
    let context = call.context(&broker, None).await?;
    let rendering = rendering::of_subscriptions(&broker, &call, &context).await?;
    let subscriber = find(&broker, &id)?;
    let mut out = Vec::with_capacity(512);
    write(&mut out, &broker, &subscriber, &rendering);
    Ok(rendering.response(out))
}

pub(super) async fn update(
    State(broker): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Failure> {
    change::check_id(&id)?;
    let document = Document::read(call.json(true)?)?;
    let context = call.context(&broker, document.context()).await?;
    find(&broker, &id)?;
    match broker.amend(&id, |record| amended(&broker, record, &call.body, &context)).await {
        Ok(()) => Ok(no_content()),
        Err(NotAmended::Unknown) => Err(unknown(&id)),
        Err(NotAmended::Refused(problem)) => Err(problem.into()),
        Err(NotAmended::Unsaved(error)) => Err(unsaved(error).into()),
    }
}

/// Names that the fragment brings are of the fragment's context; notifications are written in that of the subscription.
fn amended(broker: &Shared, mut record: Record, fragment: &[u8], context: &Context) -> Result<Subscription, Problem> {
    let Request::NgsiLd(present) = &mut record.request else {
        return Err(Problem::new(Kind::ResourceNotFound, "the subscription is one of another dialect"));
    };
    let wanted = present.subscription.patched(fragment)?;
    if wanted.id != present.subscription.id {
        return Err(Problem::bad_request("id: must not be changed"));
    }
    check_end(&wanted)?;
    let former = broker.contexts.at_hand(&present.context.to_value()).unwrap_or_else(|| context.clone());
    present.subscription = wanted;
    let understood = Subscription::compile_with(record, context)?;
    Ok(Subscription::compile_with(understood.record, &former)?)
}

pub(super) async fn delete(
    State(broker): State<Shared>,
    Path(id): Path<String>,
    _call: Call,
) -> Result<Response, Failure> {
    change::check_id(&id)?;
    find(&broker, &id)?;
    match broker.unsubscribe(&SubscriptionId::from(id.as_str())).await.map_err(unsaved)? {
        true => Ok(no_content()),
        false => Err(unknown(&id)),
    }
}

fn find(broker: &Shared, id: &str) -> Result<Arc<Subscriber>, Failure> {
    let found = broker.subscribers.read().get(id).cloned();
    found.filter(|subscriber| subscriber.subscription().linked().is_some()).ok_or_else(|| unknown(id))
}

fn unknown(id: &str) -> Failure {
    Failure::new(Kind::ResourceNotFound, format!("there is no subscription `{id}`"))
}
