//! A step that failed: what was tried, what was seen, where to look.

use std::fmt::Write;

use super::site::Site;

#[derive(Debug)]
pub(crate) struct Failure {
    /// What did not come about.
    pub(crate) step: &'static str,
    /// What was seen last.
    pub(crate) seen: String,
    /// What to look at next.
    pub(crate) next: String,
}

impl Failure {
    /// The whole story, with the services that are not ready.
    pub(crate) async fn with_services(self, site: &Site) -> anyhow::Error {
        let Self { step, seen, next } = self;
        let mut text = format!("the check failed: {step}\n  seen last: {seen}\n  look next: {next}");
        for service in unready(site).await {
            // Writing to a string cannot fail.
            let _ = write!(text, "\n  not ready: {service}");
        }
        anyhow::Error::msg(text)
    }
}

/// Services that the designer finds not to be ready, each with the reason.
async fn unready(site: &Site) -> Vec<String> {
    let Ok(services) = site.get("/info/service").await else { return Vec::new() };
    let services = services.as_array().cloned().unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let poor = services.iter().filter(|service| !["ready", "running"].map(Some).contains(&service["state"].as_str()));
    poor.map(|s| format!("{} is {} ({})", text(&s["name"]), text(&s["state"]), text(&s["reason"]))).collect()
}
