//! A real cluster for tests: whichever `KUBECONFIG` names, with the images that `CLUSTER_VALUES` names on its nodes.

mod command;
mod release;
mod watch;

use std::sync::OnceLock;

use anyhow::Context;
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};

pub use release::{Release, Task};

/// One test at a time has the cluster: releases share its addresses.
static TURN: OnceLock<Mutex<()>> = OnceLock::new();

/// The cluster, for as long as it is held.
pub struct Cluster {
    kubeconfig: String,
    /// An address at which a node is reached from here and from pods.
    pub address: String,
    _turn: MutexGuard<'static, ()>,
}

impl Cluster {
    /// The cluster that `KUBECONFIG` names; `None`, saying so, when it names none.
    ///
    /// # Errors
    /// When it does not answer, or none of its nodes is ready.
    pub async fn from_env() -> anyhow::Result<Option<Self>> {
        let Some(kubeconfig) = std::env::var("KUBECONFIG").ok().filter(|file| !file.is_empty()) else {
            eprintln!("skipped: KUBECONFIG names no cluster");
            return Ok(None);
        };
        let turn = TURN.get_or_init(Mutex::default).lock().await;
        let mut cluster = Self { kubeconfig, address: String::new(), _turn: turn };
        let nodes = cluster.get("nodes", &[]).context("the cluster does not answer")?;
        let addresses = nodes.iter().flat_map(|node| node["status"]["addresses"].as_array().into_iter().flatten());
        let internal = addresses.filter(|address| address["type"] == "InternalIP");
        let first = internal.filter_map(|address| address["address"].as_str()).next();
        first.context("no node has an address")?.clone_into(&mut cluster.address);
        Ok(Some(cluster))
    }

    /// Whether the API has a group, such as `metrics.k8s.io`; says so when not.
    #[must_use]
    pub fn has_group(&self, group: &str) -> bool {
        let groups = self.kubectl(&["get", "--raw", "/apis"]).unwrap_or_default();
        let has = groups.contains(&format!("\"name\":\"{group}\""));
        if !has {
            eprintln!("skipped: the cluster has no {group}");
        }
        has
    }

    /// The names of its nodes.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn nodes(&self) -> anyhow::Result<Vec<String>> {
        let nodes = self.get("nodes", &[])?;
        Ok(nodes.iter().filter_map(|node| node["metadata"]["name"].as_str()).map(str::to_owned).collect())
    }

    /// The objects of a kind, e.g. `get("pods", &["-n", "a"])`.
    ///
    /// # Errors
    /// What kubectl said.
    pub fn get(&self, kind: &str, arguments: &[&str]) -> anyhow::Result<Vec<Value>> {
        let all = [&["get", kind, "-o", "json"], arguments].concat();
        let mut list: Value = serde_json::from_str(&self.kubectl(&all)?)?;
        Ok(match list["items"].take() {
            Value::Array(items) => items,
            _ => vec![list],
        })
    }

    /// Runs kubectl; gives its output.
    ///
    /// # Errors
    /// What it said.
    pub fn kubectl(&self, arguments: &[&str]) -> anyhow::Result<String> {
        command::run("kubectl", arguments, &self.kubeconfig, "")
    }

    /// Applies manifests.
    ///
    /// # Errors
    /// What kubectl said.
    pub fn apply(&self, manifests: &Value) -> anyhow::Result<()> {
        command::run("kubectl", &["apply", "-f", "-"], &self.kubeconfig, &manifests.to_string()).map(drop)
    }

    /// Posts JSON to a path of the API server; gives the answer.
    ///
    /// # Errors
    /// What kubectl said.
    pub fn create_raw(&self, path: &str, body: &Value) -> anyhow::Result<String> {
        command::run("kubectl", &["create", "--raw", path, "-f", "-"], &self.kubeconfig, &body.to_string())
    }

    /// Runs the Helm that `HELM` names; gives its output.
    ///
    /// # Errors
    /// What it said.
    pub fn helm(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let helm = std::env::var("HELM").unwrap_or_else(|_| "helm".to_owned());
        command::run(&helm, arguments, &self.kubeconfig, "")
    }

    /// Makes a namespace on which Pod Security `restricted` is enforced, empty even if a test before left it behind.
    ///
    /// # Errors
    /// What kubectl said.
    pub fn namespace(&self, name: &str) -> anyhow::Result<()> {
        self.kubectl(&["delete", "namespace", name, "--ignore-not-found", "--wait", "--timeout=120s"])?;
        let label = "pod-security.kubernetes.io/enforce";
        self.apply(&serde_json::json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name, "labels": { label: "restricted" } }
        }))
    }
}
