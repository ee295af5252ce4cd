//! Why an attempt failed, and what is noted of it.

use std::time::Duration;

use crate::fetch::DownloadError;
use crate::lists::{ListError, SignedError, in_words};
use crate::store::{Book, Failure, Notes, StoreError, Taken};

use super::Outcome;

/// Why an attempt failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Wrong {
    #[error(transparent)]
    Download(#[from] DownloadError),
    #[error(transparent)]
    Signed(#[from] SignedError),
    #[error(transparent)]
    List(#[from] ListError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Wrong {
    /// What is to be told of it.
    pub(super) fn failure(&self, at: i64) -> Failure {
        Failure { code: self.code().to_owned(), line: self.line(), text: in_words(self), at }
    }

    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Download(error) => error.code(),
            Self::Signed(error) => error.code(),
            Self::List(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    pub(super) fn line(&self) -> Option<u64> {
        match self {
            Self::List(error) => error.line(),
            Self::Store(error) => error.line(),
            _ => None,
        }
    }

    pub(super) fn was_unasked(&self) -> bool {
        matches!(self, Self::Download(DownloadError::NotModifiedUnasked))
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Download(error) => error.retry_after(),
            _ => None,
        }
    }
}

impl Outcome {
    /// What is known of the source after it: which version it has, and when that was the one that answers.
    pub(super) fn seen(&self, book: &Book, before: &Notes, at: i64) -> (String, Option<i64>) {
        let version =
            |version: Option<(u64, &crate::store::Version)>| version.map(|(_, version)| version.version.clone());
        let offered = match self {
            Self::Taken(Taken::Live | Taken::Same) => version(book.live()).unwrap_or_default(),
            Self::Taken(Taken::Waits { .. }) => version(book.pending()).unwrap_or_default(),
            // None that answers.
            Self::Taken(Taken::Refused) => self.code().to_owned(),
            Self::Unchanged | Self::Failed(_) => before.offered.clone(),
        };
        // A source whose versions all wait leaves the one that answers behind.
        let is_behind = !offered.is_empty() && version(book.live()).is_some_and(|live| live != offered);
        (offered, if is_behind { before.checked_at } else { Some(at) })
    }
}
