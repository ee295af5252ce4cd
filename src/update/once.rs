//! One attempt: the source is asked, and then whatever it said is taken, noted and told in one go.

use std::time::Duration;

use tokio::task::spawn_blocking;

use crate::fetch::{Downloaded, Validators};
use crate::lists::guard::Signature;
use crate::lists::{Beside, Signed};
use crate::store::{Listing, Notes, Offer, Store, StoreError};

use super::wrong::Wrong;
use super::{DIGEST, Outcome, SIGNATURE, Subscription};

/// Asks the source of a list, takes what it has, and notes how it went; `now` is in seconds since the Unix epoch.
///
/// `told` learns how it went. Whoever stops waiting while the source is asked has nothing taken; later, all of it is done,
/// and told, all the same.
///
/// # Errors
/// If what is kept of the list can be neither read nor written.
pub async fn once(
    store: &Store,
    subscription: &Subscription,
    now: i64,
    told: impl FnOnce(&Result<Outcome, StoreError>) + Send + 'static,
) -> Result<Outcome, StoreError> {
    // They are of no use if they are damaged, and nothing hangs on them.
    let notes = store.notes(&subscription.listing.source.name).unwrap_or_default();
    let said = ask(store, subscription, &notes).await;
    let attempt = Attempt { store: store.clone(), subscription: subscription.clone(), notes, now };
    let again = attempt.clone();
    // Reading a million lines takes a while, and another process may hold the lock.
    let settling = spawn_blocking(move || {
        let outcome = attempt.settle(said);
        told(&outcome);
        outcome
    });
    match settling.await {
        Ok(outcome) => outcome,
        Err(_) => spawn_blocking(move || again.note(Err(StoreError::BrokenOff.into())))
            .await
            .unwrap_or(Err(StoreError::BrokenOff)),
    }
}

/// What a source said.
struct Said {
    /// Its list, and what stands beside it; nothing if it is the same as before.
    list: Option<(Vec<u8>, Beside)>,
    validators: Validators,
    fresh_for: Option<Duration>,
}

async fn ask(store: &Store, subscription: &Subscription, notes: &Notes) -> Result<Said, Wrong> {
    // Without a version of its own there is nothing that could be unchanged.
    let is_lost = is_lost(store, &subscription.listing).await;
    let is_other = notes.asked_as != subscription.asked_as;
    let known = if is_lost || is_other { Validators::default() } else { notes.validators.clone() };
    Ok(match subscription.downloader.get(&known).await? {
        Downloaded::Unchanged { fresh_for, validators } => Said { list: None, validators, fresh_for },
        Downloaded::Body { bytes, validators, fresh_for } => {
            let list = Some((bytes, beside(subscription).await?));
            Said { list, validators, fresh_for }
        }
    })
}

/// What stands beside it, as far as that is asked for.
async fn beside(subscription: &Subscription) -> Result<Beside, Wrong> {
    let (proof, downloader) = (&subscription.listing.proof, &subscription.downloader);
    Ok(Beside {
        digest: if proof.digest { downloader.beside(DIGEST).await? } else { None },
        signature: if proof.keys.is_empty() { None } else { downloader.beside(SIGNATURE).await? },
    })
}

/// Whether there is nothing of a list that could answer; an index may have to be opened to tell.
pub(super) async fn is_lost(store: &Store, listing: &Listing) -> bool {
    let (store, listing) = (store.clone(), listing.clone());
    spawn_blocking(move || store.is_lost(&listing)).await.unwrap_or(false)
}

/// What an attempt needs once the source has spoken.
#[derive(Clone)]
struct Attempt {
    store: Store,
    subscription: Subscription,
    /// How the source did before.
    notes: Notes,
    now: i64,
}

impl Attempt {
    fn settle(&self, said: Result<Said, Wrong>) -> Result<Outcome, StoreError> {
        self.note(said.and_then(|Said { list, validators, fresh_for }| {
            let outcome = list.map_or(Ok(Outcome::Unchanged), |(bytes, beside)| self.take(bytes, &beside))?;
            Ok((outcome, validators, fresh_for))
        }))
    }

    fn take(&self, bytes: Vec<u8>, beside: &Beside) -> Result<Outcome, Wrong> {
        let listing = &self.subscription.listing;
        let signed = listing.proof.check(&bytes, beside)?;
        let pieces = listing.source.pieces(bytes)?;
        let issued = signed.as_ref().and_then(Signed::issued);
        let offer = Offer { pieces, issued, signature: signed.map(|_| Signature::Right), at: self.now };
        Ok(Outcome::Taken(self.store.take(listing, offer)?))
    }

    fn note(&self, outcome: Result<(Outcome, Validators, Option<Duration>), Wrong>) -> Result<Outcome, StoreError> {
        let Self { store, subscription, notes, now } = self;
        let (name, back_off) = (&subscription.listing.source.name, &subscription.back_off);
        let at = |wait: Duration| now.saturating_add(i64::try_from(wait.as_secs()).unwrap_or(i64::MAX));
        let asked = Notes { tried_at: Some(*now), asked_as: subscription.asked_as.clone(), ..notes.clone() };
        let (outcome, next) = match outcome {
            Ok((outcome, validators, fresh_for)) => {
                let next_at = at(back_off.after_success(fresh_for, chance()));
                let (offered, checked_at) = outcome.seen(&store.book(name)?, notes, *now);
                let (last_error, failures) = (None, 0);
                (outcome, Notes { last_error, checked_at, validators, offered, next_at, failures, ..asked })
            }
            // Whoever writes there would keep us waiting for the notes as well.
            Err(Wrong::Store(error @ StoreError::Busy { .. })) => return Err(error),
            Err(wrong) => {
                let failures = notes.failures.saturating_add(1);
                let next_at = at(back_off.after_failure(failures, wrong.retry_after(), chance()));
                let failure = wrong.failure(*now);
                // Whoever says that nothing changed about another version is asked for all of it.
                let validators = if wrong.was_unasked() { Validators::default() } else { asked.validators };
                let last_error = Some(failure.clone());
                (Outcome::Failed(failure), Notes { last_error, validators, next_at, failures, ..asked })
            }
        };
        store.note(name, &next).map(|()| outcome)
    }
}

/// A random number; where there is none, all come at the same moment, which is no fault.
fn chance() -> u64 {
    getrandom::u64().unwrap_or_default()
}
