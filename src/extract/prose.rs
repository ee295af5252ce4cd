//! Names that prose and source code produce by themselves.

use super::address::Ipv4;
use super::class::{byte_at, byte_before, is_label_byte};
use super::dot::{Dot, is_wordless_name};
use super::host::Reading;
use super::link::Rest;
use super::top_level::TopLevels;

/// Top-level names that are also file endings: `README.md`.
const FILES: &[&str] = &[
    "ads", "bot", "bz", "cab", "cc", "cfd", "java", "md", "mk", "ml", "mm", "mov", "ms", "ph", "pl", "pm", "ps", "pub",
    "py", "rs", "run", "sc", "sh", "so", "sv", "tf", "ts", "vi", "zip",
];

/// Top-level names that are also words or members of objects: `obj.name`, `end.in`.
const WORDS: &[&str] = &[
    "abc",
    "ac",
    "actor",
    "ad",
    "am",
    "android",
    "as",
    "at",
    "auto",
    "bar",
    "bb",
    "be",
    "best",
    "bid",
    "black",
    "blue",
    "boo",
    "book",
    "box",
    "build",
    "by",
    "call",
    "cam",
    "cat",
    "channel",
    "click",
    "contact",
    "country",
    "data",
    "date",
    "day",
    "dev",
    "directory",
    "do",
    "dot",
    "es",
    "est",
    "eus",
    "events",
    "fail",
    "family",
    "fan",
    "fit",
    "foo",
    "free",
    "fun",
    "game",
    "green",
    "group",
    "help",
    "here",
    "host",
    "id",
    "il",
    "in",
    "inc",
    "ing",
    "int",
    "is",
    "it",
    "la",
    "like",
    "link",
    "lol",
    "love",
    "map",
    "me",
    "menu",
    "mo",
    "mu",
    "my",
    "name",
    "new",
    "next",
    "no",
    "now",
    "one",
    "open",
    "page",
    "parts",
    "pid",
    "play",
    "post",
    "prod",
    "read",
    "red",
    "report",
    "save",
    "search",
    "select",
    "shell",
    "show",
    "so",
    "space",
    "storage",
    "store",
    "stream",
    "style",
    "support",
    "target",
    "tax",
    "test",
    "to",
    "top",
    "total",
    "us",
    "vote",
    "watch",
    "way",
    "win",
    "windows",
    "work",
];

/// First labels under which source code keeps things, whatever those are called.
const OWNERS: &[&str] = &["self", "this", "cls", "super"];

/// Products that are written like hosts.
const PRODUCTS: &[&str] = &["ado.net", "asp.net", "ml.net", "socket.io", "vb.net"];

/// So many joints of words make a text one that joins words.
const JOINTS_MIN: usize = 4;

/// Longest word looked at around a joint, in bytes.
const WORD_MAX_BYTES: usize = 32;

