//! The last characters of a link: what belongs to it and what to the prose behind.

use super::class::{byte_at, byte_before, char_before, is_invisible, is_label_byte, is_sentence_mark, is_symbol};
use super::disguise::disguise_at;

/// Longest entity left out at the end of a link, in bytes.
const ENTITY_MAX_BYTES: usize = 12;

/// Longest ending with its apostrophe, in bytes.
const SUFFIX_MAX_BYTES: usize = 8;

/// Longest note in brackets, in bytes.
const NOTE_MAX_BYTES: usize = 64;

/// Signs that a link may end with, or that prose puts behind it: besides these all beyond ASCII that are no letters.
const SIGNS: [char; 9] = ['_', '~', '-', '^', '$', '+', '=', '&', '%'];

/// Escaped spaces, line ends, quotation marks, brackets and commas.
const ESCAPED: [&str; 9] = ["%20", "%0A", "%0D", "%22", "%27", "%29", "%2C", "%3E", "%5D"];

/// Entities of characters that end a link.
const ENTITIES: [&str; 10] = ["nbsp", "lt", "gt", "quot", "apos", "#39", "#x27", "#34", "#x22", "#160"];

/// The end without trailing punctuation; `quotes` single quotes stand in the link.
pub(super) fn trim(text: &str, from: usize, end: usize, quotes: usize) -> usize {
    let (mut end, mut quotes) = (end, quotes);
    while end > from {
        let Some(c) = char_before(text, end) else {
            break;
        };
        let drop = match c {
            '.' | ',' | ':' | '!' | '?' | '*' | '|' | '@' | '\\' | '(' | '[' | '{' | '\u{2019}' => 1,
            ';' => entity_before(text, end).unwrap_or(1),
            '\'' if quotes % 2 == 1 => {
                quotes -= 1;
                1
            }
            '_' | '~' if byte_before(text, end - 1) == c as u8 => 2,
            // An arrow: `=>`.
            '=' if byte_at(text, end) == b'>' => 1,
            ']' | ')' | '}' => match stop_before(text, end) {
                Some(len) => len,
                None => break,
            },
            _ if is_invisible(c) || is_sentence_mark(c) => c.len_utf8(),
            _ => break,
        };
        end = end.saturating_sub(if drop == 1 { c.len_utf8() } else { drop });
    }
    end.max(from)
}

/// Where a link may end already: before an ending, a note in brackets or a sign that prose puts behind it.
pub(super) fn doubtful(text: &str, from: usize, end: usize) -> Option<usize> {
    suffix(text, from, end)
        .or_else(|| note(text, from, end))
        .or_else(|| sign(text, from, end))
        .or_else(|| sentence(text, from, end))
}

/// A defanged full stop before `end`: its length.
fn stop_before(text: &str, end: usize) -> Option<usize> {
    let (sign, _) = disguise_at(text, end.checked_sub(3)?).filter(|&(_, after)| after == end)?;
    (sign == ".").then_some(3)
}

/// `[1]` or `(word)` glued to the end: where it begins.
fn note(text: &str, from: usize, end: usize) -> Option<usize> {
    let open = match byte_before(text, end) {
        b')' => b'(',
        b']' => b'[',
        b'}' => b'{',
        _ => return None,
    };
    let near = end.saturating_sub(NOTE_MAX_BYTES).max(from);
    let len = text.as_bytes().get(near..end)?.iter().rev().position(|&byte| byte == open)? + 1;
    let at = end - len;
    let is_glued = byte_before(text, at).is_ascii_alphanumeric() || byte_before(text, at) == b'/';
    (is_glued && at > from).then_some(at)
}

/// Signs of emphasis, arrows, sums and what people copy along at the end: where they begin.
pub(super) fn sign(text: &str, from: usize, end: usize) -> Option<usize> {
    let link = text.get(from..end)?;
    let mut rest = link;
    loop {
        let shorter = rest.trim_end_matches(|c: char| SIGNS.contains(&c) || is_symbol(c));
        let shorter = without_escape(shorter).unwrap_or(shorter);
        if shorter.len() == rest.len() {
            break;
        }
        rest = shorter;
    }
    (rest.len() > 1 && rest.len() < link.len()).then_some(from + rest.len())
}

