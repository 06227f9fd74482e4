//! Which tenant a request is for. `/v1` and `/v2` name it by `Fiware-Service`, `/ngsi-ld` by `NGSILD-Tenant`; for `/ngsi10` and
//! the rest there is only the default one.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::Method;
use ngsi::ld::Kind as LdKind;
use ngsi::v2::Kind;
use tower::ServiceExt;

use super::{ld, v2};
use crate::answer;
use crate::tenants::{TenantError, Tenants};

/// The longest name of a tenant.
const MAX_NAME: usize = 50;
/// Where the first write of a tenant may arrive; batches of NGSI-LD besides.
const CREATING: [&str; 10] = [
    "/v1/updateContext",
    "/v1/subscribeContext",
    "/v2/entities",
    "/v2/op/update",
    "/v2/subscriptions",
    "/v2/registrations",
    "/ngsi-ld/v1/entities",
    "/ngsi-ld/v1/subscriptions",
    "/ngsi-ld/v1/temporal/entities",
    "/ngsi-ld/v1/csourceRegistrations",
];
const LD_BATCHES: [&str; 3] = ["create", "upsert", "merge"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    V1,
    V2,
    Ld,
}

impl Dialect {
    fn of(path: &str) -> Option<Self> {
        let first = path.split('/').nth(1)?;
        [("v1", Self::V1), ("v2", Self::V2), ("ngsi-ld", Self::Ld)]
            .into_iter()
            .find(|(name, _)| *name == first)
            .map(|(_, dialect)| dialect)
    }

    fn header(self) -> &'static str {
        if self == Self::Ld { "NGSILD-Tenant" } else { "Fiware-Service" }
    }
}

/// Passes a request on to the tenant it names.
pub(super) async fn dispatch(State(tenants): State<Arc<Tenants>>, mut request: Request, next: Next) -> Response {
    let Some(dialect) = Dialect::of(request.uri().path()) else { return in_default(&tenants, request, next).await };
    let name = match name(&request, dialect) {
        Ok(name) => name,
        Err(problem) => return refused(dialect, &problem),
    };
    let renamed = dialect == Dialect::Ld && ld::without_slash(&mut request);
    if name.is_empty() && renamed {
        tenants.default().expire().await;
        return forward(tenants.default_router(), request).await;
    }
    if name.is_empty() {
        return in_default(&tenants, request, next).await;
    }
    let tenant = match tenants.find(&name) {
        Some(tenant) => tenant,
        None if creates(&request) => match tenants.find_or_create(&name).await {
            Ok(tenant) => tenant,
            Err(error) => return not_created(dialect, &error),
        },
        None if dialect == Dialect::Ld => return nonexistent(&name),
        None => return forward(tenants.nobody(), request).await,
    };
    tenant.broker.expire().await;
    forward(tenant.router, request).await
}

async fn in_default(tenants: &Tenants, request: Request, next: Next) -> Response {
    tenants.default().expire().await;
    next.run(request).await
}

/// The name in lower case, as it counts; empty for the default tenant.
fn name(request: &Request, dialect: Dialect) -> Result<String, String> {
    let header = dialect.header();
    let Some(given) = request.headers().get(header) else { return Ok(String::new()) };
    let name = String::from_utf8_lossy(given.as_bytes()).trim().to_ascii_lowercase();
    if name.len() > MAX_NAME {
        return Err(format!("{header}: has {} characters, a tenant's name has at most {MAX_NAME}", name.len()));
    }
    match name.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '_') {
        None => Ok(name),
        Some(c) => Err(format!("{header}: must not contain {c:?}, only letters, digits and `_`")),
    }
}

fn creates(request: &Request) -> bool {
    let path = request.uri().path().trim_end_matches('/');
    let batch = path.strip_prefix("/ngsi-ld/v1/entityOperations/");
    request.method() == Method::POST && (CREATING.contains(&path) || batch.is_some_and(|b| LD_BATCHES.contains(&b)))
}

async fn forward(router: axum::Router, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    // What the first routing left there would be taken for parameters of the path.
    parts.extensions.clear();
    let mut request = Request::from_parts(parts, body);
    // The server has bounded the body already.
    DefaultBodyLimit::disable().apply(&mut request);
    let Ok(response) = router.oneshot(request).await;
    response
}

fn refused(dialect: Dialect, problem: &str) -> Response {
    match dialect {
        Dialect::V1 => answer::Failure::bad_request(problem).into_response(),
        Dialect::V2 => v2::failure(Kind::BadRequest, problem),
        Dialect::Ld => ld::failure(LdKind::BadRequestData, problem),
    }
}

fn not_created(dialect: Dialect, error: &TenantError) -> Response {
    let problem = error.to_string();
    let too_many = matches!(error, TenantError::TooMany(_));
    match dialect {
        Dialect::V1 => answer::Failure::unavailable(problem).into_response(),
        Dialect::V2 => v2::failure(if too_many { Kind::Unprocessable } else { Kind::ServiceUnavailable }, &problem),
        Dialect::Ld if too_many => ld::failure(LdKind::OperationNotSupported, &problem),
        Dialect::Ld => ld::failure(LdKind::ServiceUnavailable, &problem),
    }
}

fn nonexistent(name: &str) -> Response {
    ld::failure(LdKind::NonexistentTenant, &format!("there is no tenant `{name}`"))
}
