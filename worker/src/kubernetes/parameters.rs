//! What operator parameters say about the pod of a task instance. All are optional.
//!
//! | parameter | value |
//! | --- | --- |
//! | `memory_mb`, `cpus` | limits |
//! | `memory_request_mb`, `cpus_request` | requests |
//! | `node_selector` | `key=value;key=value` |
//! | `tolerations` | `key=value:Effect;key:Effect;key` |
//! | `affinity` | a JSON object as in a pod |
//! | `priority_class`, `image_pull_policy`, `run_as_user` | as in a pod |
//! | `image_pull_secrets` | `name;name` |
//! | `read_only_root` | `false` lets the program write to its image |
//! | `env` | `NAME=value`; may be given several times |
//! | `env_from_config_map`, `env_from_secret` | `name;name` |
//! | `mount_config_map`, `mount_secret` | `name:/path;name:/path`, read only |

use std::collections::BTreeMap;

use flow::{Parameter, TaskInstance};
use k8s_openapi::api::core::v1::{Affinity, EnvVar, LocalObjectReference, Toleration};

use crate::container::Resources;

/// The environment that a worker itself gives a task.
const RESERVED: [&str; 2] = ["myport", "adminCfg"];
const PULL_POLICIES: [&str; 3] = ["Always", "IfNotPresent", "Never"];
const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

#[derive(Debug, Clone, PartialEq)]
pub(super) struct PodParameters {
    pub(super) resources: Resources,
    pub(super) memory_request_mb: Option<i64>,
    pub(super) cpus_request: Option<f64>,
    pub(super) services: Vec<u16>,
    pub(super) node_selector: BTreeMap<String, String>,
    pub(super) tolerations: Vec<Toleration>,
    pub(super) affinity: Option<Affinity>,
    pub(super) priority_class: Option<String>,
    pub(super) pull_policy: Option<String>,
    pub(super) image_pull_secrets: Vec<LocalObjectReference>,
    pub(super) run_as_user: Option<i64>,
    pub(super) read_only_root: bool,
    pub(super) env: Vec<EnvVar>,
    pub(super) env_from: Vec<Source>,
    pub(super) mounts: Vec<(Source, String)>,
}

/// Where environment or files come from, in the namespace of the tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    ConfigMap(String),
    Secret(String),
}

impl PodParameters {
    /// # Errors
    /// Names the parameter that is not understood.
    pub(super) fn of(instance: &TaskInstance) -> Result<Self, String> {
        let mut pod = Self {
            resources: Resources::of(instance)?,
            services: crate::container::service_ports(instance)?,
            memory_request_mb: None,
            cpus_request: None,
            node_selector: BTreeMap::new(),
            tolerations: Vec::new(),
            affinity: None,
            priority_class: None,
            pull_policy: None,
            image_pull_secrets: Vec::new(),
            run_as_user: None,
            read_only_root: true,
            env: Vec::new(),
            env_from: Vec::new(),
            mounts: Vec::new(),
        };
        for parameter in &instance.parameters {
            pod.take(parameter).map_err(|expected| {
                format!("parameter `{}` must be {expected}, is `{}`", parameter.name, parameter.value)
            })?;
        }
        Ok(pod)
    }

    fn take(&mut self, parameter: &Parameter) -> Result<(), String> {
        let value = parameter.value.trim();
        match parameter.name.as_str() {
            "memory_request_mb" => self.memory_request_mb = Some(number(value, 1, 1_048_576)?),
            "cpus_request" => self.cpus_request = Some(fraction(value)?),
            "node_selector" => self.node_selector = pairs(value)?,
            "tolerations" => self.tolerations = items(value).map(toleration).collect::<Result<_, _>>()?,
            "affinity" => self.affinity = Some(affinity(value)?),
            "priority_class" => self.priority_class = Some(object_name(value)?),
            "image_pull_policy" => self.pull_policy = Some(one_of(value, &PULL_POLICIES)?),
            "image_pull_secrets" => {
                let names = items(value).map(|name| Ok(LocalObjectReference { name: object_name(name)? }));
                self.image_pull_secrets = names.collect::<Result<_, String>>()?;
            }
            "run_as_user" => self.run_as_user = Some(number(value, 1, i64::from(i32::MAX))?),
            "read_only_root" => self.read_only_root = one_of(value, &["true", "false"])? == "true",
            "env" => self.env.push(env(&parameter.value)?),
            "env_from_config_map" => self.env_from.extend(sources(value, Source::ConfigMap)?),
            "env_from_secret" => self.env_from.extend(sources(value, Source::Secret)?),
            "mount_config_map" => self.mounts.extend(mounts(value, Source::ConfigMap)?),
            "mount_secret" => self.mounts.extend(mounts(value, Source::Secret)?),
            _ => {}
        }
        Ok(())
    }
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(';').map(str::trim).filter(|item| !item.is_empty())
}

fn number(text: &str, least: i64, most: i64) -> Result<i64, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("a whole number from {least} to {most}"))
}

fn fraction(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (0.001..=1_024.0).contains(number));
    number.ok_or_else(|| "a number from 0.001 to 1024".to_owned())
}

fn one_of(text: &str, choices: &[&str]) -> Result<String, String> {
    match choices.contains(&text) {
        true => Ok(text.to_owned()),
        false => Err(format!("one of {}", choices.join(", "))),
    }
}

fn pairs(text: &str) -> Result<BTreeMap<String, String>, String> {
    let pairs = items(text).map(|item| item.split_once('=').filter(|(key, _)| !key.is_empty()));
    let pairs = pairs.map(|pair| pair.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())));
    pairs.collect::<Option<_>>().ok_or_else(|| "labels such as `key=value;key=value`".to_owned())
}

