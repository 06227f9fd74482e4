//! `/v2/registrations`: the context providers that are registered here.

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use context::provision::{ProviderRecord, Provision};
use http::header::{HeaderValue, LOCATION};
use http::{HeaderMap, StatusCode};
use ngsi::v2::registration::{ForwardingMode, Provider as ProviderMember, Registration, Status};
use ngsi::v2::{Kind, Problem};
use ngsi::{Name, SubscriptionId, v2};
use serde::Serialize;

use super::answer::{Failure, no_content, unsaved};
use super::list::total;
use super::params::Params;
use super::{body, headers};
use crate::providers::{Forwardings, MOST, Provider, RegisterError};
use crate::{Shared, answer};

/// A registration as it is shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    data_provided: ShownData<'a>,
    provider: &'a ProviderMember,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<&'a str>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    forwarding_information: Option<Forwardings>,
}

#[derive(Serialize)]
struct ShownData<'a> {
    entities: &'a [v2::registration::ProvidedEntity],
    attrs: &'a [Name],
}

impl<'a> Shown<'a> {
    pub(super) fn new(provider: &'a Provider) -> Self {
        let Registration { description, data_provided, provider: member, expires, .. } =
            &provider.provision.record.registration;
        Self {
            id: provider.id(),
            description: description.as_deref(),
            data_provided: ShownData { entities: &data_provided.entities, attrs: &data_provided.attrs },
            provider: member,
            expires: expires.as_deref(),
            status: status(provider),
            forwarding_information: provider.forwardings(),
        }
    }
}

fn status(provider: &Provider) -> &'static str {
    let registration = &provider.provision.record.registration;
    match registration.status {
        _ if provider.has_ended() => "expired",
        Status::Inactive => "inactive",
        Status::Active if provider.is_failing() => "failed",
        Status::Active => "active",
    }
}

/// All, or those of the path that is given.
pub(super) async fn list(
    State(broker): State<Shared>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Failure> {
    let options = params.options(&["count"])?;
    let page = params.page()?;
    let paths = headers::paths(&headers)?;
    let mut providers = broker.providers.page(0, MOST);
    providers.retain(|provider| paths.is_everywhere() || paths == provider.provision.path.clone().into());
    let count = providers.len();
    page.cut(&mut providers);
    let shown: Vec<_> = providers.iter().map(|provider| Shown::new(provider)).collect();
    let mut response = written(&shown)?;
    if options.has("count") {
        total(&mut response, count);
    }
    Ok(response)
}

pub(super) fn written<T: Serialize>(value: &T) -> Result<Response, Failure> {
    let body = serde_json::to_vec(value).map_err(|error| Failure::new(Kind::ServiceUnavailable, error.to_string()))?;
    Ok(answer::json(body))
}

pub(super) async fn create(
    State(broker): State<Shared>,
    headers: HeaderMap,
    params: Params,
    body: Bytes,
) -> Result<Response, Failure> {
    params.options(&["skipInitialNotification"])?;
    let registration = read(&headers, &body, Registration::parse)?;
    let id = uuid::Uuid::new_v4().to_string();
    let location = format!("/v2/registrations/{id}");
    let (id, path) = (SubscriptionId::from(id), headers::given(&headers).into_owned());
    let record = ProviderRecord { id, created_at: service::now(), registration, path };
    keep(&broker, record).await?;
    let mut response = no_content();
    *response.status_mut() = StatusCode::CREATED;
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// Reads a body in two steps: what is no JSON is told apart from what is no registration.
pub(super) fn read(
    headers: &HeaderMap,
    body: &Bytes,
    parse: impl FnOnce(&[u8]) -> Result<Registration, ngsi::ParseError>,
) -> Result<Registration, Failure> {
    body::check_json(headers, body)?;
    drop(v2::parse::members(body)?);
    let registration = parse(body)?;
    if registration.provider.supported_forwarding_mode == ForwardingMode::None {
        return Ok(registration);
    }
    match registration.provider.http.url.parse::<http::Uri>() {
        Ok(_) => Ok(registration),
        Err(error) => Err(Problem::bad_request(format!("provider.http.url: {error}")).into()),
    }
}

pub(super) async fn keep(broker: &Shared, record: ProviderRecord) -> Result<(), Failure> {
    match broker.register(Provision::compile(record)?).await {
        Ok(()) => Ok(()),
        Err(RegisterError::Storage(error)) => Err(unsaved(error)),
        Err(error @ RegisterError::TooMany) => Err(Failure::new(Kind::Unprocessable, error.to_string())),
    }
}
