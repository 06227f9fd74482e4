//! Calls of the Kubernetes API.

use std::time::Duration;

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{ConfigMap, Event, Pod, Service};
use kube::api::{DeleteParams, ListParams, LogParams, Patch, PatchParams, Preconditions};
use kube::client::ClientBuilder;
use kube::client::retry::RetryPolicy;
use kube::{Api, Client, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower::BoxError;
use tower::buffer::BufferLayer;
use tower::retry::RetryLayer;

use super::names::FIELD_MANAGER;
use crate::engine::StartError;

/// Longer than the API server itself waits for its store.
const PATIENCE: Duration = Duration::from_secs(40);
const WAITING_REQUESTS: usize = 1_024;

/// Why a call did not do as asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    #[error("{what}: {message}")]
    Refused { what: String, code: u16, message: String },
    #[error("{what}: the Kubernetes API does not answer: {message}")]
    Unreachable { what: String, message: String },
}

impl ApiError {
    pub(super) fn new(what: impl Into<String>, error: &kube::Error) -> Self {
        let what = what.into();
        match error {
            kube::Error::Api(status) => Self::Refused { what, code: status.code, message: status.message.clone() },
            error => Self::Unreachable { what, message: innermost(error) },
        }
    }

    fn code(&self) -> Option<u16> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            Self::Unreachable { .. } => None,
        }
    }
}

fn innermost(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}

/// A right or quota that lacks, or an object that is not valid, does not mend itself in seconds.
impl From<ApiError> for StartError {
    fn from(error: ApiError) -> Self {
        let permanent = matches!(error.code(), Some(400 | 403 | 413 | 422));
        Self { reason: error.to_string(), permanent }
    }
}

/// The part of a cluster that a worker needs.
#[derive(Clone)]
pub(super) struct Cluster {
    client: Client,
    /// Where the task instances are.
    pub(super) namespace: String,
}

impl Cluster {
    /// The cluster this process runs in, or that `KUBECONFIG` names.
    pub(super) async fn infer(namespace: Option<&str>) -> anyhow::Result<Self> {
        let config = kube::Config::infer().await?;
        Ok(Self::new(ClientBuilder::try_from(config)?, namespace))
    }

    /// Asks again, with pauses, when the API server is busy (429, 503, 504).
    pub(super) fn new<S, B>(service: ClientBuilder<S>, namespace: Option<&str>) -> Self
    where
        S: tower::Service<http::Request<kube::client::Body>, Response = http::Response<B>, Error = BoxError>,
        S: Send + 'static,
        S::Future: Send + 'static,
        B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let patient = service.with_layer(&BufferLayer::new(WAITING_REQUESTS));
        let client = patient.with_layer(&RetryLayer::new(RetryPolicy::default())).build();
        let namespace = namespace.unwrap_or_else(|| client.default_namespace()).to_owned();
        Self { client, namespace }
    }

    /// The namespace this process runs in.
    pub(super) fn own_namespace(&self) -> &str {
        self.client.default_namespace()
    }

    fn tasks<K: Resource<Scope = kube::core::NamespaceResourceScope, DynamicType = ()>>(&self) -> Api<K> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    pub(super) fn pods(&self) -> Api<Pod> {
        self.tasks()
    }

    pub(super) fn deployments(&self) -> Api<Deployment> {
        self.tasks()
    }

    /// This worker's StatefulSet, which may be in another namespace than the tasks; `None` when there is none of the name.
    pub(super) async fn stateful_set(&self, name: &str) -> Result<Option<StatefulSet>, ApiError> {
        let api: Api<StatefulSet> = Api::namespaced(self.client.clone(), self.own_namespace());
        asked(format!("reading StatefulSet {name}"), api.get_opt(name)).await
    }

    pub(super) async fn deployment(&self, name: &str) -> Result<Option<Deployment>, ApiError> {
        asked(format!("reading Deployment {name}"), self.deployments().get_opt(name)).await
    }

    pub(super) async fn apply_deployment(&self, deployment: &Deployment) -> Result<Deployment, ApiError> {
        self.apply("Deployment", deployment).await
    }

    pub(super) async fn apply_service(&self, service: &Service) -> Result<Service, ApiError> {
        self.apply("Service", service).await
    }

    pub(super) async fn apply_config_map(&self, config_map: &ConfigMap) -> Result<ConfigMap, ApiError> {
        self.apply("ConfigMap", config_map).await
    }

    /// Creates or changes the object, whoever did so before (server-side apply).
    async fn apply<K>(&self, kind: &str, object: &K) -> Result<K, ApiError>
    where
        K: Resource<Scope = kube::core::NamespaceResourceScope, DynamicType = ()>,
        K: Serialize + DeserializeOwned + Clone + std::fmt::Debug,
    {
        let name = object.meta().name.clone().unwrap_or_default();
        let parameters = PatchParams::apply(FIELD_MANAGER).force();
        let api = self.tasks::<K>();
        asked(format!("writing {kind} {name}"), api.patch(&name, &parameters, &Patch::Apply(object))).await
    }

    /// Changes members of a Deployment; one that is gone counts as changed.
    pub(super) async fn merge(&self, name: &str, change: &impl Serialize) -> Result<(), ApiError> {
        let api = self.deployments();
        let parameters = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        let change = Patch::Merge(serde_json::to_value(change).unwrap_or_default());
        let changed = asked(format!("changing Deployment {name}"), api.patch(name, &parameters, &change)).await;
        absent_is_fine(changed.map(drop))
    }

    /// Begins the end of a Deployment: it goes once its pods have gone. One that is gone, or is another one, counts as deleted.
    pub(super) async fn delete(&self, name: &str, uid: &str) -> Result<(), ApiError> {
        let that_one = Preconditions { uid: Some(uid.to_owned()), resource_version: None };
        let parameters = DeleteParams::foreground().preconditions(that_one);
        let api = self.deployments();
        let deleted = asked(format!("deleting Deployment {name}"), api.delete(name, &parameters)).await;
        absent_is_fine(deleted.map(drop))
    }

    /// The last lines a pod's container wrote; of its life before the last restart when `previous`.
    pub(super) async fn log(&self, pod: &str, lines: i64, previous: bool) -> Result<Vec<String>, ApiError> {
        let parameters = LogParams { tail_lines: Some(lines), previous, ..LogParams::default() };
        let api = self.pods();
        let text = asked(format!("reading the log of pod {pod}"), api.logs(pod, &parameters)).await?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// The last warning about a pod.
    pub(super) async fn warning(&self, pod: &str) -> Option<String> {
        let selector = format!("involvedObject.name={pod},type=Warning");
        let api: Api<Event> = self.tasks();
        let parameters = ListParams::default().fields(&selector).limit(100);
        let events = asked(format!("reading events of pod {pod}"), api.list(&parameters)).await.ok()?;
        let last = events.items.into_iter().max_by_key(|event| event.last_timestamp.clone().map(|time| time.0))?;
        Some(format!("{}: {}", last.reason.unwrap_or_default(), last.message.unwrap_or_default()))
    }
}

async fn asked<T>(what: String, answer: impl Future<Output = Result<T, kube::Error>>) -> Result<T, ApiError> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(answer) => answer.map_err(|error| ApiError::new(what, &error)),
        Err(_) => Err(ApiError::Unreachable { what, message: format!("no answer in {} s", PATIENCE.as_secs()) }),
    }
}

fn absent_is_fine(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
    match outcome {
        Err(error) if matches!(error.code(), Some(404 | 409)) => Ok(()),
        outcome => outcome,
    }
}
