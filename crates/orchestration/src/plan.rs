//! What is derived from an intent and its topology once: streams, groupings, requirements, and the commands' fixed parts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flow::{Operator, OutputStream, ServiceIntent, Task, TaskId, TaskInstance, Topology};
use ngsi::scope::OperationScope;
use ngsi::v1::EntityRef;
use ngsi::v1::ngsi9::AvailabilityRequest;
use ngsi::{Name, Restriction};

use crate::grouping::{Combination, Grouping};
use crate::{IntentId, Requirements, StoredIntent, SubscriptionKey};

/// The most tasks of a topology, and the most input streams of a task.
const MAX_TASKS: usize = 1_000;
const MAX_STREAMS: usize = 32;

/// The parts of a task that all its instances share.
#[derive(Debug, Default)]
pub(crate) struct TaskPlan {
    pub(crate) task: Task,
    pub(crate) operator: Operator,
    pub(crate) needs: Requirements,
}

impl TaskPlan {
    /// The attributes that the streams of a mask select together; empty for all.
    pub(crate) fn attributes(&self, streams: u32) -> Vec<String> {
        let chosen = self.task.input_streams.iter().enumerate().filter(|(index, _)| streams & (1 << index) != 0);
        let lists: Vec<Vec<String>> = chosen.map(|(_, config)| config.attributes()).collect();
        if lists.iter().any(Vec::is_empty) {
            return Vec::new();
        }
        if let [only] = &lists[..] {
            return only.clone();
        }
        lists.into_iter().flatten().collect::<BTreeSet<_>>().into_iter().collect()
    }

    pub(crate) fn outputs(&self, hash: &str) -> Vec<OutputStream> {
        let output = |(index, config): (usize, &flow::OutputStreamConfig)| OutputStream {
            r#type: config.entity_type.clone(),
            stream_id: format!("{}.{hash}.{}", config.entity_type, index + 1),
            annotations: Vec::new(),
        };
        self.task.output_streams.iter().enumerate().map(output).collect()
    }
}

/// A task of an intent with what is available for it.
#[derive(Debug)]
pub(crate) struct TaskState {
    pub(crate) plan: Arc<TaskPlan>,
    pub(crate) grouping: Grouping,
    pub(crate) instances: BTreeMap<Combination, TaskId>,
}

/// A request for availability of an intent and whom it feeds.
#[derive(Debug)]
pub(crate) struct Need {
    pub(crate) request: AvailabilityRequest,
    /// (task, input stream).
    pub(crate) feeds: Vec<(usize, usize)>,
}

/// An intent being served.
#[derive(Debug)]
pub(crate) struct IntentState {
    pub(crate) intent: ServiceIntent,
    pub(crate) topology: Topology,
    pub(crate) ordinal: u32,
    /// Why it cannot be served as it is.
    pub(crate) errors: Vec<String>,
    pub(crate) tasks: Vec<TaskState>,
    pub(crate) needs: BTreeMap<SubscriptionKey, Need>,
    /// Requests of which the complete set is not known yet.
    pub(crate) incomplete: BTreeSet<SubscriptionKey>,
    pub(crate) instances: usize,
    /// Whether there are more combinations than instances allowed.
    pub(crate) overflow: bool,
    /// Whether adopted instances may have been started with an older form of the intent.
    pub(crate) revised: bool,
}

impl IntentState {
    pub(crate) fn new(id: &IntentId, intent: ServiceIntent, topology: Topology, ordinal: u32) -> Self {
        let mut errors = check(&topology);
        let scope = scope(&intent).unwrap_or_else(|problem| {
            errors.push(problem);
            None
        });
        let usable = errors.is_empty();
        let tasks: Vec<TaskState> =
            topology.tasks.iter().filter(|_| usable).map(|t| TaskState::new(t, &topology, &intent)).collect();
        let mut needs: BTreeMap<SubscriptionKey, Need> = BTreeMap::new();
        for (task, state) in tasks.iter().enumerate() {
            for (stream, config) in state.plan.task.input_streams.iter().enumerate() {
                let request = request(config, scope.as_ref());
                let key = key(id, &request);
                needs.entry(key).or_insert_with(|| Need { request, feeds: Vec::new() }).feeds.push((task, stream));
            }
        }
        let incomplete = needs.keys().copied().collect();
        let (instances, overflow, revised) = (0, false, false);
        Self { intent, topology, ordinal, errors, tasks, needs, incomplete, instances, overflow, revised }
    }

