//! The record of what people and the updater did: append-only, each line chained to the one before under the state key.
//!
//! ```text
//! {"seq":2,"at":"2026-11-29T08:00:00Z","who":"ann","did":"approve","about":"list partner, version 3","why":"…","chain":"…"}
//! ```
//!
//! A line that was changed, left out or put in between breaks the chain; lines cut off at the end are told by the head,
//! which is kept beside. What has returned from [`Audit::append`] is on the disk. No value of a list and no link stands in it.

mod chain;
mod file;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::index::StateKey;

pub use file::{Audit, Verified};

/// Each text of a line is cut here.
pub const TEXT_MAX_BYTES: usize = 1_000;

/// What somebody did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// A person, or `(updater)`.
    pub who: String,
    /// `approve`, `rollback`, `override_add`, ….
    pub did: String,
    /// To what: a list and its version, the id of an override. Never a value.
    pub about: String,
    /// Why; empty where nobody was asked.
    pub why: String,
}

/// One line of the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// From 1, without a gap.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub deed: Deed,
    /// Hex of a keyed digest over this line and the chain of the one before.
    pub chain: String,
}

/// Why the record cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// It can be neither read nor written.
    #[error("{path} cannot be read or written; see to the room on its disk and to the rights of its directory")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is not the one that was written.
    #[error("{path}: line {line} is not as it was written, or was written under another key; see --key-file")]
    Broken {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
    /// Nobody can tell any more where the end was.
    #[error("{path} is missing or not as it was written; the end of the record beside it cannot be told any more")]
    Headless {
        /// The file.
        path: PathBuf,
    },
    /// The end is missing.
    #[error("{path} ends with line {found}, and line {expected} was written once: the end was cut off")]
    Shortened {
        /// The file.
        path: PathBuf,
        /// The last line that is there.
        found: u64,
        /// The last that was acknowledged.
        expected: u64,
    },
}

impl Audit {
    /// The record in a state directory; made with its first line.
    pub fn in_dir(state_dir: &Path, key: &StateKey) -> Self {
        Self::new(state_dir.join("audit.jsonl"), key.derive("linkgate 2026 audit chain"))
    }
}

#[cfg(test)]
mod tests;
