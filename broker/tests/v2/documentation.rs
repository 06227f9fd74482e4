//! The commands of docs/ngsiv2.md do what they say.

use super::call_with;
use super::common::{Site, commands};

#[tokio::test]
async fn every_command_succeeds() {
    let site = Site::alone().await;
    let commands = commands::of_page(include_str!("../../../docs/ngsiv2.md"));
    assert!(commands.len() > 20);
    for command in commands {
        let headers: Vec<_> = command.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = call_with(&site, &command.method, &command.path, &headers, &command.body).await;
        assert!((200..300).contains(&answer.status), "{}: {} {}", command.line, answer.status, answer.text);
        if command.path.starts_with("/v2/entities?") && command.method == "GET" {
            assert_ne!(answer.text, "[]", "{}", command.line);
        }
    }
}
