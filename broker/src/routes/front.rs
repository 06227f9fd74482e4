//! What comes before and after the routes, by the dialect of a request: its tenant, and what all answers of a dialect have in common.
//! One layer, since each costs every request a boxed future and a copy of the routes.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use super::{ld, tenant, v2};
use crate::tenants::Tenants;

/// A dialect that is known by its path. `/ngsi10` and the rest have no tenants and nothing in common.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    V1,
    V2,
    Ld,
}

impl Dialect {
    fn of(path: &str) -> Option<Self> {
        match path.split('/').nth(1)? {
            "v1" => Some(Self::V1),
            "v2" => Some(Self::V2),
            "ngsi-ld" => Some(Self::Ld),
            _ => None,
        }
    }
}

pub(super) async fn answer(State(tenants): State<Arc<Tenants>>, request: Request, next: Next) -> Response {
    match Dialect::of(request.uri().path()) {
        None => tenant::in_default(&tenants, request, next).await,
        Some(Dialect::V1) => tenant::dispatch(&tenants, Dialect::V1, request, next).await,
        Some(Dialect::V2) => {
            v2::headers::answer(request, |request| tenant::dispatch(&tenants, Dialect::V2, request, next)).await
        }
        Some(Dialect::Ld) => {
            ld::in_common(request, |request| tenant::dispatch(&tenants, Dialect::Ld, request, next)).await
        }
    }
}
