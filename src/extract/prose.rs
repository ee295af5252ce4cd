//! Names that prose and source code produce by themselves.

use super::class::{byte_at, byte_before};
use super::dot::{Dot, is_wordless_name};
use super::host::Reading;

/// Top-level names that are also file endings: `README.md`.
const FILES: &[&str] =
    &["bot", "cc", "md", "ml", "mov", "pl", "pm", "ps", "pub", "py", "rs", "run", "sc", "sh", "sv", "tf", "vi", "zip"];

/// Top-level names that are also words or members of objects: `obj.name`, `end.in`.
const WORDS: &[&str] = &[
    "ac", "actor", "ad", "am", "as", "at", "auto", "bar", "be", "best", "bid", "blue", "boo", "box", "build", "by",
    "call", "cam", "cat", "channel", "click", "contact", "data", "date", "day", "dev", "do", "dot", "es", "est", "eus",
    "fail", "fan", "fit", "foo", "free", "fun", "game", "group", "help", "here", "host", "id", "il", "in", "ing",
    "int", "is", "it", "la", "link", "lol", "map", "me", "mo", "mu", "my", "name", "new", "next", "no", "now", "one",
    "open", "page", "play", "prod", "red", "save", "search", "select", "show", "so", "space", "style", "test", "to",
    "top", "us", "watch", "way", "win", "work",
];

/// Whether a bare host with nothing behind it is more likely prose or code.
pub(super) fn is_weak(text: &str, start: usize, reading: &Reading) -> bool {
    let end = reading.mark.at;
    let last = text.get(reading.last.0..end).unwrap_or("");
    let before = byte_before(text, start);
    if reading.cut_short {
        return !(is_wordless_name(last) && byte_at(text, end + 1).is_ascii_uppercase());
    }
    if matches!(before, b'/' | b'\\' | b'-' | b'_') {
        return true;
    }
    if is_wordless_name(last) || reading.dots.has(Dot::Bracketed) {
        return false;
    }
    if byte_at(text, end) == b'(' || is_sentence_start(text, start, last) {
        return true;
    }
    let has_sign =
        text.get(start..end).is_some_and(|name| name.bytes().any(|byte| byte == b'-' || byte.is_ascii_digit()));
    if reading.dots.are_loose() || reading.dots.has(Dot::Half) {
        return reading.labels < 3 && !has_sign;
    }
    let is_in = |names: &[&str]| names.iter().any(|name| last.eq_ignore_ascii_case(name));
    let is_file = is_in(FILES);
    is_file || (is_in(WORDS) && !is_line(text, start, end))
}

/// Whether nothing else stands on the line: prose is never that short.
fn is_line(text: &str, start: usize, end: usize) -> bool {
    matches!(byte_before(text, start), 0 | b'\n' | b'\r') && matches!(byte_at(text, end), 0 | b'\n' | b'\r')
}

/// `word.Another`: a capital behind the dot in a text that is not all capitals.
fn is_sentence_start(text: &str, start: usize, last: &str) -> bool {
    let mut letters = last.bytes();
    let is_capital = letters.next().is_some_and(|byte| byte.is_ascii_uppercase());
    let name = text.as_bytes().get(start..).unwrap_or_default();
    is_capital && letters.any(|byte| byte.is_ascii_lowercase()) && name.iter().take(64).any(u8::is_ascii_lowercase)
}
