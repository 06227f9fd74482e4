//! What is known of the cluster: pods and Deployments of the pool as watched, and the instances that run.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use flow::TaskId;
use kube::runtime::watcher::Event;
use parking_lot::Mutex;
use tasks::Run;
use tokio::sync::watch;

use super::diagnosis::{self, Assessment};
use super::view::{DeploymentView, Incarnation, PodView};

/// How long a pod may not be ready before its instance counts as troubled.
const UNREADY: Duration = Duration::from_secs(10);
/// Pods that have gone and may still be asked about.
const DEPARTED: usize = 1_000;

/// What a watch has shown of one kind of object.
#[derive(Debug)]
pub(super) struct Table<V> {
    pub(super) live: HashMap<String, V>,
    arriving: HashMap<String, V>,
    /// Whether everything has been seen once.
    pub(super) synced: bool,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self { live: HashMap::new(), arriving: HashMap::new(), synced: false }
    }
}

impl<V> Table<V> {
    /// Gives back what is there no longer.
    fn take<K>(&mut self, event: &Event<K>, read: impl Fn(&K) -> Option<(String, V)>) -> Vec<V> {
        match event {
            Event::Init => self.arriving.clear(),
            Event::InitApply(object) => self.arriving.extend(read(object)),
            Event::InitDone => {
                let arrived = std::mem::take(&mut self.arriving);
                let before = std::mem::replace(&mut self.live, arrived);
                self.synced = true;
                return before.into_iter().filter(|(key, _)| !self.live.contains_key(key)).map(|(_, v)| v).collect();
            }
            Event::Apply(object) => self.live.extend(read(object)),
            Event::Delete(object) => {
                if let Some((key, last)) = read(object) {
                    self.live.remove(&key);
                    return vec![last];
                }
            }
        }
        Vec::new()
    }
}

/// An instance that runs.
#[derive(Debug, Clone)]
pub(super) struct Tracked {
    pub(super) object: String,
    pub(super) run: Run,
    pub(super) lives: Incarnation,
    pub(super) reference: String,
    pub(super) paused: bool,
    unready_since: Option<Instant>,
    troubled: bool,
}

impl Tracked {
    pub(super) fn new(object: String, run: Run, lives: Incarnation, reference: String) -> Self {
        Self { object, run, lives, reference, paused: false, unready_since: None, troubled: false }
    }
}

/// What has become of a tracked instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    /// Its container is another one now, or gone; the pod to ask for last words.
    Ended { task: TaskId, run: Run, reason: String, pod: Option<Box<PodView>> },
    /// It runs and does not listen, or does again.
    Health { task: TaskId, run: Run, trouble: Option<String> },
    /// An instance that could not be started before listens now.
    Appeared,
}

#[derive(Debug, Default)]
struct Inner {
    pods: Table<PodView>,
    deployments: Table<DeploymentView>,
    departed: HashMap<String, PodView>,
    tracked: HashMap<TaskId, Tracked>,
    /// Which containers have been noticed that nobody asked for.
    noticed: HashMap<String, Incarnation>,
}

pub(super) struct State {
    inner: Mutex<Inner>,
    changes: watch::Sender<u64>,
}

impl Default for State {
    fn default() -> Self {
        Self { inner: Mutex::default(), changes: watch::Sender::new(0) }
    }
}

impl State {
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(super) fn pod_event(&self, event: &Event<k8s_openapi::api::core::v1::Pod>) {
        let mut inner = self.inner.lock();
        let gone = inner.pods.take(event, |pod| PodView::of(pod).map(|view| (view.uid.clone(), view)));
        if inner.departed.len() + gone.len() > DEPARTED {
            inner.departed.clear();
        }
        inner.departed.extend(gone.into_iter().map(|pod| (pod.uid.clone(), pod)));
        drop(inner);
        self.changed();
    }

    pub(super) fn deployment_event(&self, event: &Event<k8s_openapi::api::apps::v1::Deployment>) {
        let read = |deployment: &_| DeploymentView::of(deployment).map(|view| (view.name.clone(), view));
        self.inner.lock().deployments.take(event, read);
        self.changed();
    }

    /// Whether everything there is has been seen.
    pub(super) fn is_synced(&self) -> bool {
        let inner = self.inner.lock();
        inner.pods.synced && inner.deployments.synced
    }

    pub(super) fn assess(&self, object: &str, program: &str) -> Assessment {
        self.inner.lock().assess(object, program)
    }

