//! Which tenant a request is for. `/v1` and `/v2` name it by `Fiware-Service`, `/ngsi-ld` by `NGSILD-Tenant`; for `/ngsi10` and
//! the rest there is only the default one.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::Method;
use http::header::HeaderName;
use http::uri::{PathAndQuery, Uri};
use ngsi::ld::Kind as LdKind;
use ngsi::v2::Kind;
use tower::ServiceExt;

use super::front::Dialect;
use super::{ld, v2};
use crate::answer;
use crate::contexts::PATH as CONTEXTS;
use crate::sources::NOTIFICATIONS;
use crate::tenants::{TenantError, Tenants};

static SERVICE: HeaderName = HeaderName::from_static("fiware-service");
static LD_TENANT: HeaderName = HeaderName::from_static("ngsild-tenant");
/// The longest name of a tenant.
const MAX_NAME: usize = 50;
/// Where the first write of a tenant may arrive; batches of NGSI-LD besides.
const CREATING: [&str; 11] = [
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
    "/ngsi-ld/v1/csourceSubscriptions",
];
const LD_BATCHES: [&str; 3] = ["create", "upsert", "merge"];

/// Passes a request on to the tenant it names.
pub(super) async fn dispatch(tenants: &Arc<Tenants>, dialect: Dialect, mut request: Request, next: Next) -> Response {
    let name = match name(&request, dialect) {
        Ok(name) => name,
        Err(problem) => return refused(dialect, &problem),
    };
    let renamed = dialect != Dialect::V1 && without_slash(&mut request);
    if name.is_empty() && renamed {
        tenants.default().expire().await;
        return forward(tenants.default_router(), request).await;
    }
    if name.is_empty() {
        return in_default(tenants, request, next).await;
    }
    let tenant = match tenants.find(&name) {
        Some(tenant) => tenant,
        None if creates(&request) => match Box::pin(tenants.find_or_create(&name)).await {
            Ok(tenant) => tenant,
            Err(error) => return not_created(dialect, &error),
        },
        None if dialect == Dialect::Ld => return nonexistent(&name),
        None => return forward(tenants.nobody(), request).await,
    };
    tenant.broker.expire().await;
    forward(tenant.router, request).await
}

/// Takes away a slash at the end of the path, which says nothing. Tells whether there was one.
fn without_slash(request: &mut Request) -> bool {
    let uri = request.uri();
    // The identifier of a context is a URL, which may end with one.
    let Some(shorter) = uri.path().strip_suffix('/').filter(|shorter| !shorter.starts_with(CONTEXTS)) else {
        return false;
    };
    let target = uri.query().map_or_else(|| shorter.to_owned(), |query| format!("{shorter}?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(target).ok();
    let Ok(uri) = Uri::from_parts(parts) else { return false };
    *request.uri_mut() = uri;
    true
}

/// Carries out a request of the default tenant.
pub(super) async fn in_default(tenants: &Tenants, request: Request, next: Next) -> Response {
    tenants.default().expire().await;
    next.run(request).await
}

/// The name in lower case, as it counts; empty for the default tenant.
fn name(request: &Request, dialect: Dialect) -> Result<String, String> {
    let (given_in, header) =
        if dialect == Dialect::Ld { (&LD_TENANT, "NGSILD-Tenant") } else { (&SERVICE, "Fiware-Service") };
    let given = match request.uri().path().strip_prefix(NOTIFICATIONS) {
        // The header of a source names its own tenant.
        Some(address) => address.rsplit_once('.').map_or("", |(tenant, _)| tenant).into(),
        None => match request.headers().get(given_in) {
            Some(given) => String::from_utf8_lossy(given.as_bytes()),
            None => return Ok(String::new()),
        },
    };
    let name = given.trim().to_ascii_lowercase();
    if name.len() > MAX_NAME {
        return Err(format!("{header}: has {} characters, a tenant's name has at most {MAX_NAME}", name.len()));
    }
    if name.starts_with('-') {
        return Err(format!("{header}: must not begin with `-`"));
    }
    let also = if dialect == Dialect::Ld { "_-" } else { "_" };
    match name.chars().find(|c| !c.is_ascii_alphanumeric() && !also.contains(*c)) {
        None => Ok(name),
        Some(c) => Err(format!("{header}: must not contain {c:?}, only letters, digits and any of `{also}`")),
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
