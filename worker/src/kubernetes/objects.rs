//! From a task instance to the objects that run it: values only, sent elsewhere.

use std::collections::BTreeMap;

use flow::TaskInstance;
use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy};
use k8s_openapi::api::core::v1::{
    Affinity, Capabilities, ConfigMap, ConfigMapEnvSource, ConfigMapVolumeSource, Container, ContainerPort,
    EmptyDirVolumeSource, EnvFromSource, EnvVar, NodeAffinity, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm,
    PodSecurityContext, PodSpec, PodTemplateSpec, Probe, ResourceRequirements, SeccompProfile, SecretEnvSource,
    SecretVolumeSource, SecurityContext, Service, ServicePort, ServiceSpec, TCPSocketAction, Toleration, Volume,
    VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta, OwnerReference};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use tasks::program_fingerprint;

use super::names::{self, label_value, object_name};
use super::parameters::{PodParameters, Source};
use super::settings::Settings;
use crate::container::{Command, commands, service_entity_id};

/// The first port a task may be told to listen on; the next ones when a service of its own has that.
const FIRST_PORT: u16 = 8080;
const CODE_DIRECTORY: &str = "/app";
const CODE_FILE: &str = "function.js";
const CODE_VOLUME: &str = "function";
const TEMPORARY_VOLUME: &str = "tmp";
/// The largest ConfigMap an API server takes.
const LONGEST_CODE: usize = 1024 * 1024;
const MIB: i64 = 1024 * 1024;
const NANO_PER_MILLI: i64 = 1_000_000;
/// How long a container may take to end after SIGTERM.
const GRACE_S: i64 = 5;

/// All there is to know before objects are made.
pub(super) struct Plan<'a> {
    pub(super) instance: &'a TaskInstance,
    pub(super) name: String,
    pub(super) program: String,
    pub(super) port: u16,
    pub(super) parameters: PodParameters,
    /// The entity that tells where its services are, if it has any.
    pub(super) service_entity: Option<String>,
}

impl<'a> Plan<'a> {
    /// # Errors
    /// Names what is wrong with the operator.
    pub(super) fn of(instance: &'a TaskInstance, settings: &Settings) -> Result<Self, String> {
        let parameters = PodParameters::of(instance)?;
        if instance.function_code.len() > LONGEST_CODE {
            return Err(format!("the function code is longer than {LONGEST_CODE} bytes, the most a ConfigMap holds"));
        }
        let port = (FIRST_PORT..).find(|port| !parameters.services.contains(port)).unwrap_or(FIRST_PORT);
        Ok(Self {
            name: object_name(&settings.pool, &instance.id),
            program: program_fingerprint(instance).to_string(),
            port,
            service_entity: (!parameters.services.is_empty()).then(|| service_entity_id(instance)),
            parameters,
            instance,
        })
    }

    /// The host under which other pods reach the task.
    pub(super) fn host(&self, namespace: &str) -> String {
        format!("{}.{namespace}.svc", self.name)
    }

    /// What the task's broker notifies.
    pub(super) fn reference(&self, namespace: &str) -> String {
        format!("http://{}:{}", self.host(namespace), self.port)
    }

    pub(super) fn admin(&self, broker: &str, namespace: &str) -> Vec<Command> {
        commands(self.instance, broker, &self.reference(namespace))
    }

    fn selector(&self) -> BTreeMap<String, String> {
        labels([(names::NAME_LABEL, names::APP), (names::INSTANCE_LABEL, &self.name)])
    }

    fn labels(&self, settings: &Settings) -> BTreeMap<String, String> {
        let instance = self.instance;
        let mut all = settings.pods.labels.clone();
        all.extend(self.selector());
        all.extend(labels([
            (names::COMPONENT_LABEL, &label_value(&instance.task_name)),
            (names::PART_OF_LABEL, &label_value(&instance.topology_name)),
            (names::MANAGED_BY_LABEL, names::MANAGED_BY),
            (names::POOL_LABEL, &settings.pool),
            (names::INTENT_LABEL, &label_value(&instance.service_intent_id)),
            (names::OPERATOR_LABEL, &label_value(&instance.operator_name)),
        ]));
        all
    }

