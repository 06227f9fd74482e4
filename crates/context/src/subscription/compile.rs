//! What a request of any dialect asks for, understood.

use std::time::Duration;

use ngsi::ld::Context;
use ngsi::v1::ngsi10::SubscribeContextRequest;
use ngsi::v1::parse_duration;
use ngsi::{Name, ParseError, Restriction, Timestamp, v2};

use super::record::Request;
use crate::Query;
use crate::interest::{Altered, Interest};
use crate::linked::LinkedRequest;
use crate::outgoing::{CustomOutgoing, LinkedOutgoing, Outgoing};

/// The longest reference, in bytes.
const MAX_REFERENCE: usize = 2048;

/// What a subscription is compiled into, whatever its dialect.
pub(super) struct Parts {
    pub(super) expires_at: Option<Timestamp>,
    pub(super) throttling: Option<Duration>,
    pub(super) query: Query,
    pub(super) interest: Interest,
    pub(super) outgoing: Option<Outgoing>,
}

impl Parts {
    /// Understands the request; notes in one of NGSI-LD what its names stand for in that context.
    pub(super) fn compile(request: &mut Request, created_at: Timestamp, context: &Context) -> Result<Self, ParseError> {
        match request {
            Request::Ngsi10(request) => Self::ngsi10(request, created_at),
            Request::NgsiV2(request) => Self::ngsi_v2(request),
            Request::NgsiLd(request) => Self::ngsi_ld(request, context),
            Request::Sources(request) => Self::sources(request, context),
        }
    }

    fn ngsi10(request: &SubscribeContextRequest, created_at: Timestamp) -> Result<Self, ParseError> {
        if !request.entities.is_empty() {
            // Existing clients also subscribe to nothing and expect an identifier.
            check_reference(&request.reference)?;
        }
        let conditions = request.notify_conditions.iter().filter(|condition| is_on_change(&condition.condition_type));
        let conditions: Vec<Name> = conditions.flat_map(|condition| condition.cond_values.iter().cloned()).collect();
        let watched = if conditions.is_empty() { request.attributes.clone() } else { conditions };
        Ok(Self {
            query: Query::compile(&request.entities, &[], &request.restriction)?,
            expires_at: duration("duration", &request.duration)?.map(|length| created_at.after(length)),
            throttling: duration("throttling", &request.throttling)?,
            interest: Interest::Named(watched),
            outgoing: None,
        })
    }

    fn ngsi_v2(request: &v2::Subscription) -> Result<Self, ParseError> {
        let query = Query::compile(&request.references()?, &[], &Restriction::default());
        let altered = Altered::compile(&request.subject.condition);
        let outgoing = CustomOutgoing::compile(&request.notification);
        Ok(Self {
            query: query.map_err(|error| error.within("subject"))?,
            expires_at: request.expires_at(),
            throttling: (request.throttling > 0).then(|| Duration::from_secs(request.throttling)),
            interest: Interest::Altered(altered.map_err(|error| error.within("subject.condition.expression"))?),
            outgoing: Some(Outgoing::NgsiV2(Box::new(outgoing.map_err(|error| error.within("notification"))?))),
        })
    }

    fn ngsi_ld(request: &mut LinkedRequest, context: &Context) -> Result<Self, ParseError> {
        let (query, interest, names) = request.compile(context)?;
        request.names = names;
        let expand = |term: &str| request.expand(context, term);
        let outgoing = LinkedOutgoing::compile(&request.subscription, context.clone(), &expand)?;
        Ok(Self {
            query,
            expires_at: request.subscription.expires_at(),
            throttling: request.subscription.throttling(),
            interest: Interest::Linked(Box::new(interest)),
            outgoing: Some(Outgoing::NgsiLd(Box::new(outgoing))),
        })
    }

    /// No entities are meant.
    fn sources(request: &mut LinkedRequest, context: &Context) -> Result<Self, ParseError> {
        let (interest, names) = request.compile_for_sources(context)?;
        request.names = names;
        let outgoing = LinkedOutgoing::compile_for_sources(&request.subscription, context.clone())?;
        Ok(Self {
            query: Query::compile(&[], &[], &Restriction::default())?,
            expires_at: request.subscription.expires_at(),
            throttling: request.subscription.throttling(),
            interest: Interest::Sources(Box::new(interest)),
            outgoing: Some(Outgoing::NgsiLd(Box::new(outgoing))),
        })
    }
}

/// Of other conditions the values are no names of attributes; such subscriptions hear of every change.
fn is_on_change(condition_type: &str) -> bool {
    condition_type.is_empty() || condition_type.eq_ignore_ascii_case("ONCHANGE")
}

fn duration(member: &str, text: &str) -> Result<Option<Duration>, ParseError> {
    if text.is_empty() {
        return Ok(None);
    }
    let length =
        parse_duration(text).ok_or_else(|| ParseError::new(member, format!("not an ISO 8601 duration: `{text}`")))?;
    Ok((!length.is_zero()).then_some(length))
}

fn check_reference(reference: &str) -> Result<(), ParseError> {
    let wrong = |problem: &str| Err(ParseError::new("reference", problem));
    let Some(rest) = reference.strip_prefix("http://").or_else(|| reference.strip_prefix("https://")) else {
        return wrong("must be an http:// or https:// URL");
    };
    if rest.is_empty() || rest.starts_with('/') {
        return wrong("must name a host");
    }
    if reference.len() > MAX_REFERENCE {
        return wrong("is too long");
    }
    if reference.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
        return wrong("must not contain spaces or control characters");
    }
    Ok(())
}
