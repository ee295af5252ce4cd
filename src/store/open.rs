//! Which index answers for a list: that of its live version, or, where that one cannot be used, the last that can.

use std::path::Path;

use crate::index::Index;
use crate::lists::Piece;
use crate::lists::guard::{UpdateFacts, UpdateRuling};

use super::book::{Book, Notes, Version};
use super::intake::described;
use super::shelf::Shelf;
use super::{Access, Listing, Live, Store, StoreError};

impl Store {
    /// The index of the version that answers, made anew from its source where rules, key or settings have changed.
    ///
    /// If that one cannot be used, what answered before goes on: the same version as it was read before, or an earlier one; what
    /// is wrong is told beside it.
    ///
    /// # Errors
    /// If there are versions and none can be used.
    pub fn live(&self, listing: &Listing) -> Result<Option<Live>, StoreError> {
        let place = self.place(&listing.source.name);
        let book = Book::read(place.dir())?;
        let Some((number, version)) = book.live() else { return Ok(None) };
        let seen_at = Notes::read(place.dir()).unwrap_or_default().checked_at.unwrap_or(version.taken_at);
        let trouble = match self.as_read(listing, &book, number) {
            Ok((index, trouble)) => return Ok(Some(Live { number, seen_at, index, trouble, is_earlier: false })),
            Err(trouble) => trouble,
        };
        // What somebody went back from does not come back by itself.
        let may_answer = |version: &Version| version.was_live && !book.is_refused(&version.version);
        let earlier = book.versions.range(..number).rev().filter(|(_, version)| may_answer(version));
        for (&number, _) in earlier {
            if let Ok(index) = self.index_of(listing, &place, &book, number) {
                return Ok(Some(Live { number, seen_at, index, trouble: Some(trouble), is_earlier: true }));
            }
        }
        Err(trouble)
    }

    /// The index of a version by the settings of now, or else by those from before, with what keeps it from the others.
    pub(super) fn as_read(
        &self,
        listing: &Listing,
        book: &Book,
        number: u64,
    ) -> Result<(Index, Option<StoreError>), StoreError> {
        let place = self.place(&listing.source.name);
        let trouble = match self.index_of(listing, &place, book, number) {
            Ok(index) => return Ok((index, None)),
            Err(trouble) => trouble,
        };
        let read_as = book.versions.get(&number).map(|version| &*version.read_as).unwrap_or_default();
        match place.index((number, read_as), self.keys(), &self.tables) {
            Ok(Some(index)) => Ok((index, Some(trouble))),
            _ => Err(trouble),
        }
    }

    /// The index of what waits: of a version, or of entries of the one that answers, as it would be with them.
    ///
    /// # Errors
    /// If anything does and it cannot be used.
    pub fn waiting_index(&self, listing: &Listing) -> Result<Option<Index>, StoreError> {
        let place = self.place(&listing.source.name);
        let book = Book::read(place.dir())?;
        if let Some((number, _)) = book.pending() {
            return self.index_of(listing, &place, &book, number).map(Some);
        }
        let Some((number, live)) = book.live().filter(|(_, live)| !live.held.is_empty()) else { return Ok(None) };
        let pieces = listing.source.formatted(place.source(number)?);
        let held = live.held.iter().map(|held| held.entry.clone()).chain(listing.let_in(&book));
        Ok(Some(self.compile(listing, &pieces, &held.collect())?.index))
    }

    /// The index of a version that is kept, by its number.
    ///
    /// # Errors
    /// If there is no such version, or it cannot be used.
    pub fn index(&self, listing: &Listing, number: u64) -> Result<Index, StoreError> {
        let name = &listing.source.name;
        let place = self.place(name);
        let book = Book::read(place.dir())?;
        if !book.versions.contains_key(&number) {
            return Err(StoreError::NoVersion { name: name.clone(), version: number.to_string() });
        }
        self.index_of(listing, &place, &book, number)
    }

