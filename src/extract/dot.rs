//! The dot between two labels, in every spelling people use to hide it.

use super::class::{byte_at, char_at, is_bracket, is_dot, is_invisible, is_label_byte, is_label_char};
use super::top_level::TopLevels;

/// How a dot was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dot {
    /// `.`
    Plain,
    /// `[.]`, `(dot)`, `\.`: nobody writes so by chance.
    Bracketed,
    /// A bracket on one side only: `[.`, `.)`.
    Half,
    /// Spaces beside it: `a . b`, `a .com`.
    Spaced,
    /// A space on one side only, and a path behind the name: `a. b/c`.
    Gapped,
    /// The word: `a dot b`, `a_dot_b`.
    Word,
    /// Ideographic, full-width or a look-alike.
    Wide,
    /// `%2E`
    Encoded,
}

/// A dot and where the next label begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Separator {
    pub(super) dot: Dot,
    pub(super) end: usize,
}

/// Words for the dot, as people of several languages bracket them.
const WORDS: [&str; 10] = ["dot", "d0t", "punkt", "punto", "ponto", "point", "punt", "nokta", "kropka", "точка"];

/// Top-level names that are no words, so that `name. com` can only be meant as a host.
const WORDLESS: [&str; 8] = ["com", "net", "org", "onion", "xyz", "ru", "cn", "biz"];

/// Most brackets or spaces in a row that still belong to a dot.
const RUN_MAX: usize = 3;

/// Longest run of a label that is looked through for a dot behind it, in bytes.
const LABEL_MAX_BYTES: usize = 64;

/// The dot that stands right behind the label that ends at `at`.
pub(super) fn dot_at(text: &str, at: usize) -> Option<Separator> {
    let (byte, next) = (byte_at(text, at), byte_at(text, at + 1));
    if byte == b'.' && is_label_byte(next) {
        return Some(Separator { dot: Dot::Plain, end: at + 1 });
    }
    if byte == b'.' && next >= 0x80 && char_at(text, at + 1).is_some_and(is_label_char) {
        return Some(Separator { dot: Dot::Plain, end: at + 1 });
    }
    match byte {
        b'.' if matches!(next, 0..=b' ') && !(is_wordless(text, at + 2) || with_path(text, at + 2).is_some()) => None,
        b'-' | b'_' => dashed(text, at),
        b'.' | b' ' | b'[' | b'(' | b'{' | b'<' | b']' | b')' | b'}' | b'>' | b'^' | b'\\' | b'%' => spelled(text, at),
        0..=0x7F => None,
        _ => spelled(text, at),
    }
}

/// `[-]` or `(-)` at `at`: its end.
pub(super) fn hyphen_at(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..at + 3)?;
    matches!(rest, "[-]" | "(-)" | "{-}").then_some(at + 3)
}

