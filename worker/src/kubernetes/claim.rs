//! Makes the objects of an instance be there, and this worker's.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::engine::KubernetesEngine;
use super::names;
use super::objects::{self, Plan};
use super::view::DeploymentView;
use crate::engine::StartError;

/// How long the end of an earlier Deployment of the name is waited for.
const ENDING: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// A Deployment that is this worker's now.
pub(super) enum Claim {
    /// It runs the program as asked for already; which of its containers was subscribed to the inputs.
    Found { fed: String },
    /// It was made, or changed.
    Made,
}

impl KubernetesEngine {
    pub(super) async fn claim(&self, plan: &Plan<'_>) -> Result<Claim, StartError> {
        let deadline = Instant::now() + ENDING;
        loop {
            let found = self.cluster.deployment(&plan.name).await?;
            let found = found.as_ref().and_then(DeploymentView::of);
            match found {
                Some(found) if found.deleting && Instant::now() < deadline => tokio::time::sleep(LOOK_AGAIN).await,
                Some(found) if found.deleting => {
                    return Err(StartError::passing(format!("the last pod of {} does not end", plan.name)));
                }
                found => return self.take(plan, found).await,
            }
        }
    }

    async fn take(&self, plan: &Plan<'_>, found: Option<DeploymentView>) -> Result<Claim, StartError> {
        if let Some(found) = &found {
            self.check(plan, found)?;
        }
        match found.filter(|found| found.program == plan.program) {
            Some(found) => {
                let change = json!({ "metadata": plan.ownership(&self.settings), "spec": { "replicas": 1 } });
                self.cluster.merge(&plan.name, &change).await?;
                self.belongings(plan, &found.uid).await?;
                if found.worker != self.settings.worker.as_str() {
                    tracing::info!(task = %plan.instance.id, from = found.worker, "taken over");
                }
                Ok(Claim::Found { fed: found.fed })
            }
            None => self.make(plan).await,
        }
    }

    /// A worker that was away must not take back what a master has placed elsewhere meanwhile.
    fn check(&self, plan: &Plan<'_>, found: &DeploymentView) -> Result<(), StartError> {
        let (name, instance) = (&plan.name, plan.instance);
        if found.pool != self.settings.pool || found.task != instance.id.as_str() {
            return Err(StartError::permanent(format!("Deployment {name} is somebody else's")));
        }
        if found.worker != self.settings.worker.as_str() && found.generation > instance.generation {
            return Err(StartError::passing(format!("{} runs it by a later command", found.worker)));
        }
        Ok(())
    }

    async fn make(&self, plan: &Plan<'_>) -> Result<Claim, StartError> {
        let broker = self.nearest.url().await;
        if is_loopback(&broker) {
            return Err(StartError::permanent(format!(
                "configuration key `internal_hostip`: pods cannot reach the broker at {broker}"
            )));
        }
        let admin = plan.admin(&broker, &self.cluster.namespace);
        let admin = serde_json::to_string(&admin).map_err(|error| StartError::permanent(error.to_string()))?;
        let deployment = plan.deployment(&self.settings, self.owner().await, admin, self.near.as_deref());
        let made = self.cluster.apply_deployment(&deployment).await?;
        self.belongings(plan, made.metadata.uid.as_deref().unwrap_or_default()).await?;
        Ok(Claim::Made)
    }

    /// The Service, and the code: a pod that is quicker waits for it.
    async fn belongings(&self, plan: &Plan<'_>, uid: &str) -> Result<(), StartError> {
        let owner = objects::owner("Deployment", &plan.name, uid);
        if let Some(code) = plan.config_map(&self.settings, owner.clone()) {
            self.cluster.apply_config_map(&code).await?;
        }
        self.cluster.apply_service(&plan.service(&self.settings, owner)).await?;
        Ok(())
    }

    /// Notes which container is being subscribed, so that a restarted worker knows whether it has to be subscribed anew.
    pub(super) async fn note_fed(&self, plan: &Plan<'_>, fed: &str) {
        let change = json!({ "metadata": { "annotations": { names::FED: fed } } });
        if let Err(error) = self.cluster.merge(&plan.name, &change).await {
            tracing::warn!(task = %plan.instance.id, %error, "a restarted worker will subscribe the instance anew");
        }
    }
}

fn is_loopback(url: &str) -> bool {
    ["//127.", "//localhost:", "//localhost/", "//[::1]"].iter().any(|host| url.contains(host))
}
