//! Links in Markdown: destinations, definitions and raw HTML, read more tolerantly than the standard.

use std::ops::Range;

use super::Rules;
use super::class::{byte_at, byte_before};
use super::markup::Markup;
use super::plain;
use super::sink::Sink;

/// Most open brackets remembered; deeper ones lose only the comparison of text and target.
const OPEN_MAX: usize = 64;

/// Longest title behind a destination, in bytes.
const TITLE_MAX_BYTES: usize = 1_024;

/// Longest label of a definition, in bytes.
const LABEL_MAX_BYTES: usize = 1_000;

/// Finds the links of `text`.
pub(super) fn scan<'t>(text: &'t str, rules: &Rules, sink: Sink<'t>) -> Sink<'t> {
    if !text.bytes().any(is_mark) {
        let mut sink = sink;
        plain::scan(text, rules, &mut sink);
        return sink;
    }
    let mut reader = Reader { markup: Markup::new(text, rules, sink), open: Vec::new() };
    let mut pos = 0;
    while let Some(found) = text.as_bytes().get(pos..).and_then(|rest| rest.iter().position(|&byte| is_mark(byte))) {
        let at = pos + found;
        reader.markup.visible.push(text, pos..at);
        if reader.markup.is_full() {
            break;
        }
        pos = reader.mark(at);
    }
    reader.markup.visible.push(text, pos..text.len());
    reader.markup.finish()
}

fn is_mark(byte: u8) -> bool {
    matches!(byte, b'<' | b'&' | b'\\' | b'*' | b'[' | b']' | b'~')
}

struct Reader<'t, 'r> {
    markup: Markup<'t, 'r>,
    /// Open brackets: where the text behind each begins, in the visible text and in the original.
    open: Vec<(usize, usize)>,
}

impl Reader<'_, '_> {
    /// Reads the mark at `at`: where to go on.
    fn mark(&mut self, at: usize) -> usize {
        let text = self.markup.text;
        let next = byte_at(text, at + 1);
        match byte_at(text, at) {
            b'<' => self.markup.tag(at),
            b'&' => self.markup.reference(at),
            b'\\' if next.is_ascii_punctuation() => {
                self.markup.visible.push(text, at + 1..at + 2);
                at + 2
            }
            b'*' => self.stars(at),
            b'~' if next == b'~' => at + run(text, at, b'~'),
            b'[' => {
                let end = self.markup.literal(at);
                if self.open.len() < OPEN_MAX {
                    self.open.push((self.markup.visible.len(), end));
                }
                end
            }
            b']' => self.closing(at),
            _ => self.markup.literal(at),
        }
    }

    /// Stars that only change the look are left out.
    fn stars(&mut self, at: usize) -> usize {
        let text = self.markup.text;
        let end = at + run(text, at, b'*');
        if !is_emphasis(text, at) {
            self.markup.visible.push(text, at..end);
        }
        end
    }

