//! What a version would newly match of what was checked lately.

use std::sync::Arc;

use crate::index::Index;
use crate::lists::guard::Replay;
use crate::sample::{Foreseen, Sampler};

use super::{Book, Listing, Store, StoreError};

/// A share of fewer links says nothing: one of them would be more than what is believed of a version by default.
const JUDGED_MIN_LINKS: u64 = 1_000;

impl Store {
    /// This store, where what comes in is held against what was checked lately.
    #[must_use]
    pub fn sampling(self, sampler: Option<Arc<Sampler>>) -> Self {
        Self { sampler, ..self }
    }

    /// How many of the links checked lately what waits would match and what answers does not; nothing if nothing waits or no
    /// links are known.
    ///
    /// # Errors
    /// If a version cannot be used.
    pub fn foresee(&self, listing: &Listing, now: i64) -> Result<Option<Foreseen>, StoreError> {
        let Some(waiting) = self.waiting_index(listing)? else { return Ok(None) };
        self.held_against(listing, &self.book(&listing.source.name)?, &waiting, now)
    }

    /// What guards learn of it. A version that answers and cannot be read compares with nothing.
    pub(super) fn replay(&self, listing: &Listing, book: &Book, new: &Index, now: i64) -> Option<Replay> {
        let Foreseen { links, newly_matched } = self.held_against(listing, book, new, now).ok().flatten()?;
        (links >= JUDGED_MIN_LINKS).then_some(Replay { posts: links, newly_matched })
    }

    fn held_against(
        &self,
        listing: &Listing,
        book: &Book,
        new: &Index,
        now: i64,
    ) -> Result<Option<Foreseen>, StoreError> {
        let sample = self.sampler.as_ref().map(|sampler| sampler.sample()).filter(|sample| !sample.is_empty());
        let Some(sample) = sample else { return Ok(None) };
        let live = self.answering(listing, book)?;
        Ok(Some(sample.foresee(new, live.as_ref(), now)))
    }

    /// The index of the version that answers, made anew for this once if it was read in another way.
    fn answering(&self, listing: &Listing, book: &Book) -> Result<Option<Index>, StoreError> {
        let place = self.place(&listing.source.name);
        let Some((number, version)) = book.live() else { return Ok(None) };
        if version.read_as == listing.read_as(book)
            && let Some(index) = place.index((number, &version.read_as), self.keys(), &self.tables)?
        {
            return Ok(Some(index));
        }
        let pieces = listing.source.formatted(place.source(number)?);
        let read = self.compile(listing, &pieces, &listing.let_in(book))?;
        Ok(Some(read.index))
    }
}
