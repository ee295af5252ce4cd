//! What people do to versions: approve what waits, let in what was held, go back.

use super::approvals::Approvals;
use super::book::Book;
use super::{Listing, Store, StoreError};

/// What an approval came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approved {
    /// What was approved answers now.
    Live,
    /// It takes one more person.
    OneMore,
}

impl Store {
    /// Approves the version of that number, if it is the one that waits; `by` are all names of the person who does.
    ///
    /// # Errors
    /// If it does not wait any more, or the same person has approved it already.
    pub fn approve(&self, listing: &Listing, number: u64, by: &[&str]) -> Result<Approved, StoreError> {
        let name = &listing.source.name;
        let book = self.book(name)?;
        if book.versions.contains_key(&number) {
            // What cannot be used would not answer.
            self.as_read(listing, &book, number)?;
        }
        self.change(name, |book| {
            let is_it = book.pending == Some(number) || book.was_refused(number);
            let version = book.versions.get_mut(&number).filter(|_| is_it);
            let version = version.ok_or_else(|| StoreError::NothingPending { name: name.clone() })?;
            if let Some(waits) = one_more(&mut version.approvals, listing, by) {
                return waits;
            }
            let version = version.version.clone();
            book.refused.retain(|refused| *refused != version);
            book.goes_live(number);
            Ok(Approved::Live)
        })
    }

    /// Refuses the version of that number, if it is the one that waits: it is not taken again by itself.
    ///
    /// # Errors
    /// If it does not wait any more.
    pub fn refuse(&self, name: &str, number: u64) -> Result<(), StoreError> {
        self.change(name, |book| {
            let pending = book.pending().filter(|(pending, _)| *pending == number);
            let version = pending.map(|(_, version)| version.version.clone());
            book.refuse(version.ok_or_else(|| StoreError::NothingPending { name: name.to_owned() })?);
            book.pending = None;
            Ok(())
        })
    }

    /// Holds an entry back again that was let in.
    ///
    /// # Errors
    /// If nobody has let it in.
    pub fn hold_back(&self, listing: &Listing, entry: &str) -> Result<(), StoreError> {
        let name = &listing.source.name;
        self.source(name)?;
        self.change(name, |book| {
            let who = book.let_in.remove(entry).ok_or_else(|| StoreError::NothingPending { name: name.clone() })?;
            if listing.is_approved(&who) {
                book.changed(book.live, Some(entry.to_owned()));
            }
            Ok(())
        })?;
        self.read_with_all(listing)
    }

    /// Reads what answers again, after an entry was let in or taken out.
    fn read_with_all(&self, listing: &Listing) -> Result<(), StoreError> {
        let trouble = self.live(listing)?.and_then(|live| live.trouble);
        trouble.map_or(Ok(()), Err)
    }

    /// Lets an entry in that was held back, also in versions to come.
    ///
    /// # Errors
    /// If no such entry is held, or the same person has approved it already.
    pub fn let_in(&self, listing: &Listing, entry: &str, by: &[&str]) -> Result<Approved, StoreError> {
        let name = &listing.source.name;
        // It is to be read again with it, now and not once somebody mends it.
        self.source(name)?;
        let approved = self.change(name, |book| {
            if !book.holds(entry) {
                return Err(StoreError::NothingPending { name: name.clone() });
            }
            if let Some(waits) = one_more(book.let_in.entry(entry.to_owned()).or_default(), listing, by) {
                return waits;
            }
            book.changed(book.live, Some(entry.to_owned()));
            Ok(Approved::Live)
        })?;
        if approved == Approved::Live {
            self.read_with_all(listing)?;
        }
        Ok(approved)
    }

    /// Goes back to an earlier version: the one before, or the one with that number. The one that answered until now is not
    /// taken again by itself. Gives back the number of the one that answers.
    ///
    /// # Errors
    /// If there is none, it cannot be used, or it answers already.
    pub fn roll_back(&self, listing: &Listing, to: Option<u64>) -> Result<u64, StoreError> {
        let name = &listing.source.name;
        let has_answered = |book: &Book, to: u64| book.versions.get(&to).is_some_and(|version| version.was_live);
        let book = self.book(name)?;
        let none = |version: String| StoreError::NoVersion { name: name.clone(), version };
        let to = to.or_else(|| book.before_live()).ok_or_else(|| none("before".to_owned()))?;
        if has_answered(&book, to) {
            self.as_read(listing, &book, to)?;
        }
        self.change(name, |book| {
            if !has_answered(book, to) {
                return Err(none(to.to_string()));
            }
            if book.live == Some(to) {
                return Err(StoreError::Answers { name: name.clone(), version: to });
            }
            let left = [book.live().filter(|(live, _)| *live != to), book.pending()];
            let left: Vec<String> = left.into_iter().flatten().map(|(_, version)| version.version.clone()).collect();
            for version in left {
                book.refuse(version);
            }
            if let Some(version) = book.versions.get(&to).map(|version| version.version.clone()) {
                book.refused.retain(|refused| *refused != version);
            }
            book.goes_live(to);
            Ok(to)
        })
    }

    fn change<T>(&self, name: &str, change: impl FnOnce(&mut Book) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let place = self.place(name);
        let _leave = place.lock()?;
        let mut book = Book::read(place.dir())?;
        let changed = change(&mut book)?;
        book.write(place.dir())?;
        Ok(changed)
    }
}

/// Adds an approval; what it came to, unless it was the last one that was needed.
fn one_more(approvals: &mut Approvals, listing: &Listing, by: &[&str]) -> Option<Result<Approved, StoreError>> {
    let is_new = approvals.add(by);
    let once = || StoreError::SamePerson { author: by.last().copied().unwrap_or_default().to_owned() };
    let waits = if is_new { Ok(Approved::OneMore) } else { Err(once()) };
    (!listing.is_approved(approvals)).then_some(waits)
}
