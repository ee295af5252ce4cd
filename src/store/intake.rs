//! A version comes in: compiled, guarded, and then live, held back or refused.

use std::collections::{BTreeSet, HashSet};

use crate::canonical::canonical;
use crate::index::{Index, List};
use crate::lists::guard::{Presence, Signature, UpdateFacts, UpdateRuling};
use crate::lists::{self, Account, Behind, GuardedIndex, ListError, Piece, Source};

use super::approvals::Approvals;
use super::book::{Book, HeldEntry, Notes, Told, Version};
use super::shelf::Shelf;
use super::{Listing, Maintainer, Store, StoreError};

/// A version that is offered.
pub struct Offer {
    /// Its text.
    pub pieces: Vec<Piece>,
    /// The moment or number that its source gives it, beside what it may say itself.
    pub issued: Option<String>,
    /// What became of its signature or digest, if it has to have one.
    pub signature: Option<Signature>,
    /// When it came, in seconds since the Unix epoch.
    pub at: i64,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It is the one that answers.
    Same,
    /// It answers from now on.
    Live,
    /// Somebody has refused it before, or went back from it: it is not taken by itself.
    Refused,
    /// It waits for a person.
    Waits {
        /// Why.
        code: String,
    },
}

impl Listing {
    /// Digest of all settings that decide what entries a source has.
    pub fn read_by(&self) -> String {
        let Source { options, mode, rollout_ppm, format, .. } = &self.source;
        digest(&format!("{format:?} {options:?} {mode:?} {rollout_ppm:?} {:?}", self.guards.made_of()))
    }

    /// Digest of all that decides that, settings and people.
    pub(super) fn read_as(&self, book: &Book) -> String {
        let let_in: BTreeSet<String> = self.let_in(book).into_iter().collect();
        digest(&format!("{} {let_in:?}", self.read_by()))
    }

    /// Held entries that enough people have approved.
    pub(super) fn let_in(&self, book: &Book) -> HashSet<String> {
        book.let_in.iter().filter(|(_, who)| self.is_approved(who)).map(|(entry, _)| entry.clone()).collect()
    }

    /// Whether enough people have.
    pub(super) fn is_approved(&self, by: &Approvals) -> bool {
        by.count() >= self.approvers.max(1)
    }
}

fn digest(text: &str) -> String {
    data_encoding::HEXLOWER.encode(blake3::hash(text.as_bytes()).as_bytes().get(..16).unwrap_or_default())
}

impl Store {
    /// Takes a version, unless a guard holds it back. What is there stays whenever this fails.
    ///
    /// # Errors
    /// If it is no list, a guard refuses it, or it cannot be kept.
    pub fn take(&self, listing: &Listing, offer: Offer) -> Result<Taken, StoreError> {
        let place = self.place(&listing.source.name);
        let version = lists::version(&offer.pieces);
        let known = Book::read(place.dir())?;
        let is_live = known.live().filter(|(_, live)| known.pending.is_none() && live.version == version);
        if is_live.is_some_and(|live| self.has_whole((listing, &place), &known, live)) {
            return Ok(Taken::Same);
        }
        let _leave = place.lock()?;
        let mut book = Book::read(place.dir())?;
        let before = book.clone();
        let taken = self.take_into((&place, &mut book), listing, offer, version)?;
        if book != before {
            book.write(place.dir())?;
            place.sweep(&book);
        }
        Ok(taken)
    }

    /// Notes how the source did.
    ///
    /// # Errors
    /// If that cannot be written.
    pub fn note(&self, name: &str, notes: &Notes) -> Result<(), StoreError> {
        let place = self.place(name);
        let _leave = place.lock()?;
        // What was told meanwhile stays told.
        let told = Notes::read(place.dir()).unwrap_or_default().told;
        Notes { told, ..notes.clone() }.write(place.dir())
    }

    /// Notes that the platform is told of that change, and of those before.
    ///
    /// # Errors
    /// If that cannot be written.
    pub fn note_told(&self, name: &str, told: Told) -> Result<(), StoreError> {
        let place = self.place(name);
        let _leave = place.lock()?;
        Notes { told: Some(told), ..Notes::read(place.dir()).unwrap_or_default() }.write(place.dir())
    }

