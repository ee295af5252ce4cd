//! Lines of a text, whichever of LF, CRLF and lone CR ends them.

/// The lines of `text` without their ends. A last line without an end counts; nothing after a last end does not.
pub(super) fn lines(text: &[u8]) -> Lines<'_> {
    Lines { rest: text }
}

/// See [`lines`].
pub(super) struct Lines<'t> {
    rest: &'t [u8],
}

impl<'t> Iterator for Lines<'t> {
    type Item = &'t [u8];

    fn next(&mut self) -> Option<&'t [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let Some(end) = memchr::memchr2(b'\n', b'\r', self.rest) else {
            return Some(std::mem::take(&mut self.rest));
        };
        let (line, rest) = self.rest.split_at_checked(end)?;
        let end_len = if rest.starts_with(b"\r\n") { 2 } else { 1 };
        self.rest = rest.get(end_len..).unwrap_or(&[]);
        Some(line)
    }
}

/// Tells on which line a byte stands, for offsets that only grow.
pub(super) struct LineCounter<'t> {
    text: &'t [u8],
    at: usize,
    line: u64,
}

impl<'t> LineCounter<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        Self { text, at: 0, line: 1 }
    }

    /// The number of the line with the first byte at or after `offset` that ends no line.
    pub(super) fn line_of(&mut self, offset: usize) -> u64 {
        let rest = self.text.get(offset..).unwrap_or(&[]);
        let skipped = rest.iter().position(|byte| !matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
        let target = offset + skipped;
        let between = self.text.get(self.at..target).unwrap_or(&[]);
        self.line += memchr::memchr2_iter(b'\n', b'\r', between)
            .filter(|&end| between.get(end) == Some(&b'\n') || between.get(end + 1) != Some(&b'\n'))
            .count() as u64;
        self.at = target.max(self.at);
        self.line
    }
}

/// Whether any byte is of that kind. Without early exit the compiler makes wide comparisons of it; lines are short.
pub(super) fn has(text: &str, is_wanted: impl Fn(u8) -> bool) -> bool {
    text.bytes().fold(false, |seen, byte| seen | is_wanted(byte))
}

/// The text without outer white space of any script. Most texts have none, and two bytes show it.
pub(super) fn trimmed(text: &str) -> &str {
    let is_tight = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    let bytes = text.as_bytes();
    if is_tight(bytes.first()) && is_tight(bytes.last()) { text } else { text.trim() }
}

/// White space as ASCII has it.
pub(super) fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_end_counts_once() {
        let check = |text: &str, expected: &[&str]| {
            let found: Vec<&str> = lines(text.as_bytes()).map(|line| std::str::from_utf8(line).unwrap()).collect();
            assert_eq!(found, expected, "{text:?}");
        };
        check("", &[]);
        check("\n", &[""]);
        check("a", &["a"]);
        check("a\nb\n", &["a", "b"]);
        check("a\r\nb\r\n", &["a", "b"]);
        check("a\rb\r", &["a", "b"]);
        check("a\n\r\nb", &["a", "", "b"]);
        check("a\r\r\nb", &["a", "", "b"]);
    }

    #[test]
    fn offsets_have_lines() {
        let text = b"a\nb\r\nc\rd\n\n\ne";
        let mut counter = LineCounter::new(text);
        for (offset, expected) in [(0, 1), (2, 2), (5, 3), (7, 4), (9, 7), (12, 7)] {
            assert_eq!(counter.line_of(offset), expected, "{offset}");
        }
    }
}
