//! What keeps a rescan from starting or going on.

use std::io;
use std::path::PathBuf;

use super::field::Pointer;

/// A rescan cannot start, or cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RescanError {
    /// A name stands for no file.
    #[error("{name}: there is no such file, and none fits it as a pattern")]
    NoInput {
        /// The name.
        name: String,
    },
    /// Something that is read would be overwritten.
    #[error("{name} is read: name another file for --out, --summary or --checkpoint")]
    Overwritten {
        /// The file.
        name: String,
    },
    /// An input cannot be opened.
    #[error("{input} cannot be read")]
    Open {
        /// Its name.
        input: String,
        /// Why.
        source: io::Error,
    },
    /// A table has no column that was asked for.
    #[error("{input} has no column {missing}; it has: {columns}; name them with --text, --links, --id and --time")]
    NoColumn {
        /// The table.
        input: String,
        /// What was asked for.
        missing: String,
        /// The columns that it has, as far as they look like names.
        columns: String,
    },
    /// An input is packed or encoded in a way that is not read.
    #[error("{input} is {what}, which is not read; convert it first")]
    Unsupported {
        /// Its name.
        input: String,
        /// What it is.
        what: &'static str,
    },
    /// This build cannot read Parquet files.
    #[error("{input} is a Parquet file, which this build does not read; build linkgate with `--features parquet`")]
    NoParquet {
        /// The file.
        input: String,
    },
    /// A file cannot be read as Parquet.
    #[error("{input} cannot be read as Parquet: {why}")]
    NotParquet {
        /// The file.
        input: String,
        /// Why.
        why: &'static str,
    },
    /// A file begins as Parquet, but does not end so.
    #[error("{input} is cut off: the end, which says where everything stands, is missing")]
    CutOff {
        /// The file.
        input: String,
    },
    /// Findings cannot be written.
    #[error("the findings cannot be written; what is there ends with a whole line")]
    Output(#[source] io::Error),
    /// The output cannot be opened.
    #[error("{} cannot be written", path.display())]
    OpenOutput {
        /// The output.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another rescan writes to the same output.
    #[error("another rescan writes to this output: wait for it, or name another file with --out")]
    OutputBusy,
    /// The output is not as an earlier run left it.
    #[error("the output is not the one that the checkpoint counts on: put that back, or start anew with --restart")]
    OutputChanged,
    /// The checkpoint cannot be read or written.
    #[error("the checkpoint cannot be read or written")]
    Checkpoint(#[source] io::Error),
    /// The checkpoint is none.
    #[error("the file is no checkpoint of this version; start anew with --restart")]
    NoCheckpoint,
    /// Something changed between two runs.
    #[error("{what} changed since the rescan began; start anew with --restart{or_go_on}")]
    Changed {
        /// What changed.
        what: &'static str,
        /// The other way out, if there is one.
        or_go_on: &'static str,
    },
}

/// So many names of columns are told when none fits.
pub(super) const COLUMNS_SHOWN: usize = 40;
/// Names of columns are shorter than posts.
const NAME_MAX_BYTES: usize = 40;

impl RescanError {
    pub(super) fn open(input: &str, source: io::Error) -> Self {
        Self::Open { input: input.to_owned(), source }
    }

    /// Without a first row of names, the first post stands in its place: what looks like no name is not shown.
    pub(super) fn no_column(input: &str, missing: &[&Pointer], names: &[String]) -> Self {
        let is_name = |name: &String| {
            let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'/' | b'*');
            let begins = name.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '/' | '_'));
            begins && name.len() <= NAME_MAX_BYTES && name.bytes().all(is_part)
        };
        let all = names.iter().all(is_name);
        let shown =
            names.iter().map(String::as_str).filter(|_| all).chain((!all).then_some("something else than names"));
        let missing = missing.iter().map(|at| at.as_str()).take(COLUMNS_SHOWN);
        Self::NoColumn {
            input: input.to_owned(),
            missing: missing.collect::<Vec<_>>().join(", "),
            columns: shown.take(COLUMNS_SHOWN).collect::<Vec<_>>().join(", "),
        }
    }
}
