//! The commands of docs/ngsiv2.md do what they say.

use super::call_with;
use super::common::Site;

const PAGE: &str = include_str!("../../../docs/ngsiv2.md");

/// Words of a command, of which some are in quotation marks.
fn words(line: &str) -> Vec<String> {
    let parts = line.split('\'').enumerate();
    let plain = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    parts.flat_map(|(index, part)| if index % 2 == 0 { plain(part) } else { vec![part.to_owned()] }).collect()
}

#[tokio::test]
async fn every_command_succeeds() {
    let site = Site::alone().await;
    let lines: Vec<_> = PAGE.lines().filter(|line| line.starts_with("curl ")).collect();
    assert!(lines.len() > 20);
    for line in lines {
        let words = words(line);
        let after = |option: &str| words.iter().position(|word| word == option).map(|at| words[at + 1].as_str());
        let path = words.iter().find_map(|word| word.trim_matches('"').strip_prefix("$BROKER")).unwrap();
        let headers = words.iter().enumerate().filter(|(_, word)| *word == "-H");
        let headers = headers.map(|(at, _)| words[at + 1].split_once(": ").unwrap());
        let answer = call_with(
            &site,
            after("-X").unwrap_or("GET"),
            path,
            &headers.collect::<Vec<_>>(),
            after("-d").unwrap_or_default(),
        )
        .await;
        assert!((200..300).contains(&answer.status), "{line}: {} {}", answer.status, answer.text);
        if path.starts_with("/v2/entities?") && !line.contains("-X") {
            assert_ne!(answer.text, "[]", "{line}");
        }
    }
}
