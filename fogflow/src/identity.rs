//! Who this process is among its likes: its number, and the host name under which others reach it.
//!
//! On Kubernetes both come from the pod, while the configuration file is the same for all pods of a service.

use anyhow::ensure;
use service::Config;

/// The variable that names the host under which others reach this very process.
const HOST: &str = "FOGFLOW_HOST";

/// A number from 1, or the name of a StatefulSet's pod, which ends in its number from 0.
pub(crate) fn instance(given: &str) -> Result<u32, String> {
    let digits = |text: &str| text.parse::<u32>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = match given.rsplit_once('-') {
        Some((set, ordinal)) if !set.is_empty() => digits(ordinal).and_then(|ordinal| ordinal.checked_add(1)),
        _ => digits(given).filter(|&number| number > 0),
    };
    number.ok_or_else(|| "neither a number from 1 nor a StatefulSet's pod such as `fogflow-worker-0`".to_owned())
}

/// Makes the services of this process announce the host of [`HOST`], where that is set.
pub(crate) fn announce_host(config: &mut Config, service: &str) -> anyhow::Result<()> {
    announce(config, service, std::env::var(HOST).ok())
}

fn announce(config: &mut Config, service: &str, host: Option<String>) -> anyhow::Result<()> {
    let Some(host) = host.filter(|host| !host.is_empty()) else { return Ok(()) };
    ensure!(service::config::is_host(&host), "environment variable {HOST}: `{host}` is not a host name or address");
    let hosts = [
        ("broker", &mut config.broker.host_ip),
        ("discovery", &mut config.discovery.host_ip),
        ("master", &mut config.master.host_ip),
        ("worker", &mut config.worker.host_ip),
        ("designer", &mut config.designer.host_ip),
    ];
    for (name, announced) in hosts {
        if name == service || (service == "edge" && ["broker", "worker"].contains(&name)) {
            *announced = Some(host.clone());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn an_instance_is_a_number_or_the_name_of_a_pod() {
        let known = [("1", 1), ("12", 12), ("fogflow-worker-0", 1), ("fogflow-worker-2", 3), ("a-1-9", 10)];
        for (given, number) in known {
            assert_eq!(instance(given), Ok(number), "{given}");
        }
        for given in ["", "0", "-1", "+1", "worker", "worker-", "worker-x", "worker-+1", "-0", "w-4294967295", "1.5"] {
            assert!(instance(given).is_err(), "{given}");
        }
    }

    #[test]
    fn only_the_service_that_runs_announces_the_host() {
        let announced = |service: &str, host: &str| {
            let mut config = Config::parse(r#"{"site_id":"1"}"#, |_| None).unwrap();
            announce(&mut config, service, Some(host.to_owned())).map(|()| config)
        };
        let master = announced("master", "fogflow-master-0.fogflow-master.fog.svc").unwrap();
        assert_eq!(master.master_agent_url(), "http://fogflow-master-0.fogflow-master.fog.svc:1060");
        assert_eq!(master.worker_host(), "127.0.0.1");
        let edge = announced("edge", "10.0.0.7").unwrap();
        assert_eq!((edge.worker_host(), edge.broker_url().as_str()), ("10.0.0.7", "http://10.0.0.7:8070"));
        assert_eq!(announced("worker", "").unwrap().worker_host(), "127.0.0.1");
        let refused = announced("worker", "http://w").unwrap_err().to_string();
        assert!(refused.contains("FOGFLOW_HOST"), "{refused}");
    }
}
