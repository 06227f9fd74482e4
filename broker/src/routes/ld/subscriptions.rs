//! `/ngsi-ld/v1/subscriptions` and `/ngsi-ld/v1/csourceSubscriptions`: what is read and written is the same, what is told is
//! entities and registrations (ETSI GS CIM 009, 5.8, 5.11 and 6.10 to 6.13).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use axum::{Extension, Router, routing};
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
use crate::sources::Via;
use crate::subscriptions::NotAmended;

/// What a subscription is to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Entities,
    /// Registrations of context sources.
    Sources,
}

impl About {
    fn path(self) -> &'static str {
        match self {
            Self::Entities => "/ngsi-ld/v1/subscriptions",
            Self::Sources => "/ngsi-ld/v1/csourceSubscriptions",
        }
    }

    fn request(self, request: Box<LinkedRequest>) -> Request {
        match self {
            Self::Entities => Request::NgsiLd(request),
            Self::Sources => Request::Sources(request),
        }
    }

    /// Whether a subscription is one of these.
    fn has(self, subscriber: &Subscriber) -> bool {
        match subscriber.subscription().record.request {
            Request::NgsiLd(_) => self == Self::Entities,
            Request::Sources(_) => self == Self::Sources,
            Request::Ngsi10(_) | Request::NgsiV2(_) => false,
        }
    }
}

pub(super) fn router(about: About) -> Router<Shared> {
    Router::new()
        .route(about.path(), routing::get(list).post(create))
        .route(&format!("{}/{{id}}", about.path()), routing::get(get).patch(update).delete(delete))
        .layer(Extension(about))
}

async fn create(
    State(broker): State<Shared>,
    Extension(about): Extension<About>,
    call: Call,
) -> Result<Response, Failure> {
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
    let via = Via::of(&broker, &call.headers);
    if via.is_loop() {
        return Err(Failure::new(Kind::LoopDetected, "Via: the subscription has been here before"));
    }
    let record = Record {
        id: id.clone(),
        request: about.request(Box::new(request(wanted, &context, call.is_local(), via))),
        delivery: Delivery { dialect: Dialect::NgsiLd, ..Delivery::default() },
        created_at: service::now(),
        initialised: about == About::Entities,
    };
    let understood = Subscription::compile_with(record, &context)?;
    if context.link().is_none() {
        // Notifications and whoever reads the subscription are told where it is.
        broker.contexts.url(&context).await?;
    }
    let notifying = notifying_context(&broker, &understood.record, &context).await?;
    let (written, answered) = oneshot::channel::<()>();
    let subscription = Subscription::compile_with(understood.record, &notifying)?;
    broker.subscribe(subscription, answered).await.map_err(unsaved)?;
    drop(written);
    Ok(created(&format!("{}/{}", about.path(), path_segment(id.as_str()))))
}

fn request(subscription: Wanted, context: &Context, local: bool, via: Via) -> LinkedRequest {
    let context = serde_json::from_str(context.to_json()).unwrap_or_else(|_| JsonText::null());
    LinkedRequest { subscription, context, names: BTreeMap::new(), modified_at: None, local, via: via.into_hops() }
}

/// A subscription that has ended already is a mistake (5.8.1).
fn check_end(wanted: &Wanted) -> Result<(), Problem> {
    match wanted.expires_at() {
        Some(end) if end <= service::now() => Err(Problem::bad_request("expiresAt: must be in the future")),
        _ => Ok(()),
    }
}

/// The context that notifications are written in, which may be another than that of the request (5.2.12, jsonldContext).
async fn notifying_context(broker: &Shared, record: &Record, context: &Context) -> Result<Context, Failure> {
    match record.linked().and_then(|request| request.subscription.jsonld_context.as_ref()) {
        None => Ok(broker.contexts.named(context.clone())),
        Some(url) => Ok(broker.contexts.resolve(&serde_json::Value::String(url.clone())).await?),
    }
}

async fn list(
    State(broker): State<Shared>,
    Extension(about): Extension<About>,
    call: Call,
) -> Result<Response, Failure> {
    let context = call.context(&broker, None).await?;
    let rendering = rendering::of_subscriptions(&broker, &call, &context).await?;
    let page = call.params.page()?;
    let mut all: Vec<_> = broker.subscribers.read().iter().filter(|it| about.has(it)).cloned().collect();
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

async fn get(
    State(broker): State<Shared>,
    Extension(about): Extension<About>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Failure> {
    change::check_id(&id)?;
    let context = call.context(&broker, None).await?;
    let rendering = rendering::of_subscriptions(&broker, &call, &context).await?;
    let subscriber = find(&broker, about, &id)?;
    let mut out = Vec::with_capacity(512);
    write(&mut out, &broker, &subscriber, &rendering);
    Ok(rendering.response(out))
}

async fn update(
    State(broker): State<Shared>,
    Extension(about): Extension<About>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Failure> {
    change::check_id(&id)?;
    let document = Document::read(call.json(true)?)?;
    let context = call.context(&broker, document.context()).await?;
    let mut record = find(&broker, about, &id)?.record();
    if let Some(request) = record.linked_mut() {
        request.subscription = request.subscription.patched(&call.body)?;
        // It is at hand then.
        notifying_context(&broker, &record, &context).await?;
    }
    match broker.amend(&id, |record| amended(&broker, record, &call.body, &context)).await {
        Ok(()) => Ok(no_content()),
        Err(NotAmended::Unknown) => Err(unknown(&id)),
        Err(NotAmended::Refused(problem)) => Err(problem.into()),
        Err(NotAmended::Unsaved(error)) => Err(unsaved(error).into()),
    }
}

/// Names that the fragment brings are of the fragment's context; notifications are written in that of the subscription.
fn amended(broker: &Shared, mut record: Record, fragment: &[u8], context: &Context) -> Result<Subscription, Problem> {
    let Some(present) = record.linked_mut() else {
        return Err(Problem::new(Kind::ResourceNotFound, "the subscription is one of another dialect"));
    };
    let wanted = present.subscription.patched(fragment)?;
    if wanted.id != present.subscription.id {
        return Err(Problem::bad_request("id: must not be changed"));
    }
    check_end(&wanted)?;
    present.subscription = wanted;
    present.modified_at = Some(service::now());
    let notifying = broker.contexts.at_hand(&present.notifying_context()).unwrap_or_else(|| context.clone());
    let notifying = broker.contexts.named(notifying);
    let understood = Subscription::compile_with(record, context)?;
    Ok(Subscription::compile_with(understood.record, &notifying)?)
}

async fn delete(
    State(broker): State<Shared>,
    Extension(about): Extension<About>,
    Path(id): Path<String>,
    _call: Call,
) -> Result<Response, Failure> {
    change::check_id(&id)?;
    find(&broker, about, &id)?;
    match broker.unsubscribe(&SubscriptionId::from(id.as_str())).await.map_err(unsaved)? {
        true => Ok(no_content()),
        false => Err(unknown(&id)),
    }
}

fn find(broker: &Shared, about: About, id: &str) -> Result<Arc<Subscriber>, Failure> {
    let found = broker.subscribers.read().get(id).cloned();
    found.filter(|subscriber| about.has(subscriber)).ok_or_else(|| unknown(id))
}

fn unknown(id: &str) -> Failure {
    Failure::new(Kind::ResourceNotFound, format!("there is no subscription `{id}`"))
}