    pub(crate) fn stored(&self) -> StoredIntent {
        StoredIntent { intent: self.intent.clone(), topology: self.topology.clone(), ordinal: self.ordinal }
    }

    /// What tells the ids of further intents on a topology apart.
    pub(crate) fn salt(&self) -> &str {
        if self.ordinal == 0 { "" } else { &self.intent.id }
    }

    /// How many instances there would be without the bound.
    pub(crate) fn combinations(&self) -> usize {
        self.tasks.iter().fold(0, |sum, task| sum.saturating_add(task.grouping.count(None)))
    }
}

impl TaskState {
    fn new(task: &Task, topology: &Topology, intent: &ServiceIntent) -> Self {
        let mut operator = topology.operator(&task.operator).cloned().unwrap_or_default();
        operator.parameters = intent.parameters_of(&operator);
        let plan = TaskPlan { task: task.clone(), needs: Requirements::of(&operator), operator };
        Self { grouping: Grouping::new(&task.input_streams), plan: Arc::new(plan), instances: BTreeMap::new() }
    }
}

fn check(topology: &Topology) -> Vec<String> {
    let mut errors = Vec::new();
    if topology.tasks.len() > MAX_TASKS {
        errors.push(format!("tasks: more than {MAX_TASKS}"));
    }
    let mut names = BTreeSet::new();
    for (index, task) in topology.tasks.iter().enumerate().take(MAX_TASKS) {
        if task.input_streams.len() > MAX_STREAMS {
            errors.push(format!("tasks[{index}].input_streams: more than {MAX_STREAMS}"));
        }
        if !names.insert(&task.name) {
            errors.push(format!("tasks[{index}].name: `{}` is used twice", task.name));
        }
    }
    errors
}

fn scope(intent: &ServiceIntent) -> Result<Option<OperationScope>, String> {
    let Some(scope) = &intent.geoscope else { return Ok(None) };
    scope.parse().map_err(|error| format!("geoscope.{error}"))?;
    let limits = !scope.scope_type.is_empty() && !scope.scope_type.eq_ignore_ascii_case("global");
    Ok(limits.then(|| scope.clone()))
}

fn request(config: &flow::InputStreamConfig, scope: Option<&OperationScope>) -> AvailabilityRequest {
    let scopes = scope.filter(|_| config.scoped).cloned().into_iter().collect();
    AvailabilityRequest {
        entities: vec![EntityRef::of_type(Name::from(config.selected_type.as_str()))],
        attributes: config.attributes().iter().map(|name| Name::from(name.as_str())).collect(),
        restriction: Restriction { scopes },
        reference: String::new(),
    }
}

fn key(id: &IntentId, request: &AvailabilityRequest) -> SubscriptionKey {
    let request = serde_json::to_vec(request).unwrap_or_default();
    SubscriptionKey(flow::fnv64(id.as_str().bytes().chain([0]).chain(request)))
}

/// The command that starts, or ends, an instance.
pub(crate) fn command(intent: &ServiceIntent, instance: &crate::instance::Instance) -> TaskInstance {
    let plan = &instance.plan;
    TaskInstance {
        id: instance.id.clone(),
        topology_name: intent.topology.clone(),
        task_name: plan.task.name.clone(),
        service_intent_id: intent.id.clone(),
        operator_name: plan.task.operator.clone(),
        function_code: plan.operator.function_code.clone(),
        parameters: plan.operator.parameters.clone(),
        worker_id: instance.worker.clone().unwrap_or_default(),
        is_exclusive: intent.priority.exclusive,
        priority_level: intent.priority.level,
        status: "scheduled".to_owned(),
        inputs: instance.input_streams(),
        outputs: plan.outputs(&instance.hash),
        generation: instance.generation,
        ..TaskInstance::default()
    }
}
