//! What is kept of each list: its versions, which of them answers, which waits for a person, what was wrong last.
//!
//! ```text
//! pieces ─► compiled, guarded ─┬─► accepted: live                          lists/NAME/ in the state directory:
//!                              ├─► held back: pending ─► approved ─► live    book.json    which is which
//!                              └─► refused: the live one stays               N.source     sealed, as it came
//!                                                                            N-READAS.lgx the index, digests only
//! ```
//!
//! The book is replaced at once and last, so that whenever the process is killed there is the version from before or the
//! new one. The source is kept so that other rules or another reading make a new index without asking anybody.

mod approvals;
mod book;
mod change;
mod difference;
mod error;
mod intake;
mod open;
mod replay;
mod shelf;
mod state;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::canonical::Tables;
use crate::index::{Index, Keys, StateKey};
use crate::lists::guard::Guards;
use crate::lists::{Proof, Source};
use crate::sample::Sampler;

pub use approvals::Approvals;
pub use book::{Book, Change, Failure, HeldEntry, Notes, Told, Version};
pub use change::Approved;
pub use difference::Difference;
pub use error::StoreError;
pub use intake::{Offer, Taken};

use shelf::Shelf;

/// Characters of a list's name that a directory may have.
const NAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// All lists of an installation. Clones share it.
#[derive(Clone)]
pub struct Store {
    dir: PathBuf,
    key: StateKey,
    tables: Arc<Tables>,
    /// What was checked lately.
    sampler: Option<Arc<Sampler>>,
    access: Access,
}

/// What may become of the files of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    /// All.
    Writes,
    /// They are looked at.
    Looks,
}

/// A list and what is asked of it.
#[derive(Clone)]
pub struct Listing {
    /// Its name, and how it is read.
    pub source: Source,
    /// What is held back.
    pub guards: Arc<Guards>,
    /// What it has to come with.
    pub proof: Proof,
    /// A link that it must match.
    pub canary: Option<String>,
    /// A link that it must not match.
    pub anti_canary: Option<String>,
    /// How many people approve what waits.
    pub approvers: usize,
    /// Who keeps it.
    pub maintainer: Maintainer,
}

/// Who keeps a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maintainer {
    /// The operator: who sees at once what is wrong with its first version.
    Operator,
    /// Somebody else.
    Other,
}

/// The version that answers.
pub struct Live {
    /// Its number.
    pub number: u64,
    /// When its source was last seen, in seconds since the Unix epoch.
    pub seen_at: i64,
    /// What answers.
    pub index: Index,
    /// Why it is not as it should be, if it is not.
    pub trouble: Option<StoreError>,
    /// Whether it is for that reason an earlier version than the one that should answer.
    pub is_earlier: bool,
}

impl Store {
    /// The lists in a state directory. Nothing is made there by asking.
    pub fn in_dir(state_dir: &Path, key: &StateKey, tables: &Arc<Tables>) -> Self {
        Self {
            dir: state_dir.join("lists"),
            key: key.clone(),
            tables: Arc::clone(tables),
            sampler: None,
            access: Access::Writes,
        }
    }

    /// The same, whose files stay as they are whatever is asked for.
    #[must_use]
    pub fn looking(self) -> Self {
        Self { access: Access::Looks, ..self }
    }

    /// What is known of a list.
    ///
    /// # Errors
    /// If that cannot be read.
    pub fn book(&self, name: &str) -> Result<Book, StoreError> {
        Book::read(self.place(name).dir())
    }

    /// How its source did.
    ///
    /// # Errors
    /// If that cannot be read.
    pub fn notes(&self, name: &str) -> Result<Notes, StoreError> {
        Notes::read(self.place(name).dir())
    }

    /// The file that changes whenever another version of a list answers.
    pub fn watched(&self, name: &str) -> PathBuf {
        Book::path_in(self.place(name).dir())
    }

    fn place(&self, name: &str) -> Shelf {
        Shelf::new(self.dir.join(utf8_percent_encode(name, NAME).to_string()), self.key.clone())
    }

    fn keys(&self) -> Keys {
        Keys::derive(&self.key)
    }
}

#[cfg(test)]
mod tests;
