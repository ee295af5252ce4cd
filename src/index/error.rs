//! What can be wrong with an index, and what to do about it. Never names an entry.

use std::io;

/// Why an index cannot be built, saved or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// The operating system refused.
    #[error("the index file cannot be {what}")]
    Io {
        /// `read` or `written`.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The file does not begin as an index does.
    #[error("this is no compiled index; make one with `linkgate lists compile LIST... --out FILE`")]
    NotAnIndex,
    /// Made by another version of the file format.
    #[error("the index has file format {found}, this program reads {known}; rebuild it with `linkgate lists compile`")]
    Version {
        /// The version in the file.
        found: u32,
        /// The version of this program.
        known: u32,
    },
    /// Made under another key.
    #[error(
        "the index was compiled with another key; give that key with --key-file, or rebuild it with `linkgate lists compile`"
    )]
    OtherKey,
    /// Made under other rules for reading URLs.
    #[error("the index was compiled under other rules or tables; rebuild it with `linkgate lists compile`")]
    OtherRules,
    /// Some byte is not as it was written.
    #[error("the index is damaged or cut off; rebuild it with `linkgate lists compile`")]
    Damaged,
    /// More than an index can hold.
    #[error("too many {what} for one index")]
    TooLarge {
        /// Of what there are too many.
        what: &'static str,
    },
    /// Hits could not be told apart.
    #[error("two lists are named {name:?}; give one another name")]
    TwoListsOfOneName {
        /// The name.
        name: String,
    },
}

impl IndexError {
    pub(super) fn read(source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::UnexpectedEof => Self::Damaged,
            _ => Self::Io { what: "read", source },
        }
    }

    pub(super) fn written(source: io::Error) -> Self {
        Self::Io { what: "written", source }
    }
}
