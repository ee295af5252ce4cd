//! The updater of a server: one task per list, for as long as it is in the configuration.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::store::{Store, StoreError};
use crate::telemetry::clock;

use super::prompt::{Heard, Prompts};
use super::{Outcome, Subscription, once};

/// After a failure of our own disk.
const DISK_PAUSE: Duration = Duration::from_secs(30);
/// No source is left alone for longer.
const LONGEST_S: i64 = 60 * 60 * 24 * 31;
/// Clocks jump; whatever is due is seen to within that.
const LOOK: Duration = Duration::from_mins(1);

/// Asks all sources whenever they are due, or somebody prompts, until it is dropped. `told` learns of each attempt, by the name
/// of the list.
pub async fn run(
    store: Store,
    subscriptions: Vec<Subscription>,
    prompts: Prompts,
    told: impl Fn(&str, &Result<Outcome, StoreError>) + Clone + Send + Sync + 'static,
) {
    let mut lists = JoinSet::new();
    for subscription in subscriptions {
        let heard = prompts.heard_by(&subscription.listing.source.name);
        lists.spawn(keep(store.clone(), subscription, heard, told.clone()));
    }
    while lists.join_next().await.is_some() {}
}

async fn keep(
    store: Store,
    subscription: Subscription,
    mut heard: Heard,
    told: impl Fn(&str, &Result<Outcome, StoreError>) + Send + Sync + 'static,
) {
    let name = &subscription.listing.source.name;
    loop {
        let now = clock::now();
        let notes = store.notes(name).unwrap_or_default();
        let has_version = store.book(name).is_ok_and(|book| book.live.is_some());
        // A list that never answered is not waited for longer than after its first failure.
        // A clock that was ahead once keeps nobody waiting for years.
        let wait = Some(notes.next_at.saturating_sub(now)).filter(|wait| *wait <= LONGEST_S).unwrap_or(0);
        let is_same = notes.asked_as == subscription.asked_as;
        if wait > 0 && is_same && (has_version || notes.failures > 0) && !heard.is_wanted() {
            let pause = Duration::from_secs(wait.unsigned_abs()).min(LOOK);
            tokio::select! {
                () = sleep(pause) => {}
                () = heard.wait() => {}
            }
            continue;
        }
        heard.gather();
        let outcome = once(&store, &subscription, now).await;
        told(name, &outcome);
        heard.tell((&outcome).into());
        if outcome.is_err() {
            sleep(DISK_PAUSE).await;
        }
    }
}