    /// What tells whose the instance is: changed without touching the pod when another worker of the pool takes over.
    pub(super) fn ownership(&self, settings: &Settings) -> ObjectMeta {
        let mut annotations = labels([
            (names::TASK, self.instance.id.as_str()),
            (names::WORKER, settings.worker.as_str()),
            (names::GENERATION, &self.instance.generation.to_string()),
            (names::PROGRAM, &self.program),
        ]);
        annotations.extend(self.service_entity.clone().map(|entity| (names::SERVICE_ENTITY.to_owned(), entity)));
        let worker = labels([(names::WORKER_LABEL, &label_value(settings.worker.as_str()))]);
        ObjectMeta { annotations: Some(annotations), labels: Some(worker), ..ObjectMeta::default() }
    }

    fn metadata(&self, settings: &Settings, owner: Option<OwnerReference>) -> ObjectMeta {
        let mut metadata = self.ownership(settings);
        metadata.labels.get_or_insert_default().extend(self.labels(settings));
        ObjectMeta { name: Some(self.name.clone()), owner_references: owner.map(|owner| vec![owner]), ..metadata }
    }

    pub(super) fn deployment(
        &self,
        settings: &Settings,
        owner: Option<OwnerReference>,
        admin: String,
        near: Option<&str>,
    ) -> Deployment {
        let annotations = labels([(names::TASK, self.instance.id.as_str()), (names::PROGRAM, self.program.as_str())]);
        let template =
            ObjectMeta { annotations: Some(annotations), labels: Some(self.labels(settings)), ..ObjectMeta::default() };
        let selector = LabelSelector { match_labels: Some(self.selector()), match_expressions: None };
        let strategy = DeploymentStrategy { type_: Some("Recreate".to_owned()), rolling_update: None };
        let spec = DeploymentSpec {
            replicas: Some(1),
            revision_history_limit: Some(1),
            selector,
            strategy: Some(strategy),
            template: PodTemplateSpec { metadata: Some(template), spec: Some(self.pod(settings, admin, near)) },
            ..DeploymentSpec::default()
        };
        Deployment { metadata: self.metadata(settings, owner), spec: Some(spec), status: None }
    }

    pub(super) fn service(&self, settings: &Settings, owner: OwnerReference) -> Service {
        let own = (self.port, "notify".to_owned());
        let services = self.parameters.services.iter().map(|port| (*port, format!("service-{port}")));
        let ports = std::iter::once(own).chain(services).map(|(port, name)| ServicePort {
            name: Some(name),
            port: i32::from(port),
            target_port: Some(IntOrString::Int(i32::from(port))),
            protocol: Some("TCP".to_owned()),
            ..ServicePort::default()
        });
        let spec = ServiceSpec { selector: Some(self.selector()), ports: Some(ports.collect()), ..Default::default() };
        Service { metadata: self.metadata(settings, Some(owner)), spec: Some(spec), status: None }
    }

    /// The function code, if any.
    pub(super) fn config_map(&self, settings: &Settings, owner: OwnerReference) -> Option<ConfigMap> {
        let code = &self.instance.function_code;
        (!code.is_empty()).then(|| ConfigMap {
            metadata: self.metadata(settings, Some(owner)),
            data: Some(BTreeMap::from([(CODE_FILE.to_owned(), code.clone())])),
            ..ConfigMap::default()
        })
    }

