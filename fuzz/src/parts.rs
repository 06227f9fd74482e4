//! Inputs of several parts.

/// Parts that may hold several lines: a line `---` stands between them.
pub(crate) fn documents(data: &[u8]) -> Vec<&[u8]> {
    const LINE: &[u8] = b"\n---\n";
    let mut parts = Vec::new();
    let mut rest = data;
    while let Some(at) = rest.windows(LINE.len()).position(|window| window == LINE) {
        parts.push(&rest[..at]);
        rest = &rest[at + LINE.len()..];
    }
    parts.push(rest);
    parts
}

/// Parts of one line each; no more where the text ends.
pub(crate) fn lines<const N: usize>(data: &[u8]) -> Option<[&str; N]> {
    let mut lines = std::str::from_utf8(data).ok()?.split('\n');
    Some(std::array::from_fn(|_| lines.next().unwrap_or_default()))
}
