//! `GET /v2`: where the resources are.

use axum::response::Response;

use crate::answer;

pub(super) async fn resources() -> Response {
    answer::fixed(concat!(
        "{\"entities_url\":\"/v2/entities\",\"types_url\":\"/v2/types\",",
        "\"subscriptions_url\":\"/v2/subscriptions\",\"registrations_url\":\"/v2/registrations\"}"
    ))
}
