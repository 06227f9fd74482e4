//! Images: fetched when missing, each once at a time.

use bollard::Docker;
use bollard::query_parameters::CreateImageOptions;
use futures_util::StreamExt;
use tokio::sync::Mutex;

use super::settings::Settings;
use crate::engine::StartError;

#[derive(Debug, Default)]
pub(super) struct Images {
    /// Fetching one image keeps the uplink busy; the next one may be the same.
    fetching: Mutex<()>,
}

impl Images {
    /// Fetches the image unless it is here.
    pub(super) async fn ensure(&self, docker: &Docker, settings: &Settings, image: &str) -> Result<(), StartError> {
        let _turn = self.fetching.lock().await;
        if docker.inspect_image(image).await.is_ok() {
            return Ok(());
        }
        tracing::info!(image, "fetching");
        let (name, tag) = split(image);
        let options = CreateImageOptions {
            from_image: Some(name.to_owned()),
            tag: Some(tag.to_owned()),
            ..CreateImageOptions::default()
        };
        let mut progress = std::pin::pin!(docker.create_image(Some(options), None, settings.login(image)));
        while let Some(step) = progress.next().await {
            let problem = match step {
                Ok(step) => step.error_detail.and_then(|detail| detail.message),
                Err(error) => Some(error.to_string()),
            };
            if let Some(problem) = problem {
                return Err(StartError::passing(format!("image {image} cannot be fetched: {problem}")));
            }
        }
        Ok(())
    }
}

/// Name and tag or digest; `latest` when there is none.
fn split(image: &str) -> (&str, &str) {
    if let Some((name, digest)) = image.split_once('@') {
        return (name, digest);
    }
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, "latest"),
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn tag_is_after_the_last_colon_that_is_not_a_ports() {
        assert_eq!(split("a/b:1"), ("a/b", "1"));
        assert_eq!(split("host:5000/a"), ("host:5000/a", "latest"));
        assert_eq!(split("host:5000/a:2"), ("host:5000/a", "2"));
        assert_eq!(split("a@sha256:ab"), ("a", "sha256:ab"));
    }
}