/// Whether a bare host with nothing behind it is more likely prose or code.
pub(super) fn is_weak(text: &str, start: usize, reading: &Reading) -> bool {
    let end = reading.mark.at;
    let last = text.get(reading.last.0..end).unwrap_or("");
    let before = byte_before(text, start);
    if reading.cut_short {
        return !(is_wordless_name(last) && byte_at(text, end + 1).is_ascii_uppercase());
    }
    if matches!(before, b'/' | b'\\' | b'-' | b'_' | b'.') {
        return true;
    }
    let name = text.get(start..end).unwrap_or("");
    if is_member(name, reading) || is_one_of(name, PRODUCTS) {
        return true;
    }
    if is_wordless_name(last) || reading.dots.has(Dot::Bracketed) {
        return false;
    }
    let owner = name.split('.').next().unwrap_or(name);
    if byte_at(text, end) == b'(' || is_sentence_start(text, start, last) || OWNERS.contains(&owner) {
        return true;
    }
    // Code closes a bracket and goes on with a member: `].name`, `).name`.
    if reading.dots.has(Dot::Half) {
        return true;
    }
    let has_sign = name.bytes().any(|byte| byte == b'-' || byte.is_ascii_digit());
    if reading.dots.are_loose() {
        return reading.labels < 3 && !has_sign;
    }
    is_one_of(last, FILES) || (is_one_of(last, WORDS) && !is_line(text, start, end))
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// `p.net`: one letter and a member, except under the name that sells such hosts.
fn is_member(name: &str, reading: &Reading) -> bool {
    let [first, b'.', last @ ..] = name.as_bytes() else {
        return false;
    };
    reading.labels == 2 && first.is_ascii_alphabetic() && !last.eq_ignore_ascii_case(b"com")
}

/// `README.md#install`: a place in a file.
pub(super) fn is_place_in_file(text: &str, reading: &Reading, rest: Rest) -> bool {
    let last = text.get(reading.last.0..reading.mark.at).unwrap_or("");
    byte_at(text, rest.end) == b'#' && reading.labels == 2 && is_one_of(last, FILES)
}

/// `192.0.2.0/24`: a network, written as people who run one do.
pub(super) fn is_network(text: &str, reading: &Reading, rest: Rest) -> bool {
    let behind = text.as_bytes().get(rest.end..).unwrap_or_default();
    let len = match behind {
        [b'/', b'0'..=b'9', rest @ ..] if !rest.first().is_some_and(u8::is_ascii_digit) => 2,
        [b'/', b'1'..=b'2', b'0'..=b'9', ..] | [b'/', b'3', b'0'..=b'2', ..] => 3,
        _ => return false,
    };
    let ends = match behind.get(len) {
        Some(b'.' | b':') => !behind.get(len + 1).is_some_and(|&byte| is_label_byte(byte)),
        Some(&byte) => !is_label_byte(byte) && !matches!(byte, b'/' | b'?' | b'#'),
        None => true,
    };
    reading.address == Some(Ipv4::Dotted) && !rest.has_port && ends
}

/// Whether two words joined by a dot would give this host.
pub(super) fn is_word_pair(text: &str, reading: &Reading) -> bool {
    let last = text.get(reading.last.0..reading.mark.at).unwrap_or("");
    !reading.dots.are_hidden() && reading.address.is_none() && !is_wordless_name(last)
}

/// Whether the text joins words by dots again and again, as hurried chat and source code do.
///
/// Only words that are no top-level names count, so a list of hosts is no such text.
pub(super) fn joins_words(text: &str, names: &TopLevels) -> bool {
    let bytes = text.as_bytes();
    let is_joint = |&dot: &usize| {
        let (before, behind) = bytes.split_at_checked(dot).unwrap_or_default();
        let head = before.iter().rev().take(WORD_MAX_BYTES).take_while(|&&byte| is_word(byte)).count();
        let tail = behind.iter().skip(1).take(WORD_MAX_BYTES).take_while(|&&byte| is_label_byte(byte)).count();
        let stop = before.len().checked_sub(head + 1).and_then(|at| before.get(at)).copied().unwrap_or(b' ');
        let is_part = matches!(stop, b'/' | b'\\' | b'@' | b':' | b'=' | b'&' | b'%' | b'-' | b'.');
        let is_mailbox = matches!(behind.get(tail + 1), Some(b'@'));
        let has_more =
            behind.get(tail + 1) == Some(&b'.') && behind.get(tail + 2).is_some_and(|&byte| is_label_byte(byte));
        let word = text.get(dot + 1..dot + 1 + tail).unwrap_or("");
        let is_plain = tail > 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
        head > 0 && is_plain && !(is_part || is_mailbox || has_more) && !names.contains(word)
    };
    memchr::memchr_iter(b'.', bytes).filter(is_joint).take(JOINTS_MIN).count() == JOINTS_MIN
}

/// A byte of a word in any script.
fn is_word(byte: u8) -> bool {
    byte >= 0x80 || is_label_byte(byte)
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
