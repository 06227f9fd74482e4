//! The engine as the worker uses it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use flow::{TaskId, TaskInstance, WorkerId};
use parking_lot::Mutex;
use serde_json::json;
use service::Node;
use tasks::{Address, Event, Run};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, timeout, timeout_at};

use super::api::Cluster;
use super::claim::Claim;
use super::diagnosis::{Assessment, Trouble};
use super::names::object_name;
use super::objects::Plan;
use super::settings::Settings;
use super::state::{State, Tracked};
use super::view::{DeploymentView, Incarnation};
use super::watch;
use crate::broker::{BrokerClient, Nearest};
use crate::container::ServiceEntity;
use crate::engine::StartError;

/// The node this worker is on, as its pod is told.
const NODE_VARIABLE: &str = "FOGFLOW_NODE";
/// How long the worker's start waits to learn what the cluster has.
const FIRST_ANSWER: Duration = Duration::from_secs(2);
/// Instances whose objects are written at once.
const WRITING: usize = 16;
/// How long a pod may take to listen: a large image over a thin line.
const LISTENING: Duration = Duration::from_secs(600);
/// After so long without progress Kubernetes is asked what it complains about.
const COMPLAINT: Duration = Duration::from_secs(15);
/// How long a program may take from its start until it listens.
const PROGRAM: Duration = Duration::from_secs(120);
/// How long the end of a pod is waited for.
const ENDING: Duration = Duration::from_secs(30);

pub(crate) struct KubernetesEngine {
    pub(super) node: Node,
    pub(super) cluster: Cluster,
    pub(super) settings: Settings,
    pub(super) nearest: Nearest,
    services: ServiceEntity,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) state: State,
    pub(super) is_synced: AtomicBool,
    /// Why the cluster cannot be used yet.
    pub(super) problem: Mutex<Option<String>>,
    slots: Semaphore,
    /// The id of the first worker of this site.
    pub(super) site: String,
    /// The node that pods should be on if they can.
    pub(super) near: Option<String>,
}

impl KubernetesEngine {
    /// Begins to follow the cluster; one that does not answer is tried again for as long as the worker runs.
    ///
    /// # Errors
    /// No cluster is named, or a key of `worker.kubernetes` cannot be used.
    pub(crate) async fn start(
        node: Node,
        worker: WorkerId,
        nearest: Nearest,
        client: BrokerClient,
        events: mpsc::Sender<Event>,
    ) -> anyhow::Result<Arc<Self>> {
        let settings = Settings::new(worker, node.instance, &node.config)?;
        let cluster = Cluster::infer(settings.namespace.as_deref()).await.context(
            "configuration key `worker.container_management`: `kubernetes` needs a cluster to run in, or KUBECONFIG",
        )?;
        let engine = Arc::new(Self::new(node, cluster, settings, nearest, client, events));
        let (watching, stop) = (engine.clone(), engine.node.shutdown.clone());
        engine.node.tasks.spawn(async move {
            stop.run_until_cancelled(watch::run(&watching)).await;
        });
        let mut changes = engine.state.changes();
        let synced = async { while !engine.state.is_synced() && changes.changed().await.is_ok() {} };
        if timeout(FIRST_ANSWER, synced).await.is_err() {
            tracing::info!("the cluster does not answer yet: pods wait until it does");
        }
        Ok(engine)
    }

    pub(super) fn new(
        node: Node,
        cluster: Cluster,
        settings: Settings,
        nearest: Nearest,
        client: BrokerClient,
        events: mpsc::Sender<Event>,
    ) -> Self {
        Self {
            services: ServiceEntity { client, nearest: nearest.clone(), place: node.config.location },
            site: service::config::node_id("Worker", &node.config.site_id, 1),
            near: std::env::var(NODE_VARIABLE).ok().filter(|name| !name.is_empty()),
            node,
            cluster,
            settings,
            nearest,
            events,
            state: State::default(),
            is_synced: AtomicBool::new(false),
            problem: Mutex::default(),
            slots: Semaphore::new(WRITING),
        }
    }

    pub(super) async fn tell(&self, event: Event) {
        // The reconciler is gone only when the worker stops.
        let _ = self.events.send(event).await;
    }

    /// Makes the instance run in a pod and waits until it listens.
    pub(crate) async fn run(&self, instance: &TaskInstance, run: Run) -> Result<Address, StartError> {
        let plan = Plan::of(instance, &self.settings).map_err(StartError::permanent)?;
        if !self.is_synced.load(Ordering::Relaxed) {
            let problem = self.problem.lock().clone();
            return Err(StartError::passing(problem.unwrap_or_else(|| "the cluster does not answer yet".to_owned())));
        }
        let claim = {
            let _slot = self.slots.acquire().await.map_err(|error| StartError::passing(error.to_string()))?;
            self.claim(&plan).await?
        };
        let lives = self.listening(&plan).await?;
        let reference = plan.reference(&self.cluster.namespace);
        let adopted = matches!(&claim, Claim::Found { fed } if *fed == lives.to_string());
        if !adopted {
            self.note_fed(&plan, &lives.to_string()).await;
        }
        let tracked = Tracked::new(plan.name.clone(), run, lives, reference.clone());
        self.state.track(&instance.id, tracked);
        if matches!(claim, Claim::Found { .. }) {
            // Its environment is as of when it was made.
            self.configure(instance).await;
        }
        if let Some(entity) = &plan.service_entity {
            let host = plan.host(&self.cluster.namespace);
            self.services.register(instance, entity, &host, &plan.parameters.services).await;
        }
        Ok(Address { reference, container: format!("{}/{}", self.cluster.namespace, plan.name), adopted })
    }

