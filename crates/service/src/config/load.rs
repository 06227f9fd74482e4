//! From a file, or nothing, to a checked [`Config`].

use std::path::{Path, PathBuf};

use super::{Config, Secret, check::check};

/// Why a configuration was refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file, or a file holding a secret, could not be read.
    #[error("cannot read {} (named by {named_by})", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The flag or environment variable that names it.
        named_by: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Not JSON at all.
    #[error("the configuration is not valid JSON")]
    Syntax(#[source] serde_json::Error),
    /// A key has a value that cannot be used.
    #[error("configuration key `{key}`: {problem}")]
    Key {
        /// The dotted path.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl ConfigError {
    pub(super) fn key(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Key { key: key.into(), problem: problem.into() }
    }
}

/// The site of a start without a configuration file.
const LOCAL_SITE: &str = r#"{"site_id":"local"}"#;

impl Config {
    /// Reads the file, or takes the defaults of one site on this machine, with secrets from the process environment.
    ///
    /// # Errors
    /// [`ConfigError`], naming the file or the key.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        let environment = |name: &str| std::env::var(name).ok();
        let Some(path) = path else {
            return Self::parse(LOCAL_SITE, environment);
        };
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            named_by: "-f".into(),
            source,
        })?;
        Self::parse(&text, environment)
    }

    /// Parses and checks the text of a `config.json`; `environment` gives the value of a variable.
    ///
    /// # Errors
    /// [`ConfigError`], naming the key.
    pub fn parse(json: &str, environment: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut unknown_keys = Vec::new();
        let mut config = deserialize(json, &mut unknown_keys)?;
        config.unknown_keys = unknown_keys;
        take_secrets(&mut config, environment)?;
        check(&config)?;
        Ok(config)
    }
}

fn deserialize(json: &str, unknown_keys: &mut Vec<String>) -> Result<Config, ConfigError> {
    let value: serde_json::Value = serde_json::from_str(json).map_err(ConfigError::Syntax)?;
    sections_are_objects(&value)?;
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&value, &mut track);
    // `?` marks an optional value on the way to the key.
    let unknown = |path: serde_ignored::Path<'_>| unknown_keys.push(path.to_string().replace(".?", ""));
    let config = serde_ignored::deserialize(tracked, unknown);
    config.map_err(|error: serde_json::Error| ConfigError::key(track.path().to_string(), error.to_string()))
}

/// serde also fills a struct from an array, in the order of its fields, which nobody means here.
fn sections_are_objects(value: &serde_json::Value) -> Result<(), ConfigError> {
    const SECTIONS: [&str; 15] = [
        "",
        "/physical_location",
        "/logging",
        "/discovery",
        "/broker",
        "/broker/temporal",
        "/master",
        "/worker",
        "/worker/registry",
        "/worker/kubernetes",
        "/designer",
        "/rabbitmq",
        "/postgresql",
        "/https",
        "/http",
    ];
    for pointer in SECTIONS {
        if value.pointer(pointer).is_some_and(|section| !section.is_object()) {
            let key = pointer.trim_start_matches('/').replace('/', ".");
            let key = if key.is_empty() { "(the whole file)".to_owned() } else { key };
            return Err(ConfigError::key(key, "must be a JSON object"));
        }
    }
    Ok(())
}

/// A secret's variable wins over the file; `<variable>_FILE` names a file that holds it.
fn take_secrets(config: &mut Config, environment: impl Fn(&str) -> Option<String>) -> Result<(), ConfigError> {
    let targets: [(&str, &mut Secret); 6] = [
        ("FOGFLOW_RABBITMQ_USERNAME", &mut config.rabbitmq.username),
        ("FOGFLOW_RABBITMQ_PASSWORD", &mut config.rabbitmq.password),
        ("FOGFLOW_POSTGRESQL_USERNAME", &mut config.postgresql.username),
        ("FOGFLOW_POSTGRESQL_PASSWORD", &mut config.postgresql.password),
        ("FOGFLOW_REGISTRY_USERNAME", &mut config.worker.registry.username),
        ("FOGFLOW_REGISTRY_PASSWORD", &mut config.worker.registry.password),
    ];
    for (variable, secret) in targets {
        if let Some(value) = environment(variable) {
            *secret = Secret::new(value);
        } else if let Some(path) = environment(&format!("{variable}_FILE")) {
            *secret = Secret::new(read_secret(Path::new(&path), variable)?.trim_end());
        }
    }
    Ok(())
}

fn read_secret(path: &Path, variable: &str) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: path.to_owned(),
        named_by: format!("{variable}_FILE"),
        source,
    })
}
