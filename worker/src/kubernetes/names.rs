//! Names, labels and annotations of the objects of a task instance.

use flow::TaskId;

pub(super) const MANAGED_BY: &str = "fogflow-worker";
pub(super) const APP: &str = "fogflow-task";
/// The field manager of server-side apply.
pub(super) const FIELD_MANAGER: &str = "fogflow-worker";

pub(super) const NAME_LABEL: &str = "app.kubernetes.io/name";
pub(super) const INSTANCE_LABEL: &str = "app.kubernetes.io/instance";
pub(super) const COMPONENT_LABEL: &str = "app.kubernetes.io/component";
pub(super) const PART_OF_LABEL: &str = "app.kubernetes.io/part-of";
pub(super) const MANAGED_BY_LABEL: &str = "app.kubernetes.io/managed-by";
pub(super) const POOL_LABEL: &str = "fogflow.io/pool";
pub(super) const WORKER_LABEL: &str = "fogflow.io/worker";
pub(super) const INTENT_LABEL: &str = "fogflow.io/intent";
pub(super) const OPERATOR_LABEL: &str = "fogflow.io/operator";

pub(super) const TASK: &str = "fogflow.io/task-id";
pub(super) const WORKER: &str = "fogflow.io/worker-id";
pub(super) const GENERATION: &str = "fogflow.io/generation";
pub(super) const PROGRAM: &str = "fogflow.io/program";
pub(super) const SERVICE_ENTITY: &str = "fogflow.io/service-entity";
/// The container that has been subscribed to the inputs: pod and number of restarts.
pub(super) const FED: &str = "fogflow.io/fed";

/// The longest label value, and the longest name of a Service.
const LONGEST: usize = 63;
const READABLE: usize = 30;

/// The name of an instance's objects: readable, unique for pool and instance, a valid name of a Service.
pub(super) fn object_name(pool: &str, task: &TaskId) -> String {
    let hash = flow::fnv64(format!("{pool}\n{task}").into_bytes());
    let lower = task.as_str().strip_prefix("Task.").unwrap_or(task.as_str()).to_ascii_lowercase();
    let readable: String =
        lower.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(READABLE).collect();
    format!("task-{}-{hash:016x}", readable.trim_matches('-')).replace("--", "-")
}

/// The text as a label's value: other letters become `_`, what is too long is cut.
pub(super) fn label_value(text: &str) -> String {
    let valid = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let value: String = text.chars().map(valid).take(LONGEST).collect();
    value.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_service_name(name: &str) -> bool {
        name.len() <= LONGEST
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.ends_with(|c: char| c.is_ascii_alphanumeric())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    }

    #[test]
    fn object_names_are_valid_for_any_task_and_differ() {
        let long = "x".repeat(5_000);
        for task in ["Task.top.main.1", "Task.Anomaly Detection/ä.main.1", "Ä", "", "...", long.as_str()] {
            let name = object_name("worker", &task.into());
            assert!(is_service_name(&name), "{name}");
        }
        let name = |pool: &str, task: &str| object_name(pool, &task.into());
        assert_ne!(name("a", "t.1"), name("a", "t-1"));
        assert_ne!(name("a", "t.1"), name("b", "t.1"));
    }

    #[test]
    fn label_values_are_valid_for_any_text() {
        let long = format!("_{}", "ä".repeat(100));
        for (text, expected) in [("ServiceIntent.1-2", "ServiceIntent.1-2"), ("a b/c", "a_b_c"), ("Ä", ""), (&long, "")]
        {
            assert_eq!(label_value(text), expected);
        }
    }
}