/// Whether `name` is a top-level name that is no word.
pub(super) fn is_wordless_name(name: &str) -> bool {
    WORDLESS.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// What surrounds the core of a dot.
#[derive(Default)]
struct Around {
    spaces: usize,
    brackets: usize,
    openers: usize,
    escapes: usize,
    /// An empty pair of parentheses: source code that calls something.
    is_call: bool,
}

fn spelled(text: &str, at: usize) -> Option<Separator> {
    let mut before = Around::default();
    let mut pos = walk(text, at, &mut before);
    let core = core_at(text, pos)?;
    let mut after = Around::default();
    pos = walk(text, core.end, &mut after);
    let next = char_at(text, pos)?;
    if !(is_label_char(next) || next == '%') || next == '-' || after.escapes > 0 || before.is_call {
        return None;
    }
    let dot = kind(core.dot, &before, &after, text.get(pos..)?)?;
    Some(Separator { dot, end: pos })
}

/// Which dot the pieces make together.
fn kind(core: Core, before: &Around, after: &Around, next: &str) -> Option<Dot> {
    let spaces = before.spaces + after.spaces;
    let escaped = before.escapes > 0 && spaces == 0 && core == Core::Dot;
    // Code and prose write `].name` and `.)word`, but nobody writes `[.word` by chance.
    let is_number = next.starts_with(|c: char| c.is_ascii_digit());
    let opened = before.openers > 0 && spaces == 0 && core == Core::Dot && !is_number;
    if escaped || opened || (before.brackets > 0 && after.brackets > 0) {
        return Some(Dot::Bracketed);
    }
    if before.brackets + after.brackets > 0 {
        return (spaces == 0 && core == Core::Dot).then_some(Dot::Half);
    }
    match core {
        Core::Encoded if spaces == 0 => Some(Dot::Encoded),
        Core::Wide if spaces == 0 => Some(Dot::Wide),
        Core::Dot if spaces == 0 => Some(Dot::Plain),
        Core::Dot if before.spaces > 0 && after.spaces > 0 => Some(Dot::Spaced),
        Core::Dot if is_wordless(next, 0) => Some(Dot::Spaced),
        Core::Dot => with_path(next, 0).map(|_| Dot::Gapped),
        Core::Word if before.spaces > 0 && after.spaces > 0 => Some(Dot::Word),
        _ => None,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Core {
    Dot,
    Comma,
    Wide,
    Word,
    Encoded,
}

struct Found {
    dot: Core,
    end: usize,
}

fn core_at(text: &str, at: usize) -> Option<Found> {
    let c = char_at(text, at)?;
    let one = |dot| Some(Found { dot, end: at + c.len_utf8() });
    match c {
        '.' => one(Core::Dot),
        ',' => one(Core::Comma),
        '%' => {
            let digits = text.get(at + 1..at + 3)?;
            digits.eq_ignore_ascii_case("2e").then_some(Found { dot: Core::Encoded, end: at + 3 })
        }
        // Catalan writes l·l inside a label.
        '\u{B7}' if text.get(..at)?.ends_with('l') && byte_at(text, at + 2) == b'l' => None,
        _ if is_dot(c) => one(Core::Wide),
        _ => word_at(text, at).map(|end| Found { dot: Core::Word, end }),
    }
}

/// A word for the dot that starts at `at` and is not the beginning of a longer word: its end.
pub(super) fn word_at(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    if !matches!(rest.as_bytes().first()?, b'd' | b'D' | b'p' | b'P' | b'n' | b'N' | b'k' | b'K' | 0xD1) {
        return None;
    }
    let word = WORDS
        .iter()
        .find(|word| rest.get(..word.len()).is_some_and(|head| head == **word || head.eq_ignore_ascii_case(word)))?;
    let end = at + word.len();
    (!char_at(text, end).is_some_and(char::is_alphanumeric)).then_some(end)
}

/// Steps over brackets, spaces, escapes and invisible characters.
fn walk(text: &str, from: usize, around: &mut Around) -> usize {
    let mut pos = from;
    while let Some(c) = char_at(text, pos) {
        let count = match c {
            ' ' | '\u{A0}' => &mut around.spaces,
            _ if is_bracket(c) => &mut around.brackets,
            '^' | '\\' => &mut around.escapes,
            _ if is_invisible(c) => {
                pos += c.len_utf8();
                continue;
            }
            _ => break,
        };
        *count += 1;
        around.openers += usize::from(matches!(c, '[' | '(' | '{'));
        around.is_call |= c == '(' && byte_at(text, pos + 1) == b')';
        if *count > RUN_MAX {
            break;
        }
        pos += c.len_utf8();
    }
    pos
}

/// `-dot-` or `_dot_`, where the whole run of label characters has no real dot behind it.
fn dashed(text: &str, at: usize) -> Option<Separator> {
    let dash = byte_at(text, at);
    let end = word_at(text, at + 1)?;
    let next = end + 1;
    if byte_at(text, end) != dash || !byte_at(text, next).is_ascii_alphanumeric() {
        return None;
    }
    let rest = text.as_bytes().get(next..)?;
    let run = rest.iter().take(LABEL_MAX_BYTES).take_while(|&&byte| is_label_byte(byte)).count();
    let behind = next + run;
    let has_dot = byte_at(text, behind) == b'.' && is_label_byte(byte_at(text, behind + 1));
    (!has_dot).then_some(Separator { dot: Dot::Word, end: next })
}

/// The word at `at`, if a path stands right behind it.
fn with_path(text: &str, at: usize) -> Option<&str> {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    let len = rest.iter().take(LABEL_MAX_BYTES).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let first = rest.get(len + 1).copied().unwrap_or(0);
    let has_path = len > 1 && rest.get(len) == Some(&b'/') && (is_label_byte(first) || matches!(first, b'+' | b'@'));
    text.get(at..at + len).filter(|_| has_path)
}

/// Whether a name stands at `at` that can go on a host although a space stands beside the dot.
pub(super) fn goes_on(text: &str, at: usize, names: &TopLevels) -> bool {
    is_wordless(text, at) || with_path(text, at).is_some_and(|name| names.contains(name))
}

/// Whether a wordless top-level name, in lower case, stands at `at`.
fn is_wordless(text: &str, at: usize) -> bool {
    // Asked at the end of every sentence; most next words begin otherwise.
    if !matches!(byte_at(text, at), b'b' | b'c' | b'n' | b'o' | b'r' | b'x') {
        return false;
    }
    let rest = text.get(at..).unwrap_or("");
    WORDLESS.iter().any(|name| {
        rest.strip_prefix(name).is_some_and(|tail| !tail.chars().next().is_some_and(|c| is_label_char(c) || c == '\''))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(Dot, usize)>) {
        let found = dot_at(text, 1).map(|separator| (separator.dot, separator.end));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn dots_in_every_spelling() {
        check("a.b", Some((Dot::Plain, 2)));
        check("a[.]b", Some((Dot::Bracketed, 4)));
        check("a [ dot ] b", Some((Dot::Bracketed, 10)));
        check("a(PUNTO)b", Some((Dot::Bracketed, 8)));
        check("a[,]b", Some((Dot::Bracketed, 4)));
        check("a\\.b", Some((Dot::Bracketed, 3)));
        check("a].[b", Some((Dot::Bracketed, 4)));
        check("a.)b", Some((Dot::Half, 3)));
        check("a(.98", Some((Dot::Half, 3)));
        check("a<.b", Some((Dot::Half, 3)));
        check("a . b", Some((Dot::Spaced, 4)));
        check("a. com", Some((Dot::Spaced, 3)));
        check("a .net", Some((Dot::Spaced, 3)));
        check("a. bc/d", Some((Dot::Gapped, 3)));
        check("a .bc/+d", Some((Dot::Gapped, 3)));
        check("a dot b", Some((Dot::Word, 6)));
        check("a_dot_b", Some((Dot::Word, 6)));
        check("a\u{3002}b", Some((Dot::Wide, 4)));
        check("a%2eb", Some((Dot::Encoded, 4)));
        check("a\u{200B}.\u{200B}b", Some((Dot::Plain, 8)));
    }

    #[test]
    fn wordless_names_are_known_by_their_first_letter() {
        assert!(WORDLESS.iter().all(|name| is_wordless(name, 0)));
    }

    #[test]
    fn not_dots() {
        for text in [
            "a. b",
            "a.",
            "a..b",
            "a [1] b",
            "a dots b",
            "a dotb",
            "a. community",
            "a. bc/",
            "a. bc d/e",
            "a, b",
            "a,b",
            "a-dot-b.c",
            "a",
            "a.) b",
            "a().b",
        ] {
            check(text, None);
        }
    }
}
