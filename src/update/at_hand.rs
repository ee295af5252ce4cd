//! A list that need not be downloaded: in a file, a directory, or on standard input.

use crate::store::{Listing, Notes, Offer, Store, StoreError};

use super::Outcome;
use super::wrong::Wrong;

/// Reads a list where its source says, takes what it has, and notes how it went; `now` is in seconds since the Unix epoch.
///
/// # Errors
/// If what is kept of the list can be neither read nor written.
pub fn at_hand(store: &Store, listing: &Listing, now: i64) -> Result<Outcome, StoreError> {
    let name = &listing.source.name;
    let notes = store.notes(name)?;
    // Before it is read: what is written meanwhile is newer.
    let written_at = listing.source.written_at().unwrap_or(now);
    let take = || {
        let pieces = listing.source.read().map_err(|error| error.of(&listing.source.label()))?;
        Ok::<_, Wrong>(store.take(listing, Offer { pieces, issued: None, signature: None, at: now })?)
    };
    let (outcome, next) = match take() {
        Ok(taken) => {
            let outcome = Outcome::Taken(taken);
            let (offered, checked_at) = outcome.seen(&store.book(name)?, &notes, written_at);
            (outcome, Notes { last_error: None, checked_at, offered, failures: 0, ..notes.clone() })
        }
        Err(wrong) => {
            // Told again and again it is one failure, which began once.
            let known = notes.last_error.as_ref().filter(|known| known.code == wrong.code());
            let failure = wrong.failure(known.map_or(now, |known| known.at));
            (Outcome::Failed(failure.clone()), Notes { last_error: Some(failure), failures: 1, ..notes.clone() })
        }
    };
    // Most runs find what they found before, and need not be allowed to write.
    if next != notes {
        store.note(name, &next)?;
    }
    Ok(outcome)
}