    /// `](destination)` or `]: destination`.
    fn closing(&mut self, at: usize) -> usize {
        let text = self.markup.text;
        let open = self.open.pop();
        match byte_at(text, at + 1) {
            b'(' => {
                let Some((destination, end)) = inline(text, at + 2) else {
                    return self.markup.literal(at);
                };
                self.destination(destination);
                if let Some((visible, _)) = open {
                    self.markup.anchor(visible);
                }
                end
            }
            b':' if open.is_some_and(|(_, start)| is_line_start(text, start - 1) && at - start <= LABEL_MAX_BYTES) => {
                let start = at + 2 + run_of(text, at + 2, |byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
                let destination =
                    bracketed(text, start).unwrap_or_else(|| start..start + run_of(text, start, |byte| byte > b' '));
                let end = destination.end;
                self.destination(destination);
                self.markup.visible.push_break(at);
                end
            }
            _ => self.markup.literal(at),
        }
    }

    fn destination(&mut self, range: Range<usize>) {
        let value = self.markup.text.get(range.clone()).unwrap_or("");
        if memchr::memchr(b'\\', value.as_bytes()).is_none() {
            return self.markup.target(range);
        }
        let mut plain = String::with_capacity(value.len());
        let mut rest = value.chars().peekable();
        while let Some(c) = rest.next() {
            let is_escape = c == '\\' && rest.peek().is_some_and(char::is_ascii_punctuation);
            // Browsers read a backslash as a slash, so `\\` of a scheme stays.
            if !is_escape || rest.peek() == Some(&'\\') {
                plain.push(c);
            }
        }
        self.markup.derived(&super::entity::decode(&plain), &range);
    }
}

/// The destination that begins at `from`, and the end of the whole link.
///
/// It never goes beyond another `](`, so that no part of the text is read twice.
fn inline(text: &str, from: usize) -> Option<(Range<usize>, usize)> {
    let start = from + run_of(text, from, |byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    let range = bracketed(text, start).or_else(|| balanced(text, start))?;
    let behind = if byte_at(text, start) == b'<' { range.end + 1 } else { range.end };
    let title = behind + run_of(text, behind, |byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    if byte_at(text, title) == b')' {
        return Some((range, title + 1));
    }
    let quote = match byte_at(text, title) {
        b'(' => b')',
        quote @ (b'"' | b'\'') => quote,
        _ => return None,
    };
    let rest = text.as_bytes().get(title + 1..)?;
    let len = memchr::memchr(quote, rest.get(..TITLE_MAX_BYTES.min(rest.len()))?)?;
    let end = title + 2 + len;
    let end = end + run_of(text, end, |byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    (byte_at(text, end) == b')').then_some((range, end + 1))
}

/// `<destination>`.
fn bracketed(text: &str, from: usize) -> Option<Range<usize>> {
    let rest = text.as_bytes().get(from..)?;
    let (b'<', inside) = rest.split_first()? else {
        return None;
    };
    let len = inside.iter().position(|&byte| matches!(byte, b'>' | b'<' | b'\n'))?;
    (inside.get(len) == Some(&b'>')).then_some(from + 1..from + 1 + len)
}

fn balanced(text: &str, from: usize) -> Option<Range<usize>> {
    let rest = text.as_bytes().get(from..)?;
    let mut depth = 0_usize;
    for (index, &byte) in rest.iter().enumerate() {
        let at = from + index;
        match byte {
            b')' if depth == 0 => return Some(from..at),
            b')' if byte_before(text, at) != b'\\' => depth -= 1,
            b'(' if byte_before(text, at) == b']' => return None,
            b'(' if byte_before(text, at) != b'\\' => depth += 1,
            0..=b' ' => return (depth == 0).then_some(from..at),
            _ => {}
        }
    }
    None
}

/// A star that only changes the look; `h**p` and `/*` mean what they show.
fn is_emphasis(text: &str, at: usize) -> bool {
    let (before, behind) = (byte_before(text, at), byte_at(text, at + run(text, at, b'*')));
    let is_scheme = matches!(before, b'h' | b'H' | b'f' | b'F') && matches!(behind, b'p' | b'P');
    let touches = |byte: u8| byte > b' ' && !matches!(byte, b'/' | b'=');
    !is_scheme && before != b'/' && (touches(before) || touches(behind))
}

fn run(text: &str, at: usize, sign: u8) -> usize {
    run_of(text, at, |byte| byte == sign)
}

fn run_of(text: &str, at: usize, is_part: impl Fn(u8) -> bool) -> usize {
    text.as_bytes().get(at..).unwrap_or_default().iter().take_while(|&&byte| is_part(byte)).count()
}

/// Whether only spaces stand between the line's beginning and `at`.
fn is_line_start(text: &str, at: usize) -> bool {
    let before = text.as_bytes().get(at.saturating_sub(4)..at).unwrap_or_default();
    let spaces = before.iter().rev().take_while(|&&byte| byte == b' ').count();
    matches!(byte_before(text, at - spaces), 0 | b'\n' | b'\r' | b'>')
}