    /// The pod of the instance that is to be looked at.
    pub(super) fn pod(&self, object: &str, program: Option<&str>) -> Option<PodView> {
        let inner = self.inner.lock();
        match program {
            Some(program) => inner.current(object, program).cloned(),
            None => inner.pods_of(object).max_by(|a, b| a.created.cmp(&b.created)).cloned(),
        }
    }

    pub(super) fn deployments(&self) -> Vec<DeploymentView> {
        self.inner.lock().deployments.live.values().cloned().collect()
    }

    pub(super) fn has_deployment(&self, object: &str, uid: &str) -> bool {
        self.inner.lock().deployments.live.get(object).is_some_and(|deployment| deployment.uid == uid)
    }

    pub(super) fn track(&self, task: &TaskId, tracked: Tracked) {
        self.inner.lock().tracked.insert(task.clone(), tracked);
        self.changed();
    }

    pub(super) fn untrack(&self, task: &TaskId) -> Option<Tracked> {
        self.inner.lock().tracked.remove(task)
    }

    pub(super) fn tracked(&self, task: &TaskId) -> Option<Tracked> {
        self.inner.lock().tracked.get(task).cloned()
    }

    pub(super) fn set_paused(&self, task: &TaskId, paused: bool) {
        if let Some(tracked) = self.inner.lock().tracked.get_mut(task) {
            tracked.paused = paused;
        }
        self.changed();
    }

    /// Compares what runs with what is seen; instances that have ended are tracked no longer.
    pub(super) fn review(&self, worker: &str) -> Vec<News> {
        let mut inner = self.inner.lock();
        let mut news = inner.review_tracked();
        for ended in &news {
            if let News::Ended { task, .. } = ended {
                inner.tracked.remove(task);
            }
        }
        if inner.notice_untracked(worker) {
            news.push(News::Appeared);
        }
        news
    }
}

impl Inner {
    fn pods_of(&self, object: &str) -> impl Iterator<Item = &PodView> {
        self.pods.live.values().filter(move |pod| pod.object == object)
    }

    fn current(&self, object: &str, program: &str) -> Option<&PodView> {
        diagnosis::current(self.pods_of(object), program)
    }

    fn assess(&self, object: &str, program: &str) -> Assessment {
        diagnosis::assess(self.deployments.live.get(object), self.current(object, program))
    }

    fn review_tracked(&mut self) -> Vec<News> {
        let mut tracked = std::mem::take(&mut self.tracked);
        let news = tracked.iter_mut().filter_map(|(task, tracked)| self.review_one(task, tracked)).collect();
        self.tracked = tracked;
        news
    }

    fn review_one(&self, task: &TaskId, tracked: &mut Tracked) -> Option<News> {
        if tracked.paused {
            return None;
        }
        let lived = self.pods.live.get(&tracked.lives.pod);
        let lives =
            |pod: &&PodView| pod.restarts == tracked.lives.restarts && pod.running && !pod.deleting && !pod.finished;
        let (task, run) = (task.clone(), tracked.run);
        let Some(pod) = lived.filter(lives) else {
            let pod = lived.or_else(|| self.departed.get(&tracked.lives.pod));
            let reason = diagnosis::why_ended(pod, &tracked.lives);
            return Some(News::Ended { task, run, reason, pod: pod.cloned().map(Box::new) });
        };
        if pod.ready {
            tracked.unready_since = None;
            let mends = std::mem::take(&mut tracked.troubled);
            return mends.then_some(News::Health { task, run, trouble: None });
        }
        let since = *tracked.unready_since.get_or_insert_with(Instant::now);
        let counts = !tracked.troubled && since.elapsed() >= UNREADY;
        tracked.troubled |= counts;
        counts.then(|| News::Health { task, run, trouble: Some(diagnosis::why_unready(pod)) })
    }

    /// Whether an instance of this worker that is not tracked has begun to listen.
    fn notice_untracked(&mut self, worker: &str) -> bool {
        let mut appeared = false;
        let tracked: HashSet<&str> = self.tracked.values().map(|tracked| tracked.object.as_str()).collect();
        for deployment in self.deployments.live.values().filter(|d| d.worker == worker && !d.deleting) {
            if tracked.contains(deployment.name.as_str()) {
                continue;
            }
            if let Assessment::Ready(lives) = self.assess(&deployment.name, &deployment.program)
                && self.noticed.get(&deployment.name) != Some(&lives)
            {
                self.noticed.insert(deployment.name.clone(), lives);
                appeared = true;
            }
        }
        let live = &self.deployments.live;
        self.noticed.retain(|name, _| live.contains_key(name));
        appeared
    }
}
