//! The commands of docs/ngsi-ld.md do what they say.

use super::call_with;
use super::common::{Site, commands};

#[tokio::test]
async fn every_command_succeeds() {
    let site = Site::alone().await;
    let commands = commands::of_page(include_str!("../../../docs/ngsi-ld.md"));
    assert!(commands.len() > 20);
    for command in commands {
        let headers: Vec<_> = command.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let path = command.path.strip_prefix("/ngsi-ld/v1").unwrap();
        let answer = call_with(&site, &command.method, path, &headers, &command.body).await;
        assert!((200..300).contains(&answer.status), "{}: {} {}", command.line, answer.status, answer.text);
        assert_ne!(answer.status, 207, "{}: {}", command.line, answer.text);
        if path.starts_with("/entities?") && command.method == "GET" {
            assert_ne!(answer.text, "[]", "{}", command.line);
        }
    }
}
