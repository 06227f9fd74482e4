//! The worker as a pod of a StatefulSet: who owns what it makes, and whether it will come back.

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

use super::engine::KubernetesEngine;
use super::objects;
use super::view::DeploymentView;

impl KubernetesEngine {
    /// The StatefulSet as owner of task instances, which it can be only in its own namespace.
    pub(super) async fn owner(&self) -> Option<OwnerReference> {
        let name = self.settings.stateful_set.as_deref()?;
        if self.cluster.namespace != self.cluster.own_namespace() {
            return None;
        }
        match self.cluster.stateful_set(name).await {
            Ok(set) => Some(objects::owner("StatefulSet", name, set?.metadata.uid.as_deref()?)),
            Err(error) => {
                tracing::warn!(%error, "a task instance is made without an owner");
                None
            }
        }
    }

    /// Whether no worker with this one's name will start again: then its pods must not run on. A restart, a drained node and an
    /// upgrade are no such end, and the API not answering is no proof of it.
    pub(crate) async fn leaves_for_good(&self) -> bool {
        let Some(name) = self.settings.stateful_set.as_deref() else { return true };
        match self.cluster.stateful_set(name).await {
            Ok(set) => !wants(set.as_ref(), self.settings.ordinal),
            Err(error) => {
                tracing::warn!(%error, "task pods run on");
                false
            }
        }
    }

    /// Those of the pool whose worker was scaled away without a farewell, and which no other one has taken over.
    pub(super) async fn abandoned(&self) -> Vec<DeploymentView> {
        let Some(name) = self.settings.stateful_set.as_deref() else { return Vec::new() };
        let others = self.state.deployments().into_iter().filter(|d| d.worker != self.settings.worker.as_str());
        let mut others = others.filter(|deployment| !deployment.deleting).peekable();
        if others.peek().is_none() {
            return Vec::new();
        }
        match self.cluster.stateful_set(name).await {
            Ok(Some(set)) => {
                let is_gone =
                    |d: &DeploymentView| ordinal(&d.worker, &self.site).is_some_and(|n| !wants(Some(&set), n));
                others.filter(is_gone).collect()
            }
            _ => Vec::new(),
        }
    }
}

fn wants(set: Option<&StatefulSet>, ordinal: u32) -> bool {
    let Some(set) = set.filter(|set| set.metadata.deletion_timestamp.is_none()) else { return false };
    let spec = set.spec.as_ref();
    let first = spec.and_then(|spec| spec.ordinals.as_ref()).and_then(|ordinals| ordinals.start).unwrap_or_default();
    let count = spec.and_then(|spec| spec.replicas).unwrap_or(1);
    (first..first.saturating_add(count)).contains(&i32::try_from(ordinal).unwrap_or(i32::MAX))
}

/// The number of a worker in its StatefulSet: `Worker.<site>` is 0, `Worker.<site>.<n>` is n - 1.
fn ordinal(worker: &str, site: &str) -> Option<u32> {
    match worker.strip_prefix(site)? {
        "" => Some(0),
        number => number.strip_prefix('.')?.parse::<u32>().ok()?.checked_sub(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinal_is_one_less_than_the_instance() {
        for (worker, expected) in
            [("Worker.a", Some(0)), ("Worker.a.3", Some(2)), ("Worker.a.b", None), ("Worker.b", None)]
        {
            assert_eq!(ordinal(worker, "Worker.a"), expected, "{worker}");
        }
    }
}
