//! One attempt.

use std::time::Duration;

use tokio::task::spawn_blocking;

use crate::fetch::{Downloaded, Validators};
use crate::lists::guard::Signature;
use crate::lists::{self, Signed};
use crate::store::{Listing, Notes, Offer, Store, StoreError, Taken};

use super::wrong::Wrong;
use super::{Digest, Outcome, Subscription};

/// Asks the source of a list, takes what it has, and notes how it went; `now` is in seconds since the Unix epoch.
///
/// # Errors
/// If what is kept of the list can be neither read nor written.
pub async fn once(store: &Store, subscription: &Subscription, now: i64) -> Result<Outcome, StoreError> {
    let name = &subscription.listing.source.name;
    let notes = store.notes(name)?;
    let (tried_at, asked_as) = (Some(now), subscription.asked_as.clone());
    let attempt = attempt(store, subscription, &notes, now).await;
    let back_off = &subscription.back_off;
    let at = |wait: Duration| now.saturating_add(i64::try_from(wait.as_secs()).unwrap_or(i64::MAX));
    let (outcome, next) = match attempt {
        Ok((outcome, validators, fresh_for)) => {
            let next_at = at(back_off.after_success(fresh_for, chance()));
            let (offered, checked_at) = outcome.seen(&store.book(name)?, &notes, now);
            let told = notes.told;
            let (last_error, failures) = (None, 0);
            (
                outcome,
                Notes { last_error, checked_at, validators, asked_as, offered, tried_at, next_at, failures, told },
            )
        }
        // Whoever writes there would keep us waiting for the notes as well.
        Err(Wrong::Store(error @ StoreError::Busy { .. })) => return Err(error),
        Err(wrong) => {
            let failures = notes.failures.saturating_add(1);
            let next_at = at(back_off.after_failure(failures, wrong.retry_after(), chance()));
            let failure = wrong.failure(now);
            // Whoever says that nothing changed about another version is asked for all of it.
            let validators = if wrong.was_unasked() { Validators::default() } else { notes.validators };
            let last_error = Some(failure.clone());
            (Outcome::Failed(failure), Notes { last_error, validators, asked_as, tried_at, next_at, failures, ..notes })
        }
    };
    let (store, name) = (store.clone(), name.clone());
    // Another process may hold the lock for a while.
    let noting = spawn_blocking(move || store.note(&name, &next)).await;
    noting.unwrap_or(Ok(())).map(|()| outcome)
}

type Attempt = (Outcome, Validators, Option<Duration>);

async fn attempt(store: &Store, subscription: &Subscription, notes: &Notes, now: i64) -> Result<Attempt, Wrong> {
    // Without a version of its own there is nothing that could be unchanged.
    let is_lost = is_lost(store, &subscription.listing).await;
    let is_other = notes.asked_as != subscription.asked_as;
    let known = if is_lost || is_other { Validators::default() } else { notes.validators.clone() };
    match subscription.downloader.get(&known).await? {
        Downloaded::Unchanged { fresh_for, validators } => Ok((Outcome::Unchanged, validators, fresh_for)),
        Downloaded::Body { bytes, validators, fresh_for } => {
            let signed = signed(subscription, &bytes).await?;
            let (store, listing) = (store.clone(), subscription.listing.clone());
            // Reading a million lines takes a while.
            let taking = spawn_blocking(move || -> Result<Taken, Wrong> {
                let pieces = listing.source.pieces(bytes)?;
                let issued = signed.as_ref().and_then(|signed| {
                    signed.version.clone().or_else(|| signed.timestamp.map(|timestamp| timestamp.to_string()))
                });
                let offer = Offer { pieces, issued, signature: signed.map(|_| Signature::Right), at: now };
                Ok(store.take(&listing, offer)?)
            });
            let taken = taking.await.map_err(|_| Wrong::BrokenOff)??;
            Ok((Outcome::Taken(taken), validators, fresh_for))
        }
    }
}

/// Whether there is nothing of a list that could answer; an index may have to be opened to tell.
pub(super) async fn is_lost(store: &Store, listing: &Listing) -> bool {
    let (store, listing) = (store.clone(), listing.clone());
    spawn_blocking(move || store.is_lost(&listing)).await.unwrap_or(false)
}

/// Whether it is its publisher's, as far as that is asked for.
async fn signed(subscription: &Subscription, bytes: &[u8]) -> Result<Option<Signed>, Wrong> {
    let Subscription { downloader, keys, digest, file, .. } = subscription;
    if *digest == Digest::Sha256 {
        let beside = downloader.beside(".sha256").await?;
        lists::check_digest(bytes, beside.as_deref(), file)?;
    }
    if keys.is_empty() {
        return Ok(None);
    }
    let beside = downloader.beside(".minisig").await?;
    Ok(Some(lists::verify(bytes, beside.as_deref(), keys)?))
}

/// A random number; where there is none, all come at the same moment, which is no fault.
fn chance() -> u64 {
    getrandom::u64().unwrap_or_default()
}
