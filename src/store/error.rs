//! Why the store cannot do something, and what to do about it. Never shows text of a list.

use std::io;
use std::path::PathBuf;

use crate::index::{IndexError, SealError};
use crate::lists::ListError;

/// What can go wrong with what is kept of a list.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file cannot be read.
    #[error("{path} cannot be read; see to the rights of its directory, or fetch the list again")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("{path} cannot be written; see to the room on its disk and to the rights of its directory")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody else writes, and does not end.
    #[error("{path} is being written by another process; see whether one hangs")]
    Busy {
        /// The directory.
        path: PathBuf,
    },
    /// Something in here ended before it should.
    #[error("the update was broken off")]
    BrokenOff,
    /// A file is not as it was written.
    #[error("{path} is damaged; remove its directory, and the list is taken anew from its source")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// A file was sealed under another key.
    #[error("{path} cannot be opened; fetch the list again with `linkgate lists fetch`")]
    OtherKey {
        /// The file.
        path: PathBuf,
        /// Why.
        source: SealError,
    },
    /// The list itself is wrong.
    #[error(transparent)]
    List(#[from] ListError),
    /// It cannot be made an index.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// A guard refuses the update.
    #[error("{advice}")]
    Refused {
        /// A stable name of the reason.
        code: &'static str,
        /// The reason in words, with what to do.
        advice: &'static str,
    },
    /// Read by other settings it is another list.
    #[error(
        "by its new settings the list would not be what it was ({code}), so it answers by the former ones; see `linkgate lists status --explain`, or set `[guards] shrink_max_share` and `growth_max_share` to 1.0 if that is meant"
    )]
    OtherReading {
        /// What a guard calls it.
        code: &'static str,
    },
    /// There is no such version.
    #[error("list {name:?} has no version {version}; see `linkgate lists status`")]
    NoVersion {
        /// The list.
        name: String,
        /// The version as it was asked for.
        version: String,
    },
    /// That version need not be gone back to.
    #[error("version {version} of list {name:?} answers already")]
    Answers {
        /// The list.
        name: String,
        /// The number of the version.
        version: u64,
    },
    /// Nothing waits.
    #[error("nothing of list {name:?} waits for approval")]
    NothingPending {
        /// The list.
        name: String,
    },
    /// One person is not two.
    #[error("{author:?} has approved it already, and it takes a second person")]
    SamePerson {
        /// The person.
        author: String,
    },
}

impl StoreError {
    /// A stable name for `lists status`, metrics and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "state_unreadable",
            Self::Write { .. } => "state_unwritable",
            Self::Busy { .. } => "state_busy",
            Self::BrokenOff => "broken_off",
            Self::Damaged { .. } => "state_damaged",
            Self::OtherKey { .. } => "state_other_key",
            Self::List(error) => error.code(),
            Self::Index(_) => "index",
            Self::Refused { code, .. } => code,
            Self::OtherReading { .. } => "other_reading",
            Self::NoVersion { .. } => "no_version",
            Self::Answers { .. } => "answers_already",
            Self::NothingPending { .. } => "nothing_pending",
            Self::SamePerson { .. } => "same_person",
        }
    }

    /// The line of the list that it is about.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::List(error) => error.line(),
            _ => None,
        }
    }
}