    fn pod(&self, settings: &Settings, admin: String, near: Option<&str>) -> PodSpec {
        let (defaults, parameters) = (&settings.pods, &self.parameters);
        let user = parameters.run_as_user.or(defaults.run_as_user);
        let mut node_selector = defaults.node_selector.clone();
        node_selector.extend(parameters.node_selector.clone());
        let secrets = defaults.image_pull_secrets.iter().chain(&parameters.image_pull_secrets).cloned().collect();
        let affinity = parameters.affinity.clone().or_else(|| defaults.affinity.clone());
        PodSpec {
            affinity: Some(with_node(affinity.unwrap_or_default(), &settings.hardware, near)),
            automount_service_account_token: Some(false),
            containers: vec![self.container(settings, admin)],
            enable_service_links: Some(false),
            image_pull_secrets: Some(secrets),
            node_selector: Some(node_selector),
            priority_class_name: parameters.priority_class.clone(),
            security_context: Some(PodSecurityContext {
                run_as_non_root: Some(true),
                run_as_user: user,
                run_as_group: user,
                fs_group: user,
                seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), localhost_profile: None }),
                ..PodSecurityContext::default()
            }),
            service_account_name: defaults.service_account.clone(),
            termination_grace_period_seconds: Some(GRACE_S),
            tolerations: Some(self.tolerations(settings)),
            volumes: Some(self.volumes()),
            ..PodSpec::default()
        }
    }

    fn tolerations(&self, settings: &Settings) -> Vec<Toleration> {
        let for_a_while = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"].map(|key| Toleration {
            key: Some(key.to_owned()),
            operator: Some("Exists".to_owned()),
            effect: Some("NoExecute".to_owned()),
            toleration_seconds: Some(settings.pods.not_ready_seconds),
            value: None,
        });
        let given = settings.pods.tolerations.iter().chain(&self.parameters.tolerations).cloned();
        given.chain(for_a_while).collect()
    }

    fn container(&self, settings: &Settings, admin: String) -> Container {
        let (defaults, parameters) = (&settings.pods, &self.parameters);
        let own = [("myport", self.port.to_string()), ("adminCfg", admin)];
        let own = own.map(|(name, value)| EnvVar { name: name.to_owned(), value: Some(value), value_from: None });
        let port = |port: &u16| ContainerPort { container_port: i32::from(*port), ..ContainerPort::default() };
        let probe = TCPSocketAction { port: IntOrString::Int(i32::from(self.port)), host: None };
        Container {
            name: "task".to_owned(),
            image: Some(self.instance.docker_image.clone()),
            image_pull_policy: parameters.pull_policy.clone().or_else(|| defaults.pull_policy.clone()),
            env: Some(own.into_iter().chain(parameters.env.iter().cloned()).collect()),
            env_from: Some(parameters.env_from.iter().map(env_from).collect()),
            ports: Some(std::iter::once(&self.port).chain(&parameters.services).map(port).collect()),
            readiness_probe: Some(Probe {
                tcp_socket: Some(probe),
                period_seconds: Some(1),
                timeout_seconds: Some(1),
                failure_threshold: Some(5),
                ..Probe::default()
            }),
            resources: Some(self.resources(settings)),
            security_context: Some(SecurityContext {
                allow_privilege_escalation: Some(false),
                capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
                read_only_root_filesystem: Some(parameters.read_only_root),
                ..SecurityContext::default()
            }),
            volume_mounts: Some(self.volume_mounts()),
            ..Container::default()
        }
    }

    /// A limit is also what is requested, unless that is said.
    fn resources(&self, settings: &Settings) -> ResourceRequirements {
        let (defaults, parameters) = (&settings.pods, &self.parameters);
        let (mut requests, mut limits) = (defaults.requests.clone(), defaults.limits.clone());
        let mut set = |name: &str, request: Option<String>, limit: Option<String>| {
            let request = request.or_else(|| limit.clone());
            requests.extend(request.map(|amount| (name.to_owned(), Quantity(amount))));
            limits.extend(limit.map(|amount| (name.to_owned(), Quantity(amount))));
        };
        let mebibytes = parameters.resources.memory_bytes.map(|bytes| format!("{}Mi", bytes / MIB));
        set("memory", parameters.memory_request_mb.map(|mb| format!("{mb}Mi")), mebibytes);
        let cpus = parameters.resources.nano_cpus.map(|nano| match nano % NANO_PER_MILLI {
            0 => format!("{}m", nano / NANO_PER_MILLI),
            _ => format!("{nano}n"),
        });
        set("cpu", parameters.cpus_request.map(|cpus| cpus.to_string()), cpus);
        ResourceRequirements { requests: Some(requests), limits: Some(limits), claims: None }
    }

    fn volumes(&self) -> Vec<Volume> {
        let temporary = Volume {
            name: TEMPORARY_VOLUME.to_owned(),
            empty_dir: Some(EmptyDirVolumeSource::default()),
            ..Volume::default()
        };
        let code = (!self.instance.function_code.is_empty())
            .then(|| volume(CODE_VOLUME.to_owned(), &Source::ConfigMap(self.name.clone())));
        let mounts = self.parameters.mounts.iter().enumerate();
        let mounts = mounts.map(|(n, (source, _))| volume(mount_name(n), source));
        std::iter::once(temporary).chain(code).chain(mounts).collect()
    }

    fn volume_mounts(&self) -> Vec<VolumeMount> {
        let temporary =
            VolumeMount { name: TEMPORARY_VOLUME.to_owned(), mount_path: "/tmp".to_owned(), ..VolumeMount::default() };
        let read_only = |name: String, path: &str| VolumeMount {
            name,
            mount_path: path.to_owned(),
            read_only: Some(true),
            ..VolumeMount::default()
        };
        let code = (!self.instance.function_code.is_empty()).then(|| VolumeMount {
            sub_path: Some(CODE_FILE.to_owned()),
            ..read_only(CODE_VOLUME.to_owned(), &format!("{CODE_DIRECTORY}/{CODE_FILE}"))
        });
        let mounts = self.parameters.mounts.iter().enumerate();
        let mounts = mounts.map(|(n, (_, path))| read_only(mount_name(n), path));
        std::iter::once(temporary).chain(code).chain(mounts).collect()
    }
}

