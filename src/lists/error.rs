//! Why a list cannot be used as a whole, and what to do. Never shows text of a list.

use std::io;

use crate::index::IndexError;

/// Why a list cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// The operating system refused.
    #[error("the list cannot be read; check that the file is there and readable")]
    Io(#[source] io::Error),
    /// No such format.
    #[error("there is no list format of that name; known are: {known}")]
    UnknownFormat {
        /// All names.
        known: String,
    },
    /// Nothing in it.
    #[error("the list is empty; an empty list is never loaded, remove it from the command or configuration instead")]
    Empty,
    /// An error page, most likely.
    #[error("this is an HTML page, not a list; look at where it was downloaded from")]
    Html,
    /// Another encoding.
    #[error(
        "this is no UTF-8 text; convert it, name its format as `format:path`, or rebuild a damaged index with `linkgate lists compile`"
    )]
    NotText,
    /// The end is missing.
    #[error("the list is cut off; download it again")]
    CutOff,
    /// The compressed stream is damaged.
    #[error("the list cannot be unpacked; download it again")]
    Packing,
    /// Larger than allowed.
    #[error("the list is larger than {bytes_max} bytes when unpacked; split it into several lists")]
    TooLarge {
        /// The limit.
        bytes_max: u64,
    },
    /// A directory with more parts than allowed.
    #[error("the list has more than {files_max} files or directories; split it into several lists")]
    TooManyFiles {
        /// The limit.
        files_max: usize,
    },
    /// No document of that format.
    #[error("the list is no {format} document (line {line}); name its format as `format:path` if it is of another")]
    Malformed {
        /// The format.
        format: &'static str,
        /// Where reading stopped.
        line: u64,
    },
    /// A table without values.
    #[error("no column holds the values; name one `value`, `url` or `domain` in the first line")]
    NoValueColumn,
    /// More bad lines than the options allow.
    #[error(
        "too many lines cannot be used ({bad} of {of}, the first is line {first_line}); name its format as `format:path` if it is of another"
    )]
    TooManyBadLines {
        /// Bad lines.
        bad: u64,
        /// Lines that count.
        of: u64,
        /// The first bad one.
        first_line: u64,
    },
    /// Not one entry.
    #[error(
        "no entry could be taken (lines refused: {refused}, ignored: {ignored}); name its format as `format:path` if it is of another"
    )]
    NothingTaken {
        /// Lines refused.
        refused: u64,
        /// Lines ignored.
        ignored: u64,
    },
    /// A list of known good values.
    #[error("this is a list of known good values; it guards updates and cannot be compiled as a list of bad ones")]
    GuardList,
    /// A compiled index where text lists are wanted, or without the key to open it.
    #[error("a compiled index needs the key that it was compiled with; give it with --key-file")]
    KeyNeeded,
    /// The index cannot take it.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// Which list it is about.
    #[error("list {name:?}")]
    Named {
        /// The name of the list.
        name: String,
        /// What is wrong with it.
        #[source]
        source: Box<ListError>,
    },
}

/// An error and what caused it, in one sentence.
pub fn in_words(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut words: Vec<String> = causes.map(ToString::to_string).collect();
    words.dedup();
    words.join(": ")
}

impl ListError {
    /// A short name for `lists status` and metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "unreadable",
            Self::UnknownFormat { .. } => "unknown_format",
            Self::Empty => "empty",
            Self::Html => "html",
            Self::NotText => "not_text",
            Self::CutOff => "cut_off",
            Self::Packing => "packing",
            Self::TooLarge { .. } => "too_large",
            Self::TooManyFiles { .. } => "too_many_files",
            Self::Malformed { .. } => "malformed",
            Self::NoValueColumn => "no_value_column",
            Self::TooManyBadLines { .. } => "too_many_bad_lines",
            Self::NothingTaken { .. } => "nothing_taken",
            Self::GuardList => "guard_list",
            Self::KeyNeeded => "key_needed",
            Self::Index(_) => "index",
            Self::Named { source, .. } => source.code(),
        }
    }

    /// The line that it is about, if it is about one.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::Malformed { line, .. } | Self::TooManyBadLines { first_line: line, .. } => Some(*line),
            Self::Named { source, .. } => source.line(),
            _ => None,
        }
    }

    /// The same, about the list of that name.
    #[must_use]
    pub fn of(self, name: &str) -> Self {
        Self::Named { name: name.to_owned(), source: Box::new(self) }
    }
}
