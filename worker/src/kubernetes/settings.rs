//! What the task pods of this worker have in common, from `worker.kubernetes` of the configuration.

use std::collections::BTreeMap;

use flow::WorkerId;
use k8s_openapi::api::core::v1::{Affinity, LocalObjectReference, Toleration};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use serde::de::DeserializeOwned;
use service::Config;

use super::names::label_value;

pub(super) struct Settings {
    pub(super) worker: WorkerId,
    /// Its number in the StatefulSet.
    pub(super) ordinal: u32,
    /// Workers of the same pool may take over each other's pods.
    pub(super) pool: String,
    pub(super) stateful_set: Option<String>,
    /// Where task instances live; the worker's own namespace unless configured.
    pub(super) namespace: Option<String>,
    pub(super) hardware: String,
    pub(super) pods: PodDefaults,
}

/// As the keys of the same name.
#[derive(Debug, Clone, Default)]
pub(super) struct PodDefaults {
    pub(super) pull_policy: Option<String>,
    pub(super) image_pull_secrets: Vec<LocalObjectReference>,
    pub(super) node_selector: BTreeMap<String, String>,
    pub(super) tolerations: Vec<Toleration>,
    pub(super) affinity: Option<Affinity>,
    pub(super) requests: BTreeMap<String, Quantity>,
    pub(super) limits: BTreeMap<String, Quantity>,
    pub(super) run_as_user: Option<i64>,
    pub(super) service_account: Option<String>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) not_ready_seconds: i64,
}

impl Settings {
    /// # Errors
    /// Names the key that cannot be used.
    pub(super) fn new(worker: WorkerId, instance: u32, config: &Config) -> anyhow::Result<Self> {
        let keys = &config.worker.kubernetes;
        let stateful_set = keys.stateful_set.clone().filter(|name| !name.is_empty());
        let pool = keys.pool.clone().filter(|name| !name.is_empty()).or_else(|| stateful_set.clone());
        let pool = label_value(pool.as_deref().unwrap_or(worker.as_str()));
        Ok(Self {
            ordinal: instance.saturating_sub(1),
            pool,
            stateful_set,
            namespace: config.worker.app_namespace.clone().filter(|name| !name.is_empty()),
            hardware: crate::profile::hardware().to_owned(),
            worker,
            pods: PodDefaults::new(keys)?,
        })
    }
}

impl PodDefaults {
    fn new(keys: &service::config::Kubernetes) -> anyhow::Result<Self> {
        let quantities = |given: &BTreeMap<String, String>| {
            given.iter().map(|(name, amount)| (name.clone(), Quantity(amount.clone()))).collect()
        };
        let secrets = keys.image_pull_secrets.iter().map(|name| LocalObjectReference { name: name.clone() });
        let tolerations = keys.tolerations.iter().enumerate();
        let tolerations = tolerations.map(|(n, value)| object(&format!("tolerations[{n}]"), value));
        Ok(Self {
            pull_policy: keys.pull_policy.clone().filter(|policy| !policy.is_empty()),
            image_pull_secrets: secrets.collect(),
            node_selector: keys.node_selector.clone(),
            tolerations: tolerations.collect::<Result<_, _>>()?,
            affinity: keys.affinity.as_ref().map(|value| object("affinity", value)).transpose()?,
            requests: quantities(&keys.requests),
            limits: quantities(&keys.limits),
            run_as_user: keys.run_as_user,
            service_account: keys.service_account.clone().filter(|name| !name.is_empty()),
            labels: keys.labels.clone(),
            not_ready_seconds: keys.not_ready_seconds,
        })
    }
}

fn object<T: DeserializeOwned>(key: &str, value: &serde_json::Value) -> anyhow::Result<T> {
    T::deserialize(value).map_err(|error| anyhow::anyhow!("configuration key `worker.kubernetes.{key}`: {error}"))
}