fn without_escape(text: &str) -> Option<&str> {
    let [.., b'%', _, _] = text.as_bytes() else {
        return None;
    };
    let (head, tail) = text.split_at_checked(text.len() - 3)?;
    ESCAPED.iter().any(|escaped| tail.eq_ignore_ascii_case(escaped)).then_some(head)
}

/// A word glued to the end by a mark that ends a sentence: `/a.Join`, `/a,then`.
fn sentence(text: &str, from: usize, end: usize) -> Option<usize> {
    let link = text.get(from..end)?;
    let word = link.trim_end_matches(char::is_alphabetic).len();
    let (head, word) = link.split_at_checked(word)?;
    let mut letters = word.chars();
    let first = letters.next()?;
    let is_sentence = match byte_before(head, head.len()) {
        b',' | b'!' | b';' => true,
        // A file has an ending in small letters, or in capitals.
        b'.' => first.is_uppercase() && letters.next().is_some_and(char::is_lowercase),
        _ => return None,
    };
    let at = trim(head, 0, head.len(), 0);
    (is_sentence && at > 1).then_some(from + at)
}

/// Whether an entity stands at `at` that ends a link where HTML was escaped: a space, a quotation mark, a bracket.
pub(super) fn is_entity(text: &str, at: usize) -> bool {
    let rest = text.get(at + 1..).unwrap_or("");
    ENTITIES.iter().any(|name| rest.strip_prefix(name).is_some_and(|rest| rest.starts_with(';')))
}

/// `&name;` before `end`: its length.
fn entity_before(text: &str, end: usize) -> Option<usize> {
    let from = end.saturating_sub(ENTITY_MAX_BYTES);
    let window = text.as_bytes().get(from..end - 1)?;
    let name = window.iter().rev().take_while(|&&byte| byte.is_ascii_alphanumeric() || byte == b'#').count();
    let is_entity = name > 0 && byte_before(text, end - 1 - name) == b'&';
    is_entity.then_some(name + 2)
}

/// `'s` at the end of a link in prose: where it begins.
pub(super) fn possessive(text: &str, from: usize, end: usize) -> Option<usize> {
    let at = end.checked_sub(2).filter(|&at| at > from)?;
    let is_last = !is_label_byte(byte_at(text, end));
    (is_last && text.get(at..end)?.eq_ignore_ascii_case("'s")).then_some(at)
}

/// An ending that a language adds to names behind an apostrophe, as in `…/a'da`: where it begins.
fn suffix(text: &str, from: usize, end: usize) -> Option<usize> {
    let tail = text.get(from..end)?;
    let near = tail.as_bytes().iter().rev().take(SUFFIX_MAX_BYTES);
    if !near.fold(false, |found, byte| found | matches!(byte, b'\'' | 0xE2)) {
        return None; // No apostrophe of either kind.
    }
    let at = tail.rfind(['\'', '\u{2019}']).filter(|&at| at > 0 && end - from - at <= SUFFIX_MAX_BYTES)?;
    let mut letters = tail.get(at..)?.chars().skip(1).peekable();
    letters.peek()?;
    letters.all(char::is_lowercase).then_some(from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_that_are_the_whole_text() {
        for (text, expected) in [("a;", 1), ("#39;", 3), ("&#39;", 0), ("x&amp;", 1), ("[.]", 0), ("__", 0), ("", 0)] {
            assert_eq!(trim(text, 0, text.len(), 0), expected, "{text}");
            assert_eq!(doubtful(text, 0, text.len()), None, "{text}");
        }
        assert_eq!(doubtful("%20%20", 0, 6), None);
        assert_eq!(doubtful("a.Join", 0, 6), None);
        assert_eq!(doubtful("ab.Join", 0, 7), Some(2));
    }
}
