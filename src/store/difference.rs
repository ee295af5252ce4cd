//! What one version of a list has and another has not, without holding all of either.
//!
//! ```text
//! first ─► hashes of its values, sorted ┬─► second, read against them: what is added, and which of them it has too
//!                                       └─► first, read again: ids of those that it has not
//! ```

use std::collections::BTreeSet;

use crate::lists;

use super::book::Change;
use super::{Listing, Store, StoreError};

const PURPOSE: &str = "linkgate 2026 entries compared";

/// What one version has and another has not, told by the ids of entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// Only in the second; the first ones by their order if all are too many.
    pub added: BTreeSet<String>,
    /// Only in the first.
    pub removed: BTreeSet<String>,
    /// How many are added.
    pub added_count: u64,
    /// How many are removed.
    pub removed_count: u64,
}

impl Difference {
    /// Whether ids were left out.
    pub fn is_cut(&self) -> bool {
        let told = |ids: &BTreeSet<String>| ids.len() as u64;
        told(&self.added) < self.added_count || told(&self.removed) < self.removed_count
    }
}

impl Store {
    /// Compares two versions.
    ///
    /// # Errors
    /// If there is no such version, or it cannot be read.
    pub fn difference(&self, listing: &Listing, first: u64, second: u64) -> Result<Difference, StoreError> {
        self.compared(listing, Some(first), second, usize::MAX)
    }

    /// What a change has added and removed, the ids of each in at most so many bytes as JSON. Nothing if one of the versions is
    /// not kept any more, or it was of one version alone.
    ///
    /// # Errors
    /// If a version cannot be read.
    pub fn changed(
        &self,
        listing: &Listing,
        change: &Change,
        ids_max_bytes: usize,
    ) -> Result<Option<Difference>, StoreError> {
        let book = self.book(&listing.source.name)?;
        let are_kept = [change.from, Some(change.to)].iter().flatten().all(|number| book.versions.contains_key(number));
        if !are_kept || change.from == Some(change.to) {
            return Ok(None);
        }
        self.compared(listing, change.from, change.to, ids_max_bytes).map(Some)
    }

    fn compared(
        &self,
        listing: &Listing,
        first: Option<u64>,
        second: u64,
        ids_max_bytes: usize,
    ) -> Result<Difference, StoreError> {
        // By their values: whoever publishes a list may give one id to another value.
        let key = self.key.derive(PURPOSE);
        let mut known = Vec::new();
        if let Some(first) = first {
            self.each_id(listing, first, &mut |value, _| known.push(hash(&key, value)))?;
        }
        distinct(&mut known);
        let mut stays = vec![false; known.len()];
        let (mut new, mut added) = (Vec::new(), Ids::new(ids_max_bytes));
        self.each_id(listing, second, &mut |value, id| {
            let hash = hash(&key, value);
            if let Some(stays) = known.binary_search(&hash).ok().and_then(|place| stays.get_mut(place)) {
                *stays = true;
            } else {
                new.push(hash);
                added.insert(id);
            }
        })?;
        distinct(&mut new);
        let mut stays = stays.into_iter();
        known.retain(|_| stays.next() == Some(false));
        let mut removed = Ids::new(ids_max_bytes);
        if let Some(first) = first.filter(|_| !known.is_empty()) {
            self.each_id(listing, first, &mut |value, id| {
                if known.binary_search(&hash(&key, value)).is_ok() {
                    removed.insert(id);
                }
            })?;
        }
        let count = |hashes: Vec<u128>| hashes.len() as u64;
        let (added_count, removed_count) = (count(new), count(known));
        Ok(Difference { added: added.all, removed: removed.all, added_count, removed_count })
    }

    fn each_id(&self, listing: &Listing, number: u64, take: &mut impl FnMut(&str, String)) -> Result<(), StoreError> {
        let name = &listing.source.name;
        if !self.book(name)?.versions.contains_key(&number) {
            return Err(StoreError::NoVersion { name: name.clone(), version: number.to_string() });
        }
        let pieces = listing.source.formatted(self.place(name).source(number)?);
        Ok(lists::each_id(&listing.source, &pieces, &self.keys(), &self.tables, take)?)
    }
}

fn hash(key: &[u8; 32], id: &str) -> u128 {
    let [hash @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
        *blake3::keyed_hash(key, id.as_bytes()).as_bytes();
    u128::from_le_bytes(hash)
}

fn distinct(hashes: &mut Vec<u128>) {
    hashes.sort_unstable();
    hashes.dedup();
}

/// The first ids by their order, in so many bytes as JSON.
struct Ids {
    all: BTreeSet<String>,
    bytes: usize,
    max_bytes: usize,
}

impl Ids {
    fn new(max_bytes: usize) -> Self {
        Self { all: BTreeSet::new(), bytes: 0, max_bytes }
    }

    fn insert(&mut self, id: String) {
        let bytes = bytes_of(&id);
        if self.all.insert(id) {
            self.bytes += bytes;
        }
        while self.bytes > self.max_bytes
            && let Some(last) = self.all.pop_last()
        {
            self.bytes -= bytes_of(&last);
        }
    }
}

/// With what stands between two of them.
fn bytes_of(id: &str) -> usize {
    serde_json::to_string(id).map_or(0, |text| text.len()) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_ids_are_told_as_have_room_and_those_are_always_the_same() {
        for order in [["a", "bb", "c\n"], ["c\n", "bb", "a"], ["bb", "c\n", "a"]] {
            // With its quotes and a comma "a" takes 4 bytes, "bb" 5, and a line break two.
            for (max_bytes, expected) in [(3, 0), (4, 1), (8, 1), (9, 2), (14, 2), (15, 3)] {
                let mut ids = Ids::new(max_bytes);
                order.iter().chain(&order).for_each(|id| ids.insert((*id).to_owned()));
                let first = ["a", "bb", "c\n"].into_iter().take(expected);
                assert!(ids.all.iter().eq(first), "{order:?} {max_bytes}: {:?}", ids.all);
            }
        }
    }
}