    /// Writes the index of a version to a file, and gives back how many entries it has.
    ///
    /// # Errors
    /// If there is no such version, it cannot be used, or the file cannot be written.
    pub fn export(&self, listing: &Listing, number: u64, out: &Path) -> Result<u64, StoreError> {
        let entries = self.index(listing, number)?.entries();
        let place = self.place(&listing.source.name);
        let read_as = Book::read(place.dir())?.versions.get(&number).map(|version| version.read_as.clone());
        place.copy_index((number, &read_as.unwrap_or_default()), out)?;
        Ok(entries)
    }

    /// The source of the version that answers.
    ///
    /// # Errors
    /// If there is one and it cannot be read.
    pub fn source(&self, name: &str) -> Result<Option<Vec<Piece>>, StoreError> {
        let place = self.place(name);
        let book = Book::read(place.dir())?;
        book.live().map(|(number, _)| place.source(number)).transpose()
    }

    /// Whether no version answers or waits that can be used, or made anew: it is worth asking the source for all of it.
    pub fn is_lost(&self, listing: &Listing) -> bool {
        let place = self.place(&listing.source.name);
        let is_lost = |book: &Book| match book.live() {
            Some(live) => !self.has_whole((listing, &place), book, live),
            None => book.pending.is_none(),
        };
        Book::read(place.dir()).is_ok_and(|book| is_lost(&book))
    }

    /// Whether the index of a version can be opened as it is to be read, or made from its source.
    pub(super) fn has_whole(
        &self,
        (listing, place): (&Listing, &Shelf),
        book: &Book,
        (number, version): (u64, &Version),
    ) -> bool {
        let is_as_read = version.read_as == listing.read_as(book);
        let has_index = || matches!(place.index((number, &version.read_as), self.keys(), &self.tables), Ok(Some(_)));
        place.has_source(number) && (is_as_read && has_index() || place.source(number).is_ok())
    }

    fn index_of(&self, listing: &Listing, place: &Shelf, book: &Book, number: u64) -> Result<Index, StoreError> {
        let known = book.versions.get(&number);
        if let Some(version) = known.filter(|version| version.read_as == listing.read_as(book))
            && let Some(index) = place.index((number, &version.read_as), self.keys(), &self.tables)?
            && index.lists().iter().any(|list| list.version == version.version)
        {
            return Ok(index);
        }
        self.read_again(listing, number)
    }

    /// Makes the index of a version again, and puts it in its place if anything can be written there.
    ///
    /// Where other settings lose much of a list it is not taken, as long as there is what they were before.
    fn read_again(&self, listing: &Listing, number: u64) -> Result<Index, StoreError> {
        let place = self.place(&listing.source.name);
        let leave = if self.access == Access::Looks { None } else { place.lock().ok() };
        let mut book = Book::read(place.dir())?;
        let pieces = listing.source.formatted(place.source(number)?);
        let read = self.compile(listing, &pieces, &listing.let_in(&book))?;
        drop(pieces);
        let read_as = listing.read_as(&book);
        let Some(version) = book.versions.get_mut(&number) else { return Ok(read.index) };
        let fresh = described(&read, version.version.clone(), read_as.clone(), version.taken_at);
        let facts = UpdateFacts {
            base_entries: Some(version.count()),
            new_entries: Some(fresh.count()),
            ..UpdateFacts::default()
        };
        let has_former = || matches!(place.index((number, &version.read_as), self.keys(), &self.tables), Ok(Some(_)));
        if let UpdateRuling::Reject(code) | UpdateRuling::Quarantine(code) = listing.guards.update(&facts)
            && has_former()
        {
            return Err(StoreError::OtherReading { code: code.code() });
        }
        let is_other = version.read_as != read_as;
        *version = Version {
            issued: version.issued.take(),
            reason: version.reason.take(),
            approvals: std::mem::take(&mut version.approvals),
            was_live: version.was_live,
            ..fresh
        };
        // An entry that was let in or taken out has been noted as a change already.
        let is_noted = book.changes.last().is_some_and(|last| last.entry.is_some());
        if is_other && !is_noted && book.live == Some(number) {
            book.changed(book.live, None);
        }
        // Where nothing can be written it is made again the next time.
        if leave.is_some() && place.put_index((number, &read_as), &read.index).is_ok() {
            drop(book.write(place.dir()));
        }
        Ok(read.index)
    }
}
