//! What is known of one list: in the book its versions, which is live and which waits; in the notes how its source did last.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::fetch::Validators;
use crate::index::atomic;
use crate::lists::Account;
use crate::telemetry::clock;

use super::StoreError;
use super::approvals::Approvals;

/// Versions that have answered, kept besides the live and the waiting one.
const KEPT_MAX: usize = 8;
/// Changes that are remembered.
const CHANGES_MAX: usize = 100;
/// Refused versions that are remembered.
const REFUSED_MAX: usize = 100;
const BOOK: &str = "book.json";
const NOTES: &str = "notes.json";

/// The book of one list. No value of the list stands in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// The version that answers.
    pub live: Option<u64>,
    /// The version that waits for approval.
    pub pending: Option<u64>,
    /// What is known of each version that is kept, by its number. Numbers only rise.
    pub versions: BTreeMap<u64, Version>,
    /// The number of the newest version; the first is 1.
    pub last: u64,
    /// Digests of versions that are not to be taken by themselves: somebody went back from them.
    pub refused: Vec<String>,
    /// Who has approved held entries, by their ids.
    pub let_in: BTreeMap<String, Approvals>,
    /// When other entries answered than before, the newest last.
    pub changes: Vec<Change>,
}

/// From then on other entries answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Rises by one with each.
    pub number: u64,
    /// When, in seconds since the Unix epoch.
    pub at: i64,
    /// The version that answered before, if any did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// The version that answers since. The same if it was read in another way, or an entry of it let in or taken out.
    pub to: u64,
    /// The id of that entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
}

impl Notes {
    /// What a source offers whose version somebody has refused or went back from.
    pub const REFUSED: &str = "refused";
}

impl Change {
    /// What is noted once it is told.
    pub fn told(&self) -> Told {
        Told { number: self.number, at: self.at }
    }
}

/// How the source of a list did. Apart from the book, which changes only when something is decided.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notes {
    /// What was wrong the last time, until an update succeeds.
    pub last_error: Option<Failure>,
    /// When the source was last seen to be as it should be: taken, or unchanged. Seconds since the Unix epoch.
    pub checked_at: Option<i64>,
    /// By what its source is asked whether anything changed.
    pub validators: Validators,
    /// By which settings it was asked.
    pub asked_as: String,
    /// The version that it had last. If that is not the one that answers, the list falls behind.
    pub offered: String,
    /// When it was last asked, in seconds since the Unix epoch.
    pub tried_at: Option<i64>,
    /// It is not asked before, in seconds since the Unix epoch.
    pub next_at: i64,
    /// Failures in a row.
    pub failures: u32,
    /// The last change that was told to the platform.
    pub told: Option<Told>,
}

/// A change that was told. Its moment stands by its number, since a book that is begun anew counts anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Its number.
    pub number: u64,
    /// When it was, in seconds since the Unix epoch.
    pub at: i64,
}

/// One version of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Hex of a digest over its bytes, as reports and `lists_id` know it.
    pub version: String,
    /// When it was taken, in seconds since the Unix epoch.
    pub taken_at: i64,
    /// The moment or number that it or its source states, which never goes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<String>,
    /// How many entries there are of each scope.
    pub entries: BTreeMap<String, u64>,
    /// Entries that wait for a person, kept out of the index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<HeldEntry>,
    /// Why it waits as a whole, if it does or did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who has approved it.
    #[serde(default, skip_serializing_if = "Approvals::is_empty")]
    pub approvals: Approvals,
    /// Whether it has answered before: to others nobody can go back.
    #[serde(default)]
    pub was_live: bool,
    /// Digest of how its source was read: read in another way it is another index.
    pub read_as: String,
    /// What became of its lines.
    #[serde(default)]
    pub account: Account,
}

/// An entry that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldEntry {
    /// Its id by its value, by which it is let in.
    pub entry: String,
    /// Its publisher's own id, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_id: Option<String>,
    /// Its scope.
    pub scope: String,
    /// Its category.
    pub category: String,
    /// Why it waits.
    pub code: String,
}

impl Version {
    /// All entries.
    pub fn count(&self) -> u64 {
        self.entries.values().sum()
    }
}

