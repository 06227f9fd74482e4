//! Inputs that are kept: a file for each target, with a line for each input, in which what is no printable ASCII is escaped as
//! in a byte string of Rust.

use std::io;
use std::path::PathBuf;

/// The file of a target.
#[must_use]
pub fn file(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus").join(format!("{target}.txt"))
}

/// Reads the inputs of a target; none where there is no file.
///
/// # Errors
/// When the file cannot be read, or a line is not escaped as it should be.
pub fn read(target: &str) -> io::Result<Vec<Vec<u8>>> {
    let text = match std::fs::read_to_string(file(target)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text?,
    };
    let read = |(index, line)| {
        unescaped(line).ok_or_else(|| io::Error::other(format!("line {} of the corpus of {target}", index + 1)))
    };
    text.lines().enumerate().map(read).collect()
}

/// Writes the inputs of a target, the short ones first.
///
/// # Errors
/// When the file cannot be written.
pub fn write(target: &str, mut inputs: Vec<Vec<u8>>) -> io::Result<()> {
    inputs.sort_by_key(|input| (input.len(), input.clone()));
    inputs.dedup();
    let lines: String = inputs.iter().map(|input| format!("{}\n", input.escape_ascii())).collect();
    std::fs::write(file(target), lines)
}

fn unescaped(line: &str) -> Option<Vec<u8>> {
    let mut bytes = line.bytes();
    let mut input = Vec::new();
    while let Some(byte) = bytes.next() {
        input.push(match byte {
            b'\\' => escape(&mut bytes)?,
            byte => byte,
        });
    }
    Some(input)
}

fn escape(bytes: &mut std::str::Bytes<'_>) -> Option<u8> {
    match bytes.next()? {
        b'n' => Some(b'\n'),
        b'r' => Some(b'\r'),
        b't' => Some(b'\t'),
        b'x' => {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            u8::try_from(digit()? * 16 + digit()?).ok()
        }
        quoted @ (b'\\' | b'\'' | b'"') => Some(quoted),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::unescaped;

    #[test]
    fn every_byte_is_kept() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(unescaped(&all.escape_ascii().to_string()), Some(all));
        assert_eq!(unescaped("\\q"), None);
        assert_eq!(unescaped("\\x1"), None);
    }
}
