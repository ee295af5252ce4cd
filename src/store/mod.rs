//! What is kept of each list: its versions, which of them answers, which waits for a person, what was wrong last.
//!
//! ```text
//! pieces ─► compiled, guarded ─┬─► accepted: live                          lists/NAME/ in the state directory:
//!                              ├─► held back: pending ─► approved ─► live    book.json    which is which
//!                              └─► refused: the live one stays               N.source     sealed, as it came
//!                                                                            N.lgx        the index, digests only
//! ```
//!
//! The book is replaced at once and last, so that whenever the process is killed there is the version from before or the
//! new one. The source is kept so that other rules or another reading make a new index without asking anybody.

mod book;
mod change;
mod error;
mod intake;
mod replay;
mod shelf;
mod state;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::canonical::Tables;
use crate::index::{Index, Keys, StateKey};
use crate::lists::Source;
use crate::lists::guard::Guards;
use crate::sample::Sampler;

pub use book::{Book, Failure, HeldEntry, Notes, Version};
pub use change::{Approved, Difference};
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
}

/// A list and what is asked of it.
#[derive(Clone)]
pub struct Listing {
    /// Its name, and how it is read.
    pub source: Source,
    /// What is held back.
    pub guards: Arc<Guards>,
    /// A link that it must match.
    pub canary: Option<String>,
    /// A link that it must not match.
    pub anti_canary: Option<String>,
    /// How many people approve what waits.
    pub approvers: usize,
}

/// The version that answers.
pub struct Live {
    /// Its number.
    pub number: u64,
    /// When its source was last seen, in seconds since the Unix epoch.
    pub seen_at: i64,
    /// What answers.
    pub index: Index,
}

impl Store {
    /// The lists in a state directory. Nothing is made there by asking.
    pub fn in_dir(state_dir: &Path, key: &StateKey, tables: &Arc<Tables>) -> Self {
        Self { dir: state_dir.join("lists"), key: key.clone(), tables: Arc::clone(tables), sampler: None }
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

    /// The index of the version that answers, made anew from its source where rules, key or settings have changed.
    ///
    /// # Errors
    /// If there is a version and it cannot be used.
    pub fn live(&self, listing: &Listing) -> Result<Option<Live>, StoreError> {
        let place = self.place(&listing.source.name);
        let book = Book::read(place.dir())?;
        let Some((number, version)) = book.live() else { return Ok(None) };
        let seen_at = Notes::read(place.dir())?.checked_at.unwrap_or(version.taken_at);
        if version.read_as == listing.read_as(&book)
            && let Some(index) = place.index((number, &version.read_as), self.keys(), &self.tables)?
            && index.lists().iter().any(|list| list.version == version.version)
        {
            return Ok(Some(Live { number, seen_at, index }));
        }
        let index = self.read_again(listing, number)?;
        Ok(Some(Live { number, seen_at, index }))
    }

    /// The index of the version that waits.
    ///
    /// # Errors
    /// If there is one and it cannot be used.
    pub fn pending_index(&self, listing: &Listing) -> Result<Option<Index>, StoreError> {
        let place = self.place(&listing.source.name);
        let book = Book::read(place.dir())?;
        let Some((number, version)) = book.pending() else { return Ok(None) };
        match place.index((number, &version.read_as), self.keys(), &self.tables)? {
            Some(index) => Ok(Some(index)),
            None => self.read_again(listing, number).map(Some),
        }
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
