//! What keeps a rescan from starting or going on.

use std::io;
use std::path::PathBuf;

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

impl RescanError {
    pub(super) fn open(input: &str, source: io::Error) -> Self {
        Self::Open { input: input.to_owned(), source }
    }
}
