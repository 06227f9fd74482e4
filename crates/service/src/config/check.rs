//! What types alone cannot say about a configuration.

use super::{Config, ConfigError};

const MAX_SITE_ID: usize = 200;

pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    site_id(&config.site_id)?;
    location(config.location)?;
    addresses(config)?;
    external_port(config)?;
    cors_origin(config)?;
    amounts(config)?;
    intervals(config)?;
    container_management(config)?;
    map_tiles(config)?;
    https(config)
}

/// Ids derived from it become routing keys, where `*` and `#` are wildcards, and parts of URLs.
fn site_id(site_id: &str) -> Result<(), ConfigError> {
    let problem = if site_id.is_empty() {
        "required: a name of this node that no other node has"
    } else if site_id.len() > MAX_SITE_ID {
        "longer than 200 bytes"
    } else if site_id.contains(|c: char| c.is_whitespace() || c.is_control() || "*#/?%".contains(c)) {
        "must not contain spaces, control characters, or any of * # / ? %"
    } else {
        return Ok(());
    };
    Err(ConfigError::key("site_id", problem))
}

fn location(location: Option<ngsi::Point>) -> Result<(), ConfigError> {
    let Some(point) = location else { return Ok(()) };
    for (name, value, limit) in [("latitude", point.latitude, 90.0), ("longitude", point.longitude, 180.0)] {
        if !(-limit..=limit).contains(&value) {
            let problem = format!("{value} is not between -{limit} and {limit} degrees");
            return Err(ConfigError::key(format!("physical_location.{name}"), problem));
        }
    }
    Ok(())
}

fn external_port(config: &Config) -> Result<(), ConfigError> {
    if config.broker.external_port == Some(0) {
        return Err(ConfigError::key("broker.external_port", "0 is not a port; leave the key out when it is the same"));
    }
    Ok(())
}

fn cors_origin(config: &Config) -> Result<(), ConfigError> {
    let origin = &config.broker.cors_origin;
    let is_origin = |uri: http::Uri| uri.scheme().is_some() && uri.host().is_some() && uri.path() == "/";
    if matches!(origin.as_str(), "" | "*") || (!origin.ends_with('/') && origin.parse().is_ok_and(is_origin)) {
        return Ok(());
    }
    Err(ConfigError::key(
        "broker.cors_origin",
        format!("`{origin}` is neither `*` nor an origin such as https://host:8080"),
    ))
}

fn amounts(config: &Config) -> Result<(), ConfigError> {
    let bounded = [
        ("broker.history_series", config.broker.history_series, 1_000_000),
        ("broker.max_tenants", config.broker.max_tenants, 10_000),
        ("broker.cors_max_age", usize::try_from(config.broker.cors_max_age).unwrap_or(usize::MAX), 1_000_000_000),
        ("broker.max_contexts", config.broker.max_contexts, 10_000),
    ];
    for (key, wanted, most) in bounded {
        if wanted > most {
            return Err(ConfigError::key(key, format!("{wanted} is not between 0 and {most}")));
        }
    }
    Ok(())
}

fn addresses(config: &Config) -> Result<(), ConfigError> {
    let hosts = [
        ("coreservice_ip", &config.coreservice_ip),
        ("external_hostip", &config.external_hostip),
        ("internal_hostip", &config.internal_hostip),
        ("discovery.host_ip", &config.discovery.host_ip),
        ("broker.host_ip", &config.broker.host_ip),
        ("master.host_ip", &config.master.host_ip),
        ("worker.host_ip", &config.worker.host_ip),
        ("designer.host_ip", &config.designer.host_ip),
        ("rabbitmq.host_ip", &config.rabbitmq.host_ip),
        ("postgresql.host_ip", &config.postgresql.host_ip),
    ];
    for (key, host) in hosts {
        let Some(host) = host.as_deref().filter(|host| !host.is_empty()) else { continue };
        if !is_host(host) {
            return Err(ConfigError::key(key, format!("`{host}` is not a host name or address")));
        }
    }
    Ok(())
}

/// Whether a text is a host name or an address, with no scheme, port or path around it.
#[must_use]
pub fn is_host(host: &str) -> bool {
    let host = super::address::authority_host(host);
    format!("http://{host}:1").parse::<http::Uri>().is_ok_and(|uri| uri.host() == Some(&host))
}

fn intervals(config: &Config) -> Result<(), ConfigError> {
    const DAY_MS: u64 = 86_400_000;
    let (http, temporal) = (&config.http, &config.broker.temporal);
    let bounded = [
        ("broker.heartbeat_interval", config.broker.heartbeat_interval, 86_400),
        ("broker.temporal.keep", temporal.keep as u64, 10_000_000),
        ("broker.temporal.max_instances", temporal.max_instances as u64, 1_000_000),
        ("broker.temporal.max_waiting", temporal.max_waiting as u64, 1_000_000_000),
        ("worker.heartbeat_interval", config.worker.heartbeat_interval, 86_400),
        ("worker.detection_duration", config.worker.detection_duration, 10_000),
        ("http.max_body_bytes", http.max_body_bytes as u64, 1 << 30),
        ("http.header_timeout_ms", http.header_timeout_ms, DAY_MS),
        ("http.body_timeout_ms", http.body_timeout_ms, DAY_MS),
        ("http.request_timeout_ms", http.request_timeout_ms, DAY_MS),
        ("http.max_connections", http.max_connections as u64, 1_000_000),
        ("http.drain_timeout_ms", http.drain_timeout_ms, DAY_MS),
    ];
    for (key, value, most) in bounded {
        if value == 0 || value > most {
            return Err(ConfigError::key(key, format!("{value} is not between 1 and {most}")));
        }
    }
    Ok(())
}

/// Which of them a worker can be is for the worker to say.
fn container_management(config: &Config) -> Result<(), ConfigError> {
    const KNOWN: [&str; 6] = ["", "auto", "docker", "function", "kubernetes", "mec"];
    let wanted = config.worker.container_management.as_deref().unwrap_or_default();
    if KNOWN.contains(&wanted) {
        return Ok(());
    }
    let problem = format!("must be one of auto, docker, function, kubernetes and mec, is `{wanted}`");
    Err(ConfigError::key("worker.container_management", problem))
}

fn map_tiles(config: &Config) -> Result<(), ConfigError> {
    let Some(tiles) = &config.designer.map_tiles else { return Ok(()) };
    let plain = tiles.url.replace(['{', '}'], "");
    let absolute = plain.parse::<http::Uri>().is_ok_and(|url| matches!(url.scheme_str(), Some("http" | "https")));
    let placed = ["{z}", "{x}", "{y}"].iter().all(|part| tiles.url.contains(part));
    if absolute && placed {
        return Ok(());
    }
    let problem = "must be a URL such as https://tiles.example.org/{z}/{x}/{y}.png";
    Err(ConfigError::key("designer.map_tiles.url", problem))
}

fn https(config: &Config) -> Result<(), ConfigError> {
    let https = &config.https;
    let files = [("my_certificate", &https.my_certificate), ("my_key", &https.my_key), ("my_ca", &https.my_ca)];
    for (name, file) in files {
        if https.enabled && file.is_none() {
            return Err(ConfigError::key(format!("https.{name}"), "required when https.enabled is true"));
        }
    }
    Ok(())
}