    /// Waits until the pod is ready, or there is no use in waiting.
    async fn listening(&self, plan: &Plan<'_>) -> Result<Incarnation, StartError> {
        let begun = Instant::now();
        let mut changes = self.state.changes();
        let mut in_trouble: Option<Instant> = None;
        let mut ask_at = begun + COMPLAINT;
        loop {
            changes.mark_unchanged();
            let look_again = match self.state.assess(&plan.name, &plan.program) {
                Assessment::Ready(lives) => return Ok(lives),
                Assessment::Trouble(trouble) => {
                    let until = *in_trouble.get_or_insert_with(Instant::now) + trouble.patience;
                    if Instant::now() >= until {
                        return Err(self.give_up(plan, trouble).await);
                    }
                    until
                }
                Assessment::Pending => {
                    in_trouble = None;
                    if Instant::now() >= ask_at {
                        self.complaint(plan, begun).await?;
                        ask_at = Instant::now() + COMPLAINT;
                    }
                    ask_at
                }
            };
            // A deadline that passes and a change both mean: look again.
            let _ = timeout_at(look_again, changes.changed()).await;
        }
    }

    async fn give_up(&self, plan: &Plan<'_>, trouble: Trouble) -> StartError {
        let mut reason = trouble.reason;
        if let Some(pod) = self.state.pod(&plan.name, Some(&plan.program)).filter(|pod| pod.ended.is_some()) {
            reason.extend(self.last_words(&pod.name, false).await.map(|said| format!(": {said}")));
        }
        StartError { reason, permanent: trouble.permanent }
    }

    /// What keeps a pod that does not get on.
    async fn complaint(&self, plan: &Plan<'_>, begun: Instant) -> Result<(), StartError> {
        let pod = self.state.pod(&plan.name, Some(&plan.program));
        if let Some(pod) = pod.as_ref().filter(|pod| !pod.running)
            && let Some(warning) = self.cluster.warning(&pod.name).await
        {
            return Err(StartError::permanent(format!("the pod does not start: {warning}")));
        }
        if pod.is_some_and(|pod| pod.running) && begun.elapsed() >= PROGRAM {
            let port = plan.port;
            return Err(StartError::permanent(format!(
                "the container runs, but does not listen on port {port} (myport)"
            )));
        }
        if begun.elapsed() >= LISTENING {
            let minutes = LISTENING.as_secs() / 60;
            return Err(StartError::passing(format!("the pod does not listen after {minutes} minutes")));
        }
        Ok(())
    }

    /// Ends whatever the instance has here; what another worker of the pool has taken over is left alone.
    pub(crate) async fn stop(&self, task: &TaskId) -> Result<(), StartError> {
        self.state.untrack(task);
        let name = object_name(&self.settings.pool, task);
        let found = self.cluster.deployment(&name).await?;
        let found = found.as_ref().and_then(DeploymentView::of).filter(|found| found.pool == self.settings.pool);
        let Some(found) = found.filter(|found| found.worker == self.settings.worker.as_str()) else { return Ok(()) };
        self.end(&found).await?;
        let mut changes = self.state.changes();
        let gone = async { while self.state.has_deployment(&name, &found.uid) && changes.changed().await.is_ok() {} };
        if timeout(ENDING, gone).await.is_err() {
            tracing::warn!(%task, name, "its pod does not end; Kubernetes goes on trying");
        }
        Ok(())
    }

    async fn end(&self, deployment: &DeploymentView) -> Result<(), StartError> {
        self.cluster.delete(&deployment.name, &deployment.uid).await?;
        if let Some(entity) = &deployment.service_entity {
            self.services.unregister(&TaskId::from(deployment.task.clone()), entity).await;
        }
        Ok(())
    }

    /// Kubernetes cannot hold a container, so a paused instance has no pod; it starts anew when it goes on.
    pub(crate) async fn pause(&self, task: &TaskId, paused: bool) {
        let Some(tracked) = self.state.tracked(task) else { return };
        self.state.set_paused(task, true);
        let change = json!({ "spec": { "replicas": i32::from(!paused) } });
        if let Err(error) = self.cluster.merge(&tracked.object, &change).await {
            tracing::warn!(%task, paused, %error, "the instance cannot be held or released");
        }
        if !paused {
            self.state.untrack(task);
            let reason = "it was held for an exclusive instance".to_owned();
            self.tell(Event::Exited { task: task.clone(), run: tracked.run, reason }).await;
        }
    }

    /// Posts the instance's surroundings to its pod.
    pub(crate) async fn configure(&self, instance: &TaskInstance) {
        let Some(tracked) = self.state.tracked(&instance.id) else { return };
        let broker = self.nearest.url().await;
        let commands = crate::container::commands(instance, &broker, &tracked.reference);
        let url = format!("{}/admin", tracked.reference);
        if let Err(error) = self.node.client.post_json(&url, &[], &commands).await {
            tracing::warn!(task = %instance.id, %error, "the pod could not be told its outputs");
        }
    }

    /// Ends instances that nobody wants: left over from a life of which nothing is known, or of a worker that was scaled away.
    pub(crate) async fn sweep(&self, keep: impl Fn(&TaskId) -> bool) {
        if !self.is_synced.load(Ordering::Relaxed) {
            return;
        }
        let own = self.state.deployments().into_iter().filter(|d| d.worker == self.settings.worker.as_str());
        let unwanted = own.filter(|d| !d.deleting && !keep(&TaskId::from(d.task.clone())));
        for orphan in unwanted.chain(self.abandoned().await) {
            tracing::info!(task = orphan.task, worker = orphan.worker, "removing an instance that nothing wants");
            if let Err(error) = self.end(&orphan).await {
                tracing::warn!(task = orphan.task, %error, "an orphan stays");
            }
        }
    }
}
