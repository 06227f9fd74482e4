//! What makes a name or a topology usable.

use std::collections::BTreeSet;

use flow::{Parameter, Topology};
use ngsi::ParseError;

use super::Catalog;

const MAX_NAME_BYTES: usize = 200;
/// Characters that would end a part of a URL, or need quoting in an identifier of an entity or a container.
const FORBIDDEN: &str = "/\\?#%*<>\"'`";

/// Names become parts of task ids, entity ids and URLs. Letters of any script, digits, spaces inside, dots, dashes,
/// colons and underscores are fine.
pub(super) fn name(path: &str, name: &str) -> Result<(), ParseError> {
    let problem = if name.is_empty() {
        "must not be empty".to_owned()
    } else if name.len() > MAX_NAME_BYTES {
        format!("must not be longer than {MAX_NAME_BYTES} bytes")
    } else if name == "." || name == ".." {
        "must not be `.` or `..`".to_owned()
    } else if name.trim() != name {
        "must not begin or end with a space".to_owned()
    } else if let Some(bad) = name.chars().find(|c| c.is_control() || FORBIDDEN.contains(*c)) {
        format!("must not contain {bad:?}: names become parts of identifiers and URLs")
    } else {
        return Ok(());
    };
    Err(ParseError::new(path, problem))
}

/// Settings of an operator, or of an intent for its operators.
pub(super) fn parameters(parameters: &[Parameter]) -> Result<(), ParseError> {
    match parameters.iter().position(|parameter| parameter.name.is_empty()) {
        Some(index) => Err(ParseError::new(format!("parameters[{index}].name"), "must not be empty")),
        None => Ok(()),
    }
}

/// No two of a list may have the same name.
pub(super) fn unique<'a>(names: impl Iterator<Item = (String, &'a str)>) -> Result<(), ParseError> {
    let mut seen = BTreeSet::new();
    for (path, name) in names {
        if !seen.insert(name) {
            return Err(ParseError::new(path, format!("`{name}` is there twice")));
        }
    }
    Ok(())
}

impl Catalog {
    /// Whether the topology can work: names, known operators, and data for every task.
    pub(super) fn check_topology(&self, topology: &Topology) -> Result<(), ParseError> {
        name("name", &topology.name)?;
        if topology.tasks.is_empty() {
            return Err(ParseError::new("tasks", "must hold at least one task"));
        }
        for (index, task) in topology.tasks.iter().enumerate() {
            self.check_task(task).map_err(|error| error.within(&format!("tasks[{index}]")))?;
        }
        unique(topology.tasks.iter().enumerate().map(|(i, task)| (format!("tasks[{i}].name"), task.name.as_str())))?;
        has_data(topology)
    }

    fn check_task(&self, task: &flow::Task) -> Result<(), ParseError> {
        name("name", &task.name)?;
        if !self.operators.contains_key(&task.operator) {
            return Err(ParseError::new("operator", format!("there is no operator `{}`", task.operator)));
        }
        if task.input_streams.is_empty() {
            return Err(ParseError::new(
                "input_streams",
                "must name at least one: a task starts when its input appears",
            ));
        }
        for (index, stream) in task.input_streams.iter().enumerate() {
            if stream.selected_type.is_empty() {
                return Err(ParseError::new(format!("input_streams[{index}].selected_type"), "must not be empty"));
            }
        }
        for (index, stream) in task.output_streams.iter().enumerate() {
            name(&format!("output_streams[{index}].entity_type"), &stream.entity_type)?;
        }
        Ok(())
    }
}

/// Every task must have an input that comes from outside or, over other tasks, from something that does.
fn has_data(topology: &Topology) -> Result<(), ParseError> {
    let produced: BTreeSet<&str> = topology.tasks.iter().flat_map(outputs).collect();
    let mut fed = vec![false; topology.tasks.len()];
    let mut existing: BTreeSet<&str> = BTreeSet::new();
    loop {
        let mut grown = false;
        for (task, fed) in topology.tasks.iter().zip(&mut fed).filter(|(_, fed)| !**fed) {
            let mut inputs = task.input_streams.iter().map(|stream| stream.selected_type.as_str());
            if inputs.any(|input| !produced.contains(input) || existing.contains(input)) {
                (*fed, grown) = (true, true);
                existing.extend(outputs(task));
            }
        }
        if !grown {
            break;
        }
    }
    let Some(index) = fed.iter().position(|fed| !fed) else { return Ok(()) };
    let task = &topology.tasks[index];
    let problem = format!(
        "task `{}` is part of a cycle without data: `{}` comes only from tasks that wait for one another",
        task.name, task.input_streams[0].selected_type
    );
    Err(ParseError::new(format!("tasks[{index}].input_streams[0].selected_type"), problem))
}

fn outputs(task: &flow::Task) -> impl Iterator<Item = &str> {
    task.output_streams.iter().map(|stream| stream.entity_type.as_str())
}