/// The Deployment as owner of what belongs to it.
pub(super) fn owner(kind: &str, name: &str, uid: &str) -> OwnerReference {
    OwnerReference {
        api_version: "apps/v1".to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
        uid: uid.to_owned(),
        controller: None,
        // It would take the right to change finalizers of the owner.
        block_owner_deletion: None,
    }
}

fn labels<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn mount_name(number: usize) -> String {
    format!("mount-{number}")
}

fn volume(name: String, source: &Source) -> Volume {
    match source {
        Source::ConfigMap(from) => Volume {
            name,
            config_map: Some(ConfigMapVolumeSource { name: from.clone(), ..ConfigMapVolumeSource::default() }),
            ..Volume::default()
        },
        Source::Secret(from) => Volume {
            name,
            secret: Some(SecretVolumeSource { secret_name: Some(from.clone()), ..SecretVolumeSource::default() }),
            ..Volume::default()
        },
    }
}

fn env_from(source: &Source) -> EnvFromSource {
    match source {
        Source::ConfigMap(name) => EnvFromSource {
            config_map_ref: Some(ConfigMapEnvSource { name: name.clone(), optional: None }),
            ..EnvFromSource::default()
        },
        Source::Secret(name) => EnvFromSource {
            secret_ref: Some(SecretEnvSource { name: name.clone(), optional: None }),
            ..EnvFromSource::default()
        },
    }
}

/// Adds what every pod needs, hardware that runs the image, and what it would like, the node its worker is on.
fn with_node(mut affinity: Affinity, hardware: &str, near: Option<&str>) -> Affinity {
    let term = |key: &str, value: &str| NodeSelectorRequirement {
        key: key.to_owned(),
        operator: "In".to_owned(),
        values: Some(vec![value.to_owned()]),
    };
    let node: &mut NodeAffinity = affinity.node_affinity.get_or_insert_default();
    let required: &mut NodeSelector = node.required_during_scheduling_ignored_during_execution.get_or_insert_default();
    if required.node_selector_terms.is_empty() {
        required.node_selector_terms.push(NodeSelectorTerm::default());
    }
    // Terms are alternatives, so each one needs it.
    for alternative in &mut required.node_selector_terms {
        let expressions = alternative.match_expressions.get_or_insert_default();
        expressions.extend([term("kubernetes.io/os", std::env::consts::OS), term("kubernetes.io/arch", hardware)]);
    }
    if let Some(name) = near {
        let preference = NodeSelectorTerm {
            match_expressions: Some(vec![term("kubernetes.io/hostname", name)]),
            match_fields: None,
        };
        let preferred = node.preferred_during_scheduling_ignored_during_execution.get_or_insert_default();
        preferred.push(k8s_openapi::api::core::v1::PreferredSchedulingTerm { weight: 50, preference });
    }
    affinity
}
