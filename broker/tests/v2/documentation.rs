//! The commands of docs/ngsiv2.md do what they say.

use super::call_with;
use super::common::{Site, commands};

#[tokio::test]
async fn every_command_succeeds() {
    let site = Site::alone().await;
    let commands = commands::of_page(include_str!("../../../docs/ngsiv2.md"));
    assert!(commands.len() > 20);
    let mut subscription = String::new();
    for command in commands {
        let headers: Vec<_> = command.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let path = command.path.replace("$SUBSCRIPTION", &subscription);
        let answer = call_with(&site, &command.method, &path, &headers, &command.body).await;
        assert!((200..300).contains(&answer.status), "{}: {} {}", command.line, answer.status, answer.text);
        if let Some(id) = answer.header("location").strip_prefix("/v2/subscriptions/") {
            subscription = id.to_owned();
        }
        if command.path.starts_with("/v2/entities?") && command.method == "GET" {
            assert_ne!(answer.text, "[]", "{}", command.line);
        }
    }
}
