//! The state of a list as `lists status` and `GET /v1/lists` tell of it.

use crate::lists::{LastError, SourceState, Waiting, in_words};

use super::{Book, Failure, Notes, Store, StoreError};

impl Store {
    /// The state of a list at `now`, in seconds since the Unix epoch; it is stale if its source was not seen for `stale_s`, if
    /// that is said.
    pub fn state(&self, name: &str, stale_s: Option<u32>, now: i64) -> SourceState {
        match self.book(name) {
            Ok(book) => told(name, &book, &self.notes(name).unwrap_or_default(), (stale_s, now)),
            Err(error) => SourceState { last_error: Some((&error).into()), ..SourceState::missing(name) },
        }
    }
}

fn told(name: &str, book: &Book, notes: &Notes, (stale_s, now): (Option<u32>, i64)) -> SourceState {
    let pending = book.pending().map(|(number, version)| Waiting {
        number,
        version: version.version.clone(),
        entries: version.count(),
        code: version.reason.clone().unwrap_or_default(),
    });
    let last_error = notes.last_error.as_ref().map(LastError::from);
    let Some((number, live)) = book.live() else {
        return SourceState { last_error, pending, ..SourceState::missing(name) };
    };
    // A clock that was ahead once makes nothing fresh for years.
    let seen_at = notes.checked_at.filter(|at| *at <= now).unwrap_or(live.taken_at);
    let age_s = now.saturating_sub(seen_at).max(0);
    let state = match &pending {
        _ if stale_s.is_some_and(|stale_s| age_s > stale_s.into()) => "stale",
        Some(_) => "quarantined",
        None => "live",
    };
    SourceState {
        version: live.version.clone(),
        number: Some(number),
        earlier: book.earlier().collect(),
        entries: live.entries.clone(),
        held: live.held.len() as u64,
        refuses: notes.offered == Notes::REFUSED,
        age_s: Some(age_s.unsigned_abs()),
        state,
        last_error,
        pending,
        ..SourceState::missing(name)
    }
}

impl From<&Failure> for LastError {
    fn from(failure: &Failure) -> Self {
        Self { code: failure.code.clone().into(), line: failure.line, text: failure.text.clone() }
    }
}

impl From<&StoreError> for LastError {
    fn from(error: &StoreError) -> Self {
        Self { code: error.code().into(), line: error.line(), text: in_words(error) }
    }
}
