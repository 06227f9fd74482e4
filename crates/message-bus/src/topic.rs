//! Topic matching as AMQP 0-9-1 defines it: words are separated by dots, `*` is one word, `#` any number of words.
//!
//! The last word of `heartbeat.` is the empty one, so `heartbeat.*` matches it and `heartbeat` does not.

/// A binding key, split into words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<String>);

impl Pattern {
    pub(crate) fn new(key: &str) -> Self {
        Self(words(key).into_iter().map(str::to_owned).collect())
    }

    /// Whether a message with these words in its routing key is wanted.
    pub(crate) fn matches(&self, key: &[&str]) -> bool {
        let (mut pattern, mut word) = (0, 0);
        let mut last_hash = None;
        while word < key.len() {
            match self.0.get(pattern).map(String::as_str) {
                Some("#") => {
                    last_hash = Some((pattern, word));
                    pattern += 1;
                }
                Some(expected) if expected == "*" || expected == key[word] => {
                    pattern += 1;
                    word += 1;
                }
                _ => {
                    let Some((hash, taken)) = last_hash else {
                        return false;
                    };
                    last_hash = Some((hash, taken + 1));
                    pattern = hash + 1;
                    word = taken + 1;
                }
            }
        }
        self.0[pattern..].iter().all(|rest| rest == "#")
    }
}

/// The words of a key; the empty key has none.
pub(crate) fn words(key: &str) -> Vec<&str> {
    if key.is_empty() { Vec::new() } else { key.split('.').collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, key: &str, expected: bool) {
        assert_eq!(Pattern::new(pattern).matches(&words(key)), expected, "`{pattern}` against `{key}`");
    }

    #[test]
    fn keys_of_the_protocol_match_their_bindings() {
        check("heartbeat.*", "heartbeat.", true);
        check("heartbeat.*", "heartbeat", false);
        check("heartbeat.*", "heartbeat..", false);
        check("heartbeat.*", "task.", false);
        check("heartbeat.", "heartbeat.", true);
        check("Worker.edge1.*", "Worker.edge1.", true);
        check("Worker.edge1.*", "Worker.edge10.", false);
        check("Worker.edge1.*", "Worker.edge1.2.", false);
    }

    #[test]
    fn wildcards_match_as_amqp_says() {
        check("*.stock.#", "usd.stock", true);
        check("*.stock.#", "eur.stock.db", true);
        check("*.stock.#", "stock.nasdaq", false);
        check("#", "", true);
        check("#", "a.b.c", true);
        check("", "", true);
        check("", "a", false);
        check("*", "", false);
        check("#.b", "b", true);
        check("#.b", "a.b.a.b", true);
        check("#.b", "a.b.a", false);
        check("a.#.b.*", "a.b.c.b.d", true);
        check("a.#.b.*", "a.b", false);
        check("#.#", "a", true);
        check("a.*.#.#", "a", false);
    }

    #[test]
    fn a_hostile_key_takes_no_time() {
        let pattern = vec!["#.a"; 40].join(".") + ".b";
        check(&pattern, &vec!["a"; 4_000].join("."), false);
    }
}
