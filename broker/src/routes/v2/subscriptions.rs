//! `/v2/subscriptions`: the subscriptions of NGSIv2.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use context::{Delivery, Dialect, Record, Request, Subscribed, Subscription};
use http::header::{HeaderValue, LOCATION};
use http::{HeaderMap, StatusCode};
use ngsi::v2::path::ServicePaths;
use ngsi::{SubscriptionId, v2};
use tokio::sync::oneshot;

use super::answer::{Failure, no_content, unsaved};
use super::list::total;
use super::params::Params;
use super::subscription::shown;
use super::{body, headers};
use crate::notifier::Subscriber;
use crate::{Shared, answer};

/// Clients of earlier versions of NGSIv2 ask for no initial notification; there is none now.
pub(super) const SKIP_INITIAL: &str = "skipInitialNotification";

/// All, or those made with the paths that are given.
pub(super) async fn list(
    State(broker): State<Shared>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Failure> {
    let options = params.options(&["count"])?;
    let page = params.page()?;
    let paths = headers::paths(&headers)?;
    let of_paths = |given: &str| paths.is_everywhere() || ServicePaths::parse(given).is_ok_and(|made| made == paths);
    let is_listed = |subscriber: &&Arc<Subscriber>| {
        let subscription = subscriber.subscription();
        subscription.v2().is_some() && of_paths(&subscription.record.delivery.path)
    };
    let mut all: Vec<_> = broker.subscribers.read().iter().filter(is_listed).cloned().collect();
    let age = |subscriber: &Arc<Subscriber>| (subscriber.subscription().record.created_at, subscriber.id().clone());
    all.sort_by_cached_key(age);
    let count = all.len();
    page.cut(&mut all);
    let mut out = vec![b'['];
    for (index, subscriber) in all.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend(shown(subscriber)?);
    }
    out.push(b']');
    let mut response = answer::json(out);
    if options.has("count") {
        total(&mut response, count);
    }
    Ok(response)
}

pub(super) async fn create(
    State(broker): State<Shared>,
    headers: HeaderMap,
    params: Params,
    body: Bytes,
) -> Result<Response, Failure> {
    body::check_json(&headers, &body)?;
    params.options(&[SKIP_INITIAL])?;
    let request = v2::Subscription::parse(&body)?;
    let id = SubscriptionId::from(uuid::Uuid::now_v7().simple().to_string());
    let record = Record {
        id: id.clone(),
        request: Request::NgsiV2(Box::new(request)),
        delivery: Delivery {
            dialect: Dialect::NgsiV2,
            path: headers::given(&headers).into_owned(),
            ..Delivery::default()
        },
        created_at: service::now(),
        initialised: true,
    };
    let (written, answered) = oneshot::channel::<()>();
    broker.subscribe(Subscription::compile(record)?, answered).await.map_err(unsaved)?;
    drop(written);
    let mut response = no_content();
    *response.status_mut() = StatusCode::CREATED;
    if let Ok(location) = HeaderValue::try_from(format!("/v2/subscriptions/{id}")) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}