/// Why an update did not come in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A stable name.
    pub code: String,
    /// The line that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// In words, with what to do.
    pub text: String,
    /// When, in seconds since the Unix epoch.
    pub at: i64,
}

impl Book {
    /// Reads the book in a directory; an empty one if there is none yet.
    pub(super) fn read(dir: &Path) -> Result<Self, StoreError> {
        let path = Self::path_in(dir);
        let book: Self = read(&path)?;
        let is_kept = |number: &u64| book.versions.contains_key(number);
        if [book.live, book.pending].iter().flatten().all(is_kept) {
            Ok(book)
        } else {
            Err(StoreError::Damaged { path })
        }
    }

    /// Puts it in the place of the one before, at once and durably.
    pub(super) fn write(&self, dir: &Path) -> Result<(), StoreError> {
        write(&dir.join(BOOK), self)
    }

    /// Where it stands: it changes whenever another version answers.
    pub(super) fn path_in(dir: &Path) -> PathBuf {
        dir.join(BOOK)
    }

    /// The version that answers.
    pub fn live(&self) -> Option<(u64, &Version)> {
        self.live.and_then(|number| Some((number, self.versions.get(&number)?)))
    }

    /// The version that waits.
    pub fn pending(&self) -> Option<(u64, &Version)> {
        self.pending.and_then(|number| Some((number, self.versions.get(&number)?)))
    }

    /// The version before the live one that could be gone back to; none that somebody went back from.
    pub fn before_live(&self) -> Option<u64> {
        let is_left = |number: &u64| self.versions.get(number).is_some_and(|version| self.is_refused(&version.version));
        self.earlier().filter(|number| Some(*number) < self.live && !is_left(number)).last()
    }

    /// Versions besides the live one that have answered, so that one can go back to them.
    pub fn earlier(&self) -> impl Iterator<Item = u64> {
        let others = self.versions.iter().filter(|(number, version)| version.was_live && Some(**number) != self.live);
        others.map(|(number, _)| *number)
    }

    /// Whether an entry of the version that answers or waits is held back.
    pub fn holds(&self, entry: &str) -> bool {
        let versions = [self.live(), self.pending()];
        versions.into_iter().flatten().any(|(_, version)| version.held.iter().any(|held| held.entry == entry))
    }

    /// The first change that nobody was told of if `told` was the last one. A book that was begun anew is told of anew.
    pub fn untold(&self, told: Option<Told>) -> Option<&Change> {
        let first = self.changes.first()?;
        // It may have been forgotten meanwhile.
        let is_forgotten = |told: &Told| first.number > told.number;
        let is_told = |told: &Told| self.changes.iter().any(|change| change.told() == *told);
        let told = told.filter(|told| is_forgotten(told) || is_told(told)).map_or(0, |told| told.number);
        self.changes.iter().find(|change| change.number > told)
    }

    /// From now on that version answers, and none waits.
    pub(super) fn goes_live(&mut self, number: u64) {
        if let Some(version) = self.versions.get_mut(&number) {
            version.was_live = true;
        }
        let from = self.live.replace(number);
        self.pending = None;
        self.changed(from, None);
    }

    /// Notes that other entries answer than those of `from`, or one more or less of the same.
    pub(super) fn changed(&mut self, from: Option<u64>, entry: Option<String>) {
        let Some(to) = self.live else { return };
        let number = self.changes.last().map_or(1, |last| last.number + 1);
        self.changes.push(Change { number, at: clock::now(), from, to, entry });
        let spare = self.changes.len().saturating_sub(CHANGES_MAX);
        self.changes.drain(..spare);
    }

    /// Whether a version that is kept was refused while it waited: somebody may think better of it.
    pub fn was_refused(&self, number: u64) -> bool {
        self.versions.get(&number).is_some_and(|version| !version.was_live && self.is_refused(&version.version))
    }

    pub(super) fn is_refused(&self, version: &str) -> bool {
        self.refused.iter().any(|refused| refused == version)
    }

    /// What was approved of it before counts no more.
    pub(super) fn refuse(&mut self, version: String) {
        for known in self.versions.values_mut().filter(|known| known.version == version) {
            known.approvals = Approvals::default();
        }
        self.refused.retain(|refused| *refused != version);
        self.refused.push(version);
        let spare = self.refused.len().saturating_sub(REFUSED_MAX);
        self.refused.drain(..spare);
    }

