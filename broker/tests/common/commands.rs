//! The curl commands of a page of the documentation.

/// One command.
pub(crate) struct Command<'p> {
    pub(crate) line: &'p str,
    pub(crate) method: String,
    /// What follows `$BROKER`.
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// Every command of a page, in order.
pub(crate) fn of_page(page: &str) -> Vec<Command<'_>> {
    page.lines().filter(|line| line.starts_with("curl ")).map(command).collect()
}

fn command(line: &str) -> Command<'_> {
    let words = words(line);
    let after = |option: &str| words.iter().position(|word| word == option).map(|at| words[at + 1].clone());
    let path = words.iter().find_map(|word| word.trim_matches('"').strip_prefix("$BROKER")).unwrap().to_owned();
    let given = words.iter().enumerate().filter(|(_, word)| *word == "-H");
    let headers = given.map(|(at, _)| words[at + 1].split_once(": ").unwrap());
    Command {
        line,
        method: after("-X").unwrap_or_else(|| "GET".to_owned()),
        path,
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        body: after("-d").unwrap_or_default(),
    }
}

/// Words of a command, of which some are in quotation marks.
fn words(line: &str) -> Vec<String> {
    let parts = line.split('\'').enumerate();
    let plain = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    parts.flat_map(|(index, part)| if index % 2 == 0 { plain(part) } else { vec![part.to_owned()] }).collect()
}
