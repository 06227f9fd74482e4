//! `GET /v2`: where the resources are.

use axum::response::Response;

use crate::answer;

/// Subscriptions and registrations of NGSIv2 are not served, so they are not named.
pub(super) async fn resources() -> Response {
    answer::fixed("{\"entities_url\":\"/v2/entities\",\"types_url\":\"/v2/types\"}")
}