    /// Forgets the oldest versions beyond what is kept; of those that never answered, all but the newest.
    pub(super) fn trim(&mut self) {
        let kept: BTreeSet<u64> = [self.live, self.pending].into_iter().flatten().collect();
        let others = || self.versions.iter().rev().filter(|(number, _)| !kept.contains(number));
        let numbers = |was_live: bool| others().filter(move |(_, version)| version.was_live == was_live);
        let dropped = numbers(true).skip(KEPT_MAX).chain(numbers(false).skip(1));
        let dropped: Vec<u64> = dropped.map(|(number, _)| *number).collect();
        for number in dropped {
            self.versions.remove(&number);
        }
    }
}

impl Notes {
    pub(super) fn read(dir: &Path) -> Result<Self, StoreError> {
        read(&dir.join(NOTES))
    }

    pub(super) fn write(&self, dir: &Path) -> Result<(), StoreError> {
        write(&dir.join(NOTES), self)
    }
}

fn read<T: Default + DeserializeOwned>(path: &Path) -> Result<T, StoreError> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| StoreError::Damaged { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(T::default()),
        Err(source) => Err(StoreError::Read { path: path.to_owned(), source }),
    }
}

fn write<T: Serialize>(path: &Path, value: &T) -> Result<(), StoreError> {
    let bytes = serde_json::to_vec(value).unwrap_or_default();
    atomic::write_atomically(path, |file| file.write_all(&bytes))
        .map_err(|source| StoreError::Write { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(name: &str) -> Version {
        Version {
            version: name.to_owned(),
            taken_at: 1,
            issued: None,
            entries: BTreeMap::new(),
            held: Vec::new(),
            reason: None,
            approvals: Approvals::default(),
            was_live: true,
            read_as: String::new(),
            account: Account::default(),
        }
    }

    #[test]
    fn the_oldest_versions_go_and_the_live_one_stays() {
        let versions = (0..20).map(|number| (number, version("v"))).collect();
        let mut book = Book { live: Some(2), pending: Some(3), versions, last: 19, ..Book::default() };
        book.trim();
        let kept: Vec<u64> = book.versions.keys().copied().collect();
        assert_eq!(kept, [2, 3, 12, 13, 14, 15, 16, 17, 18, 19]);
        assert_eq!(book.before_live(), None);
        book.live = Some(19);
        assert_eq!(book.before_live(), Some(18));
    }

    #[test]
    fn as_many_refused_versions_are_remembered_as_may() {
        let mut book = Book::default();
        (0..=REFUSED_MAX).for_each(|number| book.refuse(number.to_string()));
        assert!(!book.is_refused("0") && book.is_refused("1") && book.is_refused("100"));
    }

    #[test]
    fn changes_are_told_from_where_that_ended() {
        let mut book = Book { live: Some(1), ..Book::default() };
        assert_eq!(book.untold(None), None);
        (0..=CHANGES_MAX).for_each(|_| book.changed(None, None));
        (1..).zip(&mut book.changes).for_each(|(at, change)| change.at = at);
        let next = |number: u64, at: i64| book.untold(Some(Told { number, at })).map(|change| change.number);
        assert_eq!(book.untold(None).map(|change| change.number), Some(2));
        let numbers = [next(1, 0), next(2, 1), next(100, 99), next(101, 100)];
        assert_eq!(numbers, [Some(2), Some(3), Some(101), None]);
        assert_eq!([next(102, 101), next(3, 9)], [Some(2); 2], "they were of another book");
    }

    #[test]
    fn a_book_is_read_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Book::read(dir.path()).unwrap().last, 0);
        let book = Book { last: 7, versions: [(6, version("v"))].into(), ..Book::default() };
        book.write(dir.path()).unwrap();
        let read = Book::read(dir.path()).unwrap();
        assert_eq!((read.last, &read.versions), (7, &book.versions));
        let nothing = Book { live: Some(7), ..book };
        for damaged in ["{".to_owned(), "{}".to_owned(), serde_json::to_string(&nothing).unwrap()] {
            fs::write(dir.path().join(BOOK), damaged).unwrap();
            assert!(matches!(Book::read(dir.path()), Err(StoreError::Damaged { .. })));
        }
    }
}
