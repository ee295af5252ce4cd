//! Why something cannot be kept, and what to do about it.

use std::path::PathBuf;
use std::sync::Arc;

use crate::index::SealError;

/// What can go wrong with the outbox.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum OutboxError {
    /// The file can be neither opened nor made.
    #[error("{path} cannot be opened; it needs a directory that can be written to, and room on its disk")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Arc<redb::Error>,
    },
    /// It is of another installation.
    #[error(
        "{path} was sealed with another key; give the key it was made with by --key-file, or move the file away, with \
         which the checks and events that wait in it are lost"
    )]
    OtherKey {
        /// The file.
        path: PathBuf,
    },
    /// It is no outbox, or bytes of it changed.
    #[error("{path} is damaged; move it away, with which the checks and events that wait in it are lost")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be read or written now. Once the cause is gone, it can.
    #[error("the outbox cannot be read or written; see to the room on its disk and to the rights of its directory")]
    Storage {
        /// Why.
        source: Arc<redb::Error>,
    },
    /// As much waits as may.
    #[error("as many wait as may: {limit} is {most}")]
    Full {
        /// The limit's name.
        limit: &'static str,
        /// How many may.
        most: u64,
    },
    /// More bytes than one record may have.
    #[error("a record of {bytes} bytes is above {limit} = {most}")]
    TooLarge {
        /// The limit's name.
        limit: &'static str,
        /// How many it has.
        bytes: usize,
        /// How many it may have.
        most: usize,
    },
    /// It cannot be sealed.
    #[error("a record cannot be sealed")]
    Seal(#[from] SealError),
    /// Its thread has ended.
    #[error("the outbox has ended")]
    Ended,
}
