//! What operator parameters say about the container of a task instance, whichever engine runs it.

use flow::TaskInstance;

const MIB: i64 = 1024 * 1024;
const DEFAULT_PIDS: i64 = 1024;

/// What operator parameters grant a container.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Resources {
    /// `memory_mb`: all its memory, swap included; unlimited when `None`.
    pub(crate) memory_bytes: Option<i64>,
    /// `cpus`: processors' worth of time.
    pub(crate) nano_cpus: Option<i64>,
    /// `pids`: processes and threads.
    pub(crate) pids: i64,
}

impl Resources {
    /// # Errors
    /// Names the parameter that is not a number in its range.
    pub(crate) fn of(instance: &TaskInstance) -> Result<Self, String> {
        let mut resources = Self { memory_bytes: None, nano_cpus: None, pids: DEFAULT_PIDS };
        for parameter in &instance.parameters {
            let number = |least: f64, most: f64| {
                let number =
                    parameter.value.trim().parse::<f64>().ok().filter(|number| (least..=most).contains(number));
                let (name, value) = (&parameter.name, &parameter.value);
                number
                    .ok_or_else(|| format!("parameter `{name}` must be a number from {least} to {most}, is `{value}`"))
            };
            match parameter.name.as_str() {
                // The engine refuses less than 6 MiB.
                "memory_mb" => resources.memory_bytes = Some(whole(number(6.0, 1_048_576.0)?) * MIB),
                "cpus" => resources.nano_cpus = Some(whole(number(0.01, 1_024.0)? * 1e9)),
                "pids" => resources.pids = whole(number(1.0, 65_536.0)?),
                _ => {}
            }
        }
        Ok(resources)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "callers have checked the range")]
fn whole(number: f64) -> i64 {
    number as i64
}

/// The ports of `service_port` parameters, `p1;p2`.
pub(crate) fn service_ports(instance: &TaskInstance) -> Result<Vec<u16>, String> {
    let parameters = instance.parameters.iter().filter(|parameter| parameter.name == "service_port");
    let texts =
        parameters.flat_map(|parameter| parameter.value.split(';')).map(str::trim).filter(|text| !text.is_empty());
    let ports = texts.map(|text| {
        let port = text.parse().ok().filter(|port| *port != 0);
        port.ok_or_else(|| format!("parameter `service_port` must be ports such as `8080;8081`, has `{text}`"))
    });
    ports.collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn instance(parameters: &[(&str, &str)]) -> TaskInstance {
        let parameter = |(name, value): &(&str, &str)| flow::Parameter { name: (*name).into(), value: (*value).into() };
        TaskInstance { parameters: parameters.iter().map(parameter).collect(), ..TaskInstance::default() }
    }

    #[test]
    fn parameters_limit_resources() {
        let resources = Resources::of(&instance(&[("memory_mb", "64"), ("cpus", "0.5"), ("pids", "20")])).unwrap();
        assert_eq!(resources, Resources { memory_bytes: Some(64 * MIB), nano_cpus: Some(500_000_000), pids: 20 });
        for (name, value) in [("memory_mb", "1"), ("cpus", "NaN"), ("pids", "many"), ("memory_mb", "inf")] {
            assert!(Resources::of(&instance(&[(name, value)])).unwrap_err().contains(name));
        }
    }

    #[test]
    fn service_ports_are_separated_by_semicolons() {
        assert_eq!(service_ports(&instance(&[("service_port", "80; 81;")])).unwrap(), [80, 81]);
        for wrong in ["0", "http", "70000", "80;x"] {
            assert!(service_ports(&instance(&[("service_port", wrong)])).is_err(), "{wrong}");
        }
    }
}