    fn take_into(
        &self,
        (place, book): (&Shelf, &mut Book),
        listing: &Listing,
        offer: Offer,
        version: String,
    ) -> Result<Taken, StoreError> {
        let Offer { pieces, issued, signature, at } = offer;
        if let Some((number, live)) = book.live().filter(|(_, live)| live.version == version) {
            if !self.has_whole((listing, place), book, (number, live)) {
                let read_as = live.read_as.clone();
                return self.mend(place, listing, (number, &read_as), &pieces);
            }
            // Its source has thought better of what waited.
            book.pending = None;
            return Ok(Taken::Same);
        }
        if let Some((_, pending)) = book.pending().filter(|(_, pending)| pending.version == version) {
            let code = pending.reason.clone().unwrap_or_default();
            return Ok(Taken::Waits { code });
        }
        if book.is_refused(&version) {
            return Ok(Taken::Refused);
        }
        let read = self.compile(listing, &pieces, &listing.let_in(book));
        let replay = read.as_ref().ok().and_then(|read| self.replay(listing, book, &read.index, at));
        let facts = UpdateFacts { signature, replay, ..listing.facts(book, &read, issued) };
        let ruling = match listing.guards.update(&facts) {
            // What waits does not answer: the list that remains is judged by itself as well.
            UpdateRuling::Accept => listing.guards.update(&remaining(book, &read)),
            other => other,
        };
        let reason = match ruling {
            UpdateRuling::Accept => None,
            UpdateRuling::Quarantine(code) => Some(code),
            UpdateRuling::Reject(code) => {
                read?;
                return Err(StoreError::Refused { code: code.code(), advice: code.text() });
            }
        };
        let read = read?;
        let number = book.last + 1;
        place.put_source(number, &pieces)?;
        drop(pieces);
        place.put_index((number, &listing.read_as(book)), &read.index)?;
        let noted = Version {
            issued: facts.new_version,
            reason: reason.map(|code| code.code().to_owned()),
            ..described(&read, version, listing.read_as(book), at)
        };
        book.last = number;
        book.versions.insert(number, noted);
        match reason {
            None => book.goes_live(number),
            Some(_) => book.pending = Some(number),
        }
        book.trim();
        Ok(reason.map_or(Taken::Live, |code| Taken::Waits { code: code.code().to_owned() }))
    }

    /// What answers was lost here, and its source has it still.
    fn mend(
        &self,
        place: &Shelf,
        listing: &Listing,
        version: (u64, &str),
        pieces: &[Piece],
    ) -> Result<Taken, StoreError> {
        let book = Book::read(place.dir())?;
        let read = self.compile(listing, pieces, &listing.let_in(&book))?;
        place.put_source(version.0, pieces)?;
        // Read by other settings it is read again when it is opened.
        if listing.read_as(&book) == version.1 {
            place.put_index(version, &read.index)?;
        }
        // Nothing in it changes, and whoever watches it opens the version again.
        book.write(place.dir())?;
        Ok(Taken::Live)
    }

    pub(super) fn compile(
        &self,
        listing: &Listing,
        pieces: &[Piece],
        let_in: &HashSet<String>,
    ) -> Result<GuardedIndex, ListError> {
        let behind = Behind { guards: &listing.guards, approved: let_in };
        lists::compile_guarded(&listing.source, pieces, &self.keys(), &self.tables, behind)
    }
}

pub(super) fn described(read: &GuardedIndex, version: String, read_as: String, taken_at: i64) -> Version {
    let held = read.read.held.iter().map(|held| HeldEntry {
        entry: held.id.clone(),
        own_id: held.own_id.clone(),
        scope: held.scope.name().to_owned(),
        category: held.category.name().to_owned(),
        code: held.code.code().to_owned(),
    });
    let entries = read.index.lists().iter().flat_map(|list: &List| list.entries.clone()).collect();
    let held = held.collect();
    Version {
        version,
        taken_at,
        issued: None,
        entries,
        held,
        reason: None,
        approvals: Approvals::default(),
        was_live: false,
        read_as,
        account: Account::of(&read.read.lines, read.format),
    }
}

impl Listing {
    fn facts(&self, book: &Book, read: &Result<GuardedIndex, ListError>, issued: Option<String>) -> UpdateFacts {
        let live = book.live().map(|(_, live)| live);
        let has = |link: &Option<String>| {
            let index = &read.as_ref().ok()?.index;
            Some(if matches(index, link.as_deref()?) { Presence::Present } else { Presence::Absent })
        };
        let facts = UpdateFacts {
            base_entries: live.map(|live| live.count() + live.held.len() as u64),
            new_version: issued,
            base_version: live.and_then(|live| live.issued.clone()),
            test_entry: has(&self.canary),
            invalid_entry: has(&self.anti_canary),
            ..UpdateFacts::default()
        };
        let facts = facts.with_read(read.as_ref().map(|read| &read.read));
        match self.maintainer {
            // Who writes it is told of its lines, and has nothing better that could go on.
            Maintainer::Operator if live.is_none_or(|live| facts.bad_share <= live.account.bad_share()) => {
                UpdateFacts { bad_share: 0.0, ..facts }
            }
            _ => facts,
        }
    }
}

/// What answers before and after, without entries that wait.
fn remaining(book: &Book, read: &Result<GuardedIndex, ListError>) -> UpdateFacts {
    UpdateFacts {
        base_entries: book.live().map(|(_, live)| live.count()),
        new_entries: read.as_ref().ok().map(|read| read.index.entries()),
        ..UpdateFacts::default()
    }
}

/// Whether a list says anything of a link, now or ever.
fn matches(index: &Index, link: &str) -> bool {
    let mut hits = Vec::new();
    if let Some(url) = canonical(link) {
        index.look_up_ever(&url, 0, &mut hits);
    }
    hits.iter().any(|hit| !hit.exception)
}
