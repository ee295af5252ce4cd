//! The immutable set of entries under keyed digests: build, save, open, look up.
//!
//! An index holds no text of a list that could be matched: host names, paths and hashes are in it only as digests
//! under a secret key. It is never changed; a new list means a new index, swapped in whole.
//!
//! ```
//! use std::sync::Arc;
//!
//! use linkgate::canonical::{Tables, canonical};
//! use linkgate::index::{Builder, Entry, Keys, List, Scope, StateKey, Target};
//!
//! let mut builder = Builder::new(Keys::derive(&StateKey::new([7; 32])), Arc::new(Tables::shipped()?));
//! let list = builder.list(List::new("partner", "1"))?;
//! builder.add(list, &Entry::new(Scope::Domain, Target::Host("listed.example".into())))?;
//! let index = builder.finish();
//!
//! let mut hits = Vec::new();
//! index.look_up(&canonical("https://www.listed.example/a").unwrap(), 1_800_000_000, &mut hits);
//! assert_eq!(hits.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It does not decide anything: what a hit leads to is the verdict's business.

pub mod atomic;
pub mod lock;
mod build;
mod cold;
mod entry;
mod error;
mod extra;
mod file;
mod filter;
mod key;
mod list;
mod lookup;
mod meta;
mod probe;
mod seal;
mod table;
mod traits;

use std::sync::{Arc, OnceLock};

use crate::canonical::Tables;

pub use build::{Builder, ListNumber};
pub use cold::Details;
pub use entry::{Action, Category, Entry, Scope, Target};
pub use error::IndexError;
pub use key::{Keys, StateKey};
pub use list::{List, Mode, lists_id};
pub use lookup::Hit;
pub use probe::Probe;
pub use seal::SealError;

use cold::Cold;
use extra::Extras;
use file::Records;
use filter::Filter;
use lookup::Place;
use table::Table;
use traits::Traits;

/// An immutable set of entries.
pub struct Index {
    keys: Keys,
    tables: Arc<Tables>,
    lists: Vec<List>,
    /// What every link asks: whatever a host alone can hit, signs of hosts that have paths, hashes.
    first: Table,
    /// Turns most look-ups of `first` away.
    filter: Filter,
    /// What is asked only of hosts that have such a sign.
    paths: Table,
    first_records: Records,
    path_records: Records,
    cold: Cold,
    extras: Extras,
    traits: Traits,
    /// Sorted moments at which entries begin or end to hold, once somebody asks.
    edges: OnceLock<Vec<i64>>,
}

impl Index {
    /// The lists in it, by their number in a [`Hit`].
    pub fn lists(&self) -> &[List] {
        &self.lists
    }

    /// Number of entries of all lists.
    pub fn entries(&self) -> u64 {
        self.lists.iter().flat_map(|list| list.entries.values()).sum()
    }

    /// What a report says of the entry behind a hit.
    pub fn details(&self, hit: &Hit) -> Details {
        let record = match hit.place {
            Place::First(row) => self.first_records.of(row),
            Place::Path(row) => self.path_records.of(row),
        };
        record.map(|record| self.cold.details(record)).unwrap_or_default()
    }

    /// The mode of a list for links to one host: until it is rolled out to that host it is only told.
    pub fn mode(&self, list: &List, host: &str) -> Mode {
        // Nearly always: no hash is needed.
        if list.rollout_ppm >= 1_000_000 || list.mode == Mode::Report {
            return list.mode;
        }
        let digest = blake3::keyed_hash(&self.keys.mac, host.as_bytes());
        let [first, second, third, fourth, ..] = *digest.as_bytes();
        let share = (u64::from(u32::from_le_bytes([first, second, third, fourth])) * 1_000_000) >> 32;
        if share < list.rollout_ppm.into() { Mode::Enforce } else { Mode::Report }
    }

    /// The first moment after `now`, in seconds since the Unix epoch, at which some entry begins or ends to hold.
    pub fn next_edge(&self, now: i64) -> Option<i64> {
        let edges = self.edges.get_or_init(|| self.extras.edges());
        edges.get(edges.partition_point(|&edge| edge <= now)).copied()
    }

    /// Bytes that stay in memory for matching.
    pub fn resident_bytes(&self) -> usize {
        self.first.resident_bytes()
            + self.filter.resident_bytes()
            + self.paths.resident_bytes()
            + self.extras.resident_bytes()
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index")
            .field("lists", &self.lists.len())
            .field("entries", &self.entries())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