fn toleration(text: &str) -> Result<Toleration, String> {
    let (label, effect) = text.split_once(':').map_or((text, None), |(label, effect)| (label, Some(effect)));
    let (key, value) = label.split_once('=').map_or((label, None), |(key, value)| (key, Some(value)));
    if effect.is_some_and(|effect| !EFFECTS.contains(&effect)) {
        return Err(format!(
            "tolerations such as `key=value:NoSchedule;key`, with an effect of {}",
            EFFECTS.join(", ")
        ));
    }
    Ok(Toleration {
        key: Some(key.to_owned()).filter(|key| !key.is_empty()),
        operator: Some(if value.is_some() { "Equal" } else { "Exists" }.to_owned()),
        value: value.map(str::to_owned),
        effect: effect.map(str::to_owned),
        toleration_seconds: None,
    })
}

fn affinity(text: &str) -> Result<Affinity, String> {
    serde_json::from_str(text).map_err(|error| format!("a JSON object as in a pod ({error})"))
}

/// The name of an object: the API server checks it, here only what would change its meaning is refused.
fn object_name(text: &str) -> Result<String, String> {
    let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    match !text.is_empty() && text.len() <= 253 && text.chars().all(valid) {
        true => Ok(text.to_owned()),
        false => Err("the name of a Kubernetes object".to_owned()),
    }
}

fn env(text: &str) -> Result<EnvVar, String> {
    let expected = || "`NAME=value`, with a name that is not myport or adminCfg".to_owned();
    let (name, value) = text.split_once('=').ok_or_else(expected)?;
    let name = name.trim();
    let valid = !name.is_empty() && !RESERVED.contains(&name) && name.chars().all(|c| c.is_ascii_graphic());
    match valid {
        true => Ok(EnvVar { name: name.to_owned(), value: Some(value.to_owned()), value_from: None }),
        false => Err(expected()),
    }
}

fn sources(text: &str, kind: fn(String) -> Source) -> Result<Vec<Source>, String> {
    items(text).map(|name| object_name(name).map(kind)).collect()
}

fn mounts(text: &str, kind: fn(String) -> Source) -> Result<Vec<(Source, String)>, String> {
    let mount = |item: &str| {
        let (name, path) = item.split_once(':').filter(|(_, path)| path.starts_with('/') && !path.contains(':'))?;
        Some((kind(object_name(name.trim()).ok()?), path.to_owned()))
    };
    items(text).map(mount).collect::<Option<_>>().ok_or_else(|| "mounts such as `name:/path;name:/path`".to_owned())
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn parse(parameters: &[(&str, &str)]) -> Result<PodParameters, String> {
        let parameter = |(name, value): &(&str, &str)| Parameter { name: (*name).into(), value: (*value).into() };
        PodParameters::of(&TaskInstance {
            parameters: parameters.iter().map(parameter).collect(),
            ..TaskInstance::default()
        })
    }

    #[test]
    fn parameters_place_the_pod() {
        let pod = parse(&[
            ("node_selector", "disk=ssd; zone=a"),
            ("tolerations", "gpu=yes:NoSchedule;edge;:NoExecute"),
            ("affinity", r#"{"nodeAffinity":{}}"#),
        ]);
        let pod = pod.unwrap();
        assert_eq!(pod.node_selector, BTreeMap::from([("disk".into(), "ssd".into()), ("zone".into(), "a".into())]));
        let [gpu, edge, any] = pod.tolerations.as_slice() else { panic!("{:?}", pod.tolerations) };
        assert_eq!((gpu.operator.as_deref(), gpu.value.as_deref()), (Some("Equal"), Some("yes")));
        assert_eq!((edge.operator.as_deref(), edge.effect.as_deref()), (Some("Exists"), None));
        assert_eq!((any.key.as_deref(), any.effect.as_deref()), (None, Some("NoExecute")));
        assert!(pod.affinity.unwrap().node_affinity.is_some());
    }

    #[test]
    fn parameters_bring_environment_and_files() {
        let pod = parse(&[
            ("env", "A=1;=2"),
            ("env", "B="),
            ("env_from_secret", "keys"),
            ("mount_config_map", "models:/models;more:/more"),
        ]);
        let pod = pod.unwrap();
        let env: Vec<_> = pod.env.iter().map(|e| (e.name.as_str(), e.value.as_deref().unwrap())).collect();
        assert_eq!(env, [("A", "1;=2"), ("B", "")]);
        assert_eq!(pod.env_from, [Source::Secret("keys".into())]);
        assert_eq!(pod.mounts[1], (Source::ConfigMap("more".into()), "/more".to_owned()));
    }

    #[test]
    fn a_parameter_that_is_not_understood_is_named() {
        let cases = [
            ("node_selector", "ssd"),
            ("tolerations", "a:Never"),
            ("affinity", "{"),
            ("affinity", r#"{"nodeAffinity":1}"#),
            ("image_pull_policy", "sometimes"),
            ("run_as_user", "0"),
            ("read_only_root", "no"),
            ("env", "A"),
            ("env", "myport=1"),
            ("env_from_secret", "Not/A/Name"),
            ("mount_secret", "name"),
            ("mount_secret", "name:relative"),
            ("cpus_request", "NaN"),
            ("memory_request_mb", "-1"),
        ];
        for (name, value) in cases {
            assert!(parse(&[(name, value)]).unwrap_err().contains(name), "{name}={value}");
        }
    }
}
