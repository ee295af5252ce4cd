//! What of a list was not taken, as people are told on standard error.

use std::borrow::Cow;

use crate::lists::{Account, Place, Source};

use super::args::Arguments;
use super::session::warn;

/// Tells on standard error what of a list was not taken, by counts, and the command that says why. `wide` is what guards say.
pub(super) fn tell((name, account, wide): (&str, &Account, &str), command: &str) {
    let of = super::counted(account.lines, super::lists::unit(account.unit));
    let refused = format!("{} of {of} refused", account.refused);
    let unread = super::counted(account.unread, "field");
    let lines = match (account.refused, account.unread) {
        (0, 0) => String::new(),
        (_, 0) => refused,
        (0, _) => format!("{unread} not read in {of}"),
        _ => format!("{refused}, {unread} not read"),
    };
    let told: Vec<&str> = [&*lines, wide].into_iter().filter(|text| !text.is_empty()).collect();
    if !told.is_empty() {
        warn(&format!("{name}: {}; to see why: {command}", told.join(", ")));
    }
}

/// Standard input can be read once.
///
/// # Errors
/// If a list is to be read from it, and `other` too.
pub(super) fn reads_once(lists: &[String], other: Option<&str>) -> anyhow::Result<()> {
    let is_stdin = |text: &&String| Source::parse(text).is_ok_and(|source| source.place == Place::Stdin);
    match (lists.iter().filter(is_stdin).count(), other) {
        (0, _) | (1, None) => Ok(()),
        (1, Some(other)) => Err(super::usage(format!("standard input cannot be both a list and {other}"))),
        _ => Err(super::usage("standard input cannot be two lists")),
    }
}

/// The command that shows what became of the lines of a list: of the one given, else of those configured.
pub(super) fn explaining(arguments: &Arguments, given: Option<&String>) -> String {
    let mut command = "linkgate".to_owned();
    for (flag, path) in [("--config", &arguments.config), ("--key-file", &arguments.key_file)] {
        if let Some(path) = path {
            command.extend([" ", flag, " ", &*quoted(&path.to_string_lossy())]);
        }
    }
    command.push_str(" lists status --explain");
    if let Some(source) = given {
        command.extend([" --lists ", &*quoted(source)]);
    }
    command
}

/// A word as a shell takes it back.
fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || "_-./:@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.into();
    }
    format!("'{}'", word.replace('\'', r"'\''")).into()
}
