//! From what Kubernetes shows of an instance to what is to be thought of it.

use std::time::Duration;

use super::view::{DeploymentView, Ending, Incarnation, PodView};

/// Failures that may pass by themselves within seconds.
const SHORT: Duration = Duration::from_secs(3);
/// A cluster that grows by itself needs longer, but then says so.
const NO_NODE: Duration = Duration::from_secs(15);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Assessment {
    /// It listens.
    Ready(Incarnation),
    /// Under way.
    Pending,
    /// It will not get on by waiting.
    Trouble(Trouble),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) reason: String,
    /// How long it may last before it counts.
    pub(super) patience: Duration,
    /// Whether trying again soon is pointless.
    pub(super) permanent: bool,
}

impl Trouble {
    fn lasting(reason: String, patience: Duration) -> Assessment {
        Assessment::Trouble(Self { reason, patience, permanent: true })
    }
}

/// The pod that is to be looked at: the newest one of the program that is not on its way out.
pub(super) fn current<'a>(pods: impl Iterator<Item = &'a PodView>, program: &str) -> Option<&'a PodView> {
    let usable = pods.filter(|pod| pod.program == program && !pod.deleting && !pod.finished);
    usable.max_by(|a, b| (&a.created, &a.name).cmp(&(&b.created, &b.name)))
}

pub(super) fn assess(deployment: Option<&DeploymentView>, pod: Option<&PodView>) -> Assessment {
    match pod {
        Some(pod) => assess_pod(pod),
        None => match deployment.and_then(|deployment| deployment.failure.as_ref()) {
            Some(failure) => Trouble::lasting(format!("no pod can be made: {failure}"), SHORT),
            None => Assessment::Pending,
        },
    }
}

fn assess_pod(pod: &PodView) -> Assessment {
    if pod.ready {
        return Assessment::Ready(pod.incarnation());
    }
    if let Some(why) = &pod.unschedulable {
        return Trouble::lasting(format!("no node takes the pod: {why}"), NO_NODE);
    }
    let Some((reason, message)) = &pod.waiting else { return Assessment::Pending };
    match reason.as_str() {
        "" | "ContainerCreating" | "PodInitializing" => Assessment::Pending,
        "CrashLoopBackOff" => {
            let ended = pod.ended.as_ref().map(describe).unwrap_or_default();
            let reason = format!("the container keeps ending: {ended} (CrashLoopBackOff, {} restarts)", pod.restarts);
            Assessment::Trouble(Trouble { reason, patience: SHORT, permanent: false })
        }
        _ => Trouble::lasting(with_message(reason, message), SHORT),
    }
}

/// Why a container that ran does not run any more.
pub(super) fn why_ended(pod: Option<&PodView>, lived: &Incarnation) -> String {
    let Some(pod) = pod else { return "the pod was deleted".to_owned() };
    let crashed = pod.restarts > lived.restarts || pod.finished || !pod.running;
    match (&pod.disruption, &pod.ended) {
        (Some((reason, message)), _) => format!("the pod is taken away: {}", with_message(reason, message)),
        (None, Some(ended)) if crashed => describe(ended),
        _ if pod.deleting => format!("the pod was deleted on node {}", pod.node),
        _ => format!("the container on node {} has ended", pod.node),
    }
}

/// Why a pod that runs does not listen.
pub(super) fn why_unready(pod: &PodView) -> String {
    format!("the pod {} on node {} runs but is not ready", pod.name, pod.node)
}

fn describe(ended: &Ending) -> String {
    let code = ended.exit_code;
    match ended.reason.as_str() {
        "OOMKilled" => format!("out of memory (OOMKilled, exit code {code})"),
        "" | "Error" | "Completed" => with_message(&format!("exit code {code}"), &ended.message),
        reason => with_message(&format!("exit code {code}, {reason}"), &ended.message),
    }
}

fn with_message(reason: &str, message: &str) -> String {
    match message.trim() {
        "" => reason.to_owned(),
        message => format!("{reason}: {message}"),
    }
}
