//! What keeps a rescan from starting or going on.

use std::io;

/// A rescan cannot start, or cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RescanError {
    /// A name stands for no file.
    #[error("{name}: there is no such file, and no file fits it as a pattern or lies in it")]
    NoInput {
        /// The name.
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
    #[error("{input} has no column of that name; it has: {columns}; name them with --text, --links and --id")]
    NoColumn {
        /// The table.
        input: String,
        /// The columns that it has.
        columns: String,
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
    /// The output is not as an earlier run left it.
    #[error("the output is shorter than the checkpoint says: put it back, or start anew with --restart")]
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

impl RescanError {
    pub(super) fn open(input: &str, source: io::Error) -> Self {
        Self::Open { input: input.to_owned(), source }
    }
}
