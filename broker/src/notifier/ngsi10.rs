//! Notifications of subscriptions of NGSI-10, in the dialect that their header `Destination` asked for.

use bytes::Bytes;
use context::{Dialect, Notice, Subscribed, Subscription};
use http::header::{CONTENT_TYPE, HeaderValue, LINK, USER_AGENT};
use http::{Request, Uri};
use ngsi::json::write_string;
use ngsi::v1::{BROKER_USER_AGENT, write_element};
use ngsi::{Entity, ld, v2};

use super::Subscriber;
use crate::federation::{tell_cause, tell_entity};

const LD_PATH: &str = "/ngsi-ld/v1/entityOperations/upsert";

#[derive(Debug, thiserror::Error)]
pub(super) enum Unsendable {
    #[error("the reference is not a usable URL: {0}")]
    Reference(String),
    #[error("the tenant is not a valid header")]
    Request(#[from] http::Error),
}

/// The URL of a subscription's notifications.
pub(super) fn target(subscription: &Subscription) -> Result<Uri, String> {
    let reference = subscription.record.reference();
    let base = reference.trim_end_matches('/');
    let url = match subscription.record.delivery.dialect {
        Dialect::Ngsi10 => format!("{base}/notifyContext"),
        Dialect::NgsiV2 => reference.to_owned(),
        Dialect::NgsiLd => format!("{base}{LD_PATH}"),
    };
    url.parse::<Uri>().map_err(|error| error.to_string())
}

/// The request that delivers the notices; `None` when the dialect has no words for any of them.
pub(super) fn request(
    subscriber: &Subscriber,
    notices: &[Notice],
    originator: &str,
) -> Result<Option<Request<Bytes>>, Unsendable> {
    let target = subscriber.target.clone().map_err(Unsendable::Reference)?;
    let mut request = Request::post(target);
    let body = match subscriber.dialect() {
        Dialect::Ngsi10 => Some(ngsi10(subscriber, notices, originator)),
        Dialect::NgsiV2 => Some(ngsi_v2(subscriber, notices)),
        Dialect::NgsiLd => ngsi_ld(subscriber, notices),
    };
    let Some(body) = body else { return Ok(None) };
    if subscriber.dialect() == Dialect::NgsiLd {
        request = request.header(LINK, link());
        let tenant = &subscriber.subscription().record.delivery.tenant;
        if !tenant.is_empty() {
            request = request.header("NGSILD-Tenant", tenant);
        }
    }
    if subscriber.is_broker() {
        request = request.header(USER_AGENT, HeaderValue::from_static(BROKER_USER_AGENT));
    }
    let request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(Some(request.body(Bytes::from(body))?))
}

fn link() -> String {
    format!("<{}>; rel=\"http://www.w3.org/ns/json-ld#context\"; type=\"application/ld+json\"", ld::CORE_CONTEXT)
}

fn ngsi10(subscriber: &Subscriber, notices: &[Notice], originator: &str) -> Vec<u8> {
    let names = subscriber.subscription().attributes();
    let mut out = Vec::with_capacity(128 + notices.len() * 384);
    out.extend_from_slice(b"{\"subscriptionId\":");
    write_string(&mut out, subscriber.id().as_str());
    out.extend_from_slice(b",\"originator\":");
    write_string(&mut out, originator);
    out.extend_from_slice(b",\"contextResponses\":[");
    list(&mut out, notices.iter(), |out, notice| {
        out.extend_from_slice(b"{\"contextElement\":");
        let whole = subscriber.wants_whole() && !notice.deleted;
        if notice.deleted || whole {
            write_element(out, &bare(&notice.entity), &[]);
        } else {
            write_element(out, &notice.entity, names);
        }
        out.extend_from_slice(b",\"statusCode\":{\"code\":200,\"reasonPhrase\":\"OK\"}");
        if whole {
            out.extend_from_slice(b",\"entity\":");
            out.extend_from_slice(&tell_entity(&notice.entity));
        }
        if subscriber.is_broker() {
            out.extend_from_slice(b",\"cause\":");
            out.extend_from_slice(&tell_cause(notice));
        }
        out.push(b'}');
    });
    out.extend_from_slice(b"]}");
    out
}

fn ngsi_v2(subscriber: &Subscriber, notices: &[Notice]) -> Vec<u8> {
    let names = subscriber.subscription().attributes();
    let mut out = b"{\"subscriptionId\":".to_vec();
    write_string(&mut out, subscriber.id().as_str());
    out.extend_from_slice(b",\"data\":[");
    list(&mut out, notices.iter(), |out, notice| {
        if notice.deleted {
            v2::write_entity(out, &bare(&notice.entity), &[]);
        } else {
            v2::write_entity(out, &notice.entity, names);
        }
    });
    out.extend_from_slice(b"]}");
    out
}

/// A batch upsert; it cannot say that an entity is gone.
fn ngsi_ld(subscriber: &Subscriber, notices: &[Notice]) -> Option<Vec<u8>> {
    let names = subscriber.subscription().attributes();
    let mut out = b"[".to_vec();
    list(&mut out, notices.iter().filter(|notice| !notice.deleted), |out, notice| {
        ld::write_entity(out, &notice.entity, names);
    });
    out.push(b']');
    (out.len() > 2).then_some(out)
}

fn list<'a>(out: &mut Vec<u8>, notices: impl Iterator<Item = &'a Notice>, write: impl Fn(&mut Vec<u8>, &'a Notice)) {
    for (index, notice) in notices.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, notice);
    }
}

/// The identity alone: how a deletion is told.
fn bare(entity: &Entity) -> Entity {
    Entity::new(entity.id.clone(), entity.entity_type.clone(), entity.modified_at)
}
