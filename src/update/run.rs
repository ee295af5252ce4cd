//! The updater of a server: one task per list, for as long as it is in the configuration.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::store::{Notes, Store, StoreError};
use crate::telemetry::clock;

use super::once::is_lost;
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
    told: impl Fn(&str, &Result<Outcome, StoreError>) + Clone + Send + Sync + 'static,
) {
    let name = &subscription.listing.source.name;
    let mut has_asked = false;
    loop {
        let now = clock::now();
        let notes = store.notes(name).unwrap_or_default();
        let wait = wait_s(&notes, now);
        let is_same = notes.asked_as == subscription.asked_as;
        // A list that does not answer is asked for at once, and then not more often than others.
        let is_due = !has_asked && notes.failures == 0 && is_lost(&store, &subscription.listing).await;
        if wait > 0 && is_same && !is_due && !heard.is_wanted() {
            let pause = Duration::from_secs(wait.unsigned_abs()).min(LOOK);
            tokio::select! {
                () = sleep(pause) => {}
                () = heard.wait() => {}
            }
            continue;
        }
        has_asked = true;
        heard.gather();
        let (told, list) = (told.clone(), name.clone());
        let outcome = once(&store, &subscription, now, move |outcome| told(&list, outcome)).await;
        heard.tell((&outcome).into());
        if outcome.is_err() {
            sleep(DISK_PAUSE).await;
        }
    }
}

/// How long the source is left alone, in seconds. A clock that was ahead once keeps nobody waiting.
fn wait_s(notes: &Notes, now: i64) -> i64 {
    let was_ahead = notes.tried_at.is_some_and(|at| at > now);
    if was_ahead { 0 } else { notes.next_at.saturating_sub(now).clamp(0, LONGEST_S) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_asked_when_it_is_due_or_the_clock_was_wrong() {
        const NOW: i64 = 1_800_000_000;
        for (tried_at, next_at, expected) in [
            (None, 0, 0),
            (Some(NOW - 60), NOW + 60, 60),
            (Some(NOW - 60), NOW - 1, 0),
            (Some(NOW), NOW + LONGEST_S + 1, LONGEST_S),
            (Some(NOW + 1), NOW + 60, 0),
        ] {
            assert_eq!(
                wait_s(&Notes { tried_at, next_at, ..Notes::default() }, NOW),
                expected,
                "{tried_at:?} {next_at}"
            );
        }
    }
}
