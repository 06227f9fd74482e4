//! What containers of this worker have in common.

use std::path::PathBuf;

use bollard::auth::DockerCredentials;
use flow::WorkerId;
use service::Config;

pub(super) struct Settings {
    pub(super) worker: WorkerId,
    /// The host tasks are reached at.
    pub(super) host: String,
    /// Function code to be mounted is written here.
    pub(super) code_dir: PathBuf,
    pub(super) auto_remove: bool,
    registry: Option<DockerCredentials>,
}

impl Settings {
    pub(super) fn new(worker: WorkerId, config: &Config) -> Self {
        let data_dir = config.data_dir();
        let data_dir = std::path::absolute(&data_dir).unwrap_or(data_dir);
        Self {
            worker,
            host: config.worker_host().to_owned(),
            code_dir: data_dir.join("worker-code"),
            auto_remove: config.worker.container_autoremove,
            registry: credentials(config),
        }
    }

    /// How to log in to the registry of an image; not at all when it is another registry than the configured one.
    pub(super) fn login(&self, image: &str) -> Option<DockerCredentials> {
        let login = self.registry.clone()?;
        let server = login.serveraddress.as_deref().map(host_of).unwrap_or_default();
        let suits = server.is_empty() || registry_of(image) == server;
        suits.then_some(login)
    }
}

fn credentials(config: &Config) -> Option<DockerCredentials> {
    let registry = &config.worker.registry;
    let username = registry.username.expose().to_owned();
    (!username.is_empty()).then(|| DockerCredentials {
        username: Some(username),
        password: Some(registry.password.expose().to_owned()),
        email: registry.email.clone(),
        serveraddress: registry.serveraddress.clone(),
        ..DockerCredentials::default()
    })
}

fn host_of(server: &str) -> &str {
    let host = server.trim_start_matches("https://").trim_start_matches("http://");
    host.split('/').next().unwrap_or(host)
}

/// The first part of an image's name is a registry when it looks like a host.
fn registry_of(image: &str) -> &str {
    match image.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => first,
        _ => "docker.io",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registry_is_the_first_part_that_looks_like_a_host() {
        let cases = [
            ("counter:latest", "docker.io"),
            ("fogflow/counter", "docker.io"),
            ("localhost/counter", "localhost"),
            ("registry.example:5000/a/b:1", "registry.example:5000"),
        ];
        for (image, expected) in cases {
            assert_eq!(registry_of(image), expected, "{image}");
        }
        assert_eq!(host_of("https://registry.example/v1/"), "registry.example");
    }
}
