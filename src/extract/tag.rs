//! Tags of HTML, read as tolerantly as browsers do, in one pass.

use std::ops::Range;

use super::class::{byte_at, byte_before};

/// The beginning of a tag: `<name` or `</name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) name: Range<usize>,
    pub(super) is_closing: bool,
}

/// Reads the beginning of a tag at the `<` at `at`.
pub(super) fn head_at(text: &str, at: usize) -> Option<Head> {
    let is_closing = byte_at(text, at + 1) == b'/';
    let start = at + 1 + usize::from(is_closing);
    let rest = text.as_bytes().get(start..)?;
    if !rest.first()?.is_ascii_alphabetic() {
        return None;
    }
    let len = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count();
    let end = start + len;
    // `<https://…>` is a link in brackets, whatever browsers make of it.
    let is_tag = matches!(byte_at(text, end), b'>' | b'/' | 0..=b' ');
    is_tag.then_some(Head { name: start..end, is_closing })
}

/// An attribute: where its name and its value stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
}

/// Reads the attributes of one tag.
#[derive(Debug)]
pub(super) struct Attributes<'t> {
    text: &'t str,
    pos: usize,
    is_open: bool,
}

impl<'t> Attributes<'t> {
    /// Begins behind the name of the tag.
    pub(super) fn new(text: &'t str, from: usize) -> Self {
        Self { text, pos: from, is_open: true }
    }

    /// Where the tag ends, once all attributes were read.
    pub(super) fn end(&self) -> usize {
        self.pos
    }

    /// Whether the text ended before the tag did.
    pub(super) fn is_unclosed(&self) -> bool {
        byte_before(self.text, self.pos) != b'>'
    }

    fn skip(&mut self, is_skipped: impl Fn(u8) -> bool) -> Range<usize> {
        let start = self.pos;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        self.pos += rest.iter().take_while(|&&byte| is_skipped(byte)).count();
        start..self.pos
    }

    fn value(&mut self) -> Range<usize> {
        self.skip(is_space);
        let quote = byte_at(self.text, self.pos);
        if matches!(quote, b'"' | b'\'') {
            let start = self.pos + 1;
            let rest = self.text.as_bytes().get(start..).unwrap_or_default();
            if let Some(len) = memchr::memchr(quote, rest) {
                self.pos = start + len + 1;
                return start..start + len;
            }
            // No closing quote is left in the whole text: take what an unquoted value would be.
            self.pos = start;
        }
        self.skip(|byte| !is_space(byte) && byte != b'>')
    }
}

impl Iterator for Attributes<'_> {
    type Item = Attribute;

    fn next(&mut self) -> Option<Attribute> {
        if !self.is_open {
            return None;
        }
        self.skip(|byte| is_space(byte) || byte == b'/');
        if matches!(byte_at(self.text, self.pos), b'>') || self.pos >= self.text.len() {
            self.is_open = false;
            self.pos = (self.pos + 1).min(self.text.len());
            return None;
        }
        let start = self.pos;
        self.pos += 1;
        self.skip(|byte| !is_space(byte) && !matches!(byte, b'=' | b'>' | b'/'));
        let name = start..self.pos;
        let before = self.pos;
        self.skip(is_space);
        if byte_at(self.text, self.pos) != b'=' {
            self.pos = before;
            return Some(Attribute { name, value: before..before });
        }
        self.pos += 1;
        let value = self.value();
        Some(Attribute { name, value })
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0C)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)], end: usize) {
        let head = head_at(text, 0).unwrap();
        let mut attributes = Attributes::new(text, head.name.end);
        let found: Vec<_> = attributes.by_ref().map(|a| (&text[a.name], &text[a.value])).collect();
        assert_eq!(found, expected, "{text}");
        assert_eq!(attributes.end(), end, "{text}");
    }

    #[test]
    fn attributes() {
        check("<a href=\"x\">y", &[("href", "x")], 12);
        check("<a href = 'x' b>", &[("href", "x"), ("b", "")], 16);
        check("<a href=x/y>", &[("href", "x/y")], 12);
        check("<br/>", &[], 5);
        check("<a href=\"x", &[("href", "x")], 10);
        check("<a b=\"x>y", &[("b", "x")], 9 - 1);
        check("<img/src=x>", &[("src", "x")], 11);
    }

    #[test]
    fn no_tags() {
        for text in ["<", "< a>", "<1>", "<https://x>", "<!--", "</>", "a", "<é>"] {
            assert_eq!(head_at(text, 0), None, "{text}");
        }
    }
}
