//! What holds for lists of every format.

use std::sync::{Arc, OnceLock};

use super::*;
use crate::index::Target;

/// The shipped tables, read once.
pub(super) fn tables() -> &'static Arc<Tables> {
    static TABLES: OnceLock<Arc<Tables>> = OnceLock::new();
    TABLES.get_or_init(|| Arc::new(Tables::shipped().unwrap()))
}

/// An entry in words: scope and value.
pub(super) fn words(entry: &Entry) -> String {
    let value = match &entry.target {
        Target::Host(text) | Target::Label(text) => text.to_string(),
        Target::Url(url) => url.expose().split_once("://").unwrap().1.to_owned(),
        Target::Ip(address) => address.to_string(),
        Target::Cidr(address, len) => format!("{address}/{len}"),
        Target::Sha256(bytes) => data_encoding::HEXLOWER.encode(bytes),
        Target::Md5(bytes) => data_encoding::HEXLOWER.encode(bytes),
    };
    let prefix = if entry.exception { "allow_" } else { "" };
    format!("{prefix}{} {value}", entry.scope.name())
}

/// What became of a list of one line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seen(Vec<String>);

impl Seen {
    pub(super) fn entry(words: &str) -> Self {
        Self(vec![words.to_owned()])
    }

    pub(super) fn entries(words: &[&str]) -> Self {
        Self(words.iter().map(|&words| words.to_owned()).collect())
    }

    pub(super) fn refused(reason: &str) -> Self {
        Self(vec![format!("refused: {reason}")])
    }

    pub(super) fn ignored(reason: &str) -> Self {
        Self(vec![format!("ignored: {reason}")])
    }
}

/// Reads a list of a few lines: its entries in words, then the reasons of lines that gave none.
pub(super) fn seen(text: &str, format: Format) -> Seen {
    let options = Options::default();
    let mut out = Vec::new();
    let report = format::read(
        text.as_bytes(),
        format,
        intake::Intake::new(&options, tables(), &mut |entry| {
            out.push(words(&entry));
        }),
    );
    let report = report.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(report.taken + report.refused() + report.ignored(), report.lines);
    out.extend(report.refused.keys().map(|reason| format!("refused: {reason:?}")));
    out.extend(report.ignored.keys().map(|reason| format!("ignored: {reason:?}")));
    Seen(out)
}

mod samples;
mod whole;
mod words;
