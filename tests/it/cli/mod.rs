//! The command as people and scripts use it: output, exit codes, messages that show no link.
//!
//! What people read is held as sessions: each command, what it printed, its messages behind `2>`, its exit code.
#![expect(clippy::too_many_lines, reason = "a snapshot is as long as what it holds")]

mod check;
mod config;
mod config_errors;
mod errors;
mod explain;
mod help;
mod inspect;
mod lists;
mod overrides;
mod usage;
mod words;

use std::fmt::Write as _;

use serde_json::Value;

use crate::{Home, Ran};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(json).collect()
}

/// Runs commands one after another, as typed without quotes in them, and gives back what a person sees of it.
fn session(home: &Home, commands: &[&[&str]]) -> String {
    commands.iter().map(|command| step(home, command, &home.run(command))).collect()
}

/// One command with that on its standard input.
fn session_with(home: &Home, command: &[&str], stdin: &str) -> String {
    step(home, command, &home.run_with(command, stdin.as_bytes()))
}

fn step(home: &Home, command: &[&str], ran: &Ran) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:@%+=,".contains(c);
    let quoted = |word: &&str| if word.chars().all(plain) { (*word).to_owned() } else { format!("'{word}'") };
    let mut text = command.iter().map(quoted).fold("$ linkgate".to_owned(), |text, word| text + " " + &word) + "\n";
    text.push_str(&ran.stdout);
    for line in ran.stderr.lines() {
        let _ = writeln!(text, "{}", format!("2> {line}").trim_end());
    }
    let _ = writeln!(text, "[{}]", ran.code);
    redacted(home, &text)
}

/// The text without what differs from run to run: places, ids that are drawn or keyed, days and ages.
fn redacted(home: &Home, text: &str) -> String {
    let text = text.replace(home.path().to_str().unwrap(), "DIR").replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let mut out = String::new();
    for piece in text.split_inclusive(|c: char| !is_part(c)) {
        let word = piece.trim_end_matches(|c: char| !is_part(c));
        let known = kind(word);
        out.push_str(known.unwrap_or(word));
        out.push_str(&piece[word.len()..]);
    }
    without_measures(&out)
}

/// What stands for a word that is never the same.
fn kind(word: &str) -> Option<&'static str> {
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_base32 = |text: &str| text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
    match word.len() {
        16 if is_base32(word) => Some("ENTRY"),
        19 if word.strip_prefix("override-").is_some_and(is_hex) => Some("override-ID"),
        15 if word.starts_with("linkgate-") => Some("linkgate-TEMPORARY"),
        _ => None,
    }
}

/// Ages of files, and what is computed from lists.
fn without_measures(text: &str) -> String {
    let mut text = text.to_owned();
    for (before, after, shown) in [
        ("(changed ", " ago", "AGE"),
        ("\"age_s\":", ",", "AGE"),
        ("\"lists_id\":\"", "\"", "LISTS_ID"),
        ("\"version\":\"", "\"", "LIST_VERSION"),
    ] {
        let mut at = 0;
        while let Some(start) = text[at..].find(before).map(|found| at + found + before.len()) {
            let end = start + text[start..].find(after).unwrap();
            text.replace_range(start..end, shown);
            at = start;
        }
    }
    text
}
