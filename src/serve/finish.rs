//! Finishes checks in the background: followed to their end, judged by the lists of that moment, told if that differs.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};

use crate::check::{Finished, Report};
use crate::outbox::{CheckId, Event, Outbox, Task};
use crate::telemetry::clock;
use crate::verdict::Action;

use super::api::Api;
use super::late::{FollowUp, Late, listed};

/// What finishes them, by whatever is in place.
#[derive(Clone)]
pub(super) struct Finisher {
    api: Arc<ArcSwap<Api>>,
    late: Late,
    under_way: Arc<Mutex<HashSet<CheckId>>>,
}

/// What is told of a check that is finished.
#[derive(Serialize)]
struct Settled<'s> {
    id: String,
    state: &'static str,
    door: &'s str,
    subject: &'s str,
    action_was: Action,
    report: &'s Report,
}

/// How many links may be followed in the background at once.
struct Share {
    places: Arc<Semaphore>,
    places_max: u32,
}

/// Between two looks at what is due.
const TICK: Duration = Duration::from_secs(1);
/// Checks that are taken up with one look.
const AT_ONCE_MAX: usize = 500;
/// A check takes a place for each link to follow, and at least one for so many bytes, which are in memory meanwhile.
const PLACE_BYTES: usize = 4 << 10;
/// The pause after a failure; twice as long after each one.
const PAUSE_S: i64 = 5;
const PAUSE_MAX_S: i64 = 3_600;
/// The pause after what came of a check could not be written.
const WRITE_PAUSE_S: i64 = 60;
/// Between two looks at results that nobody may ask for any more.
const EXPIRY: Duration = Duration::from_mins(1);
/// Chains end long before.
const PATIENCE: Duration = Duration::from_mins(5);
/// How often a check is judged anew since the lists changed while its links were followed.
const JUDGED_MAX: usize = 3;

impl Finisher {
    pub(super) fn new(api: Arc<ArcSwap<Api>>, late: Late) -> Self {
        Self { api, late, under_way: Arc::default() }
    }

    /// Finishes what is due, for ever.
    pub(super) async fn run(self) {
        let mut expires_at = Instant::now();
        let mut share = Share::of(0);
        loop {
            sleep(TICK).await;
            let Some(outbox) = self.late.outbox() else { continue };
            share = share.or_of(self.late_now().options.chains_max);
            self.begin_due(outbox, &share).await;
            if Instant::now() >= expires_at {
                expires_at = Instant::now() + EXPIRY;
                drop(outbox.expire(clock::now()).await);
            }
        }
    }

    /// With the settings in place now.
    fn late_now(&self) -> Late {
        self.api.load().late.clone().unwrap_or_else(|| self.late.clone())
    }

    async fn begin_due(&self, outbox: &Outbox, share: &Share) {
        let under_way = self.under_way().clone();
        // What cannot be read now is tried again; the outbox itself tells of it.
        for task in outbox.due_besides(clock::now(), AT_ONCE_MAX, under_way).await.unwrap_or_default() {
            let follow_up: Option<FollowUp> = serde_json::from_slice(&task.task).ok();
            let leads = follow_up.as_ref().map_or(0, |follow_up| follow_up.leads);
            let Some(places) = share.take(leads.max(task.task.len() / PLACE_BYTES)).await else { return };
            let (finisher, outbox) = (self.clone(), outbox.clone());
            let id = task.id;
            self.under_way().insert(id);
            self.late.spawn(async move {
                finisher.finish(&outbox, task, follow_up).await;
                finisher.under_way().remove(&id);
                drop(places);
            });
        }
    }

    async fn finish(&self, outbox: &Outbox, task: Task, follow_up: Option<FollowUp>) {
        let Task { id, owner, attempts, .. } = task;
        let judged = match &follow_up {
            Some(follow_up) => self.judge(&owner, follow_up).await,
            None => None,
        };
        let (Some(follow_up), Some(Finished { report, pending })) = (follow_up, judged) else {
            // Its key is gone, or it was kept by another version: nobody can be told.
            return settle(outbox, id, b"null", None).await;
        };
        if pending.is_some() && attempts + 1 < self.late_now().options.attempts_max {
            let pause = PAUSE_S.saturating_mul(1 << attempts.min(20)).min(PAUSE_MAX_S);
            drop(outbox.postpone(id, clock::now().saturating_add(pause)).await);
            return;
        }
        let FollowUp { door, subject, action_was, listed_was, .. } = follow_up;
        let differs = report.action != action_was || listed(&report) != listed_was;
        let settled = Settled {
            id: id.to_string(),
            state: "settled",
            door: &door,
            subject: &subject,
            action_was,
            report: &report,
        };
        let Ok(data) = serde_json::to_value(&settled) else { return };
        let event = differs.then(|| Event { data: data.clone() });
        settle(outbox, id, data.to_string().as_bytes(), event).await;
    }

    /// What a check comes to by the lists in place when it ends; nothing if its key is gone.
    async fn judge(&self, owner: &str, follow_up: &FollowUp) -> Option<Finished> {
        let snapshot_of = || self.api.load().snapshot_of(owner);
        let mut finished = None;
        for _ in 0..JUDGED_MAX {
            let (snapshot, deep) = {
                let api = self.api.load();
                (api.snapshot_of(owner)?, api.deep.as_ref().map(|deep| deep.checker.clone()))
            };
            let now = clock::now();
            let draft = snapshot.judge_again(&follow_up.found, follow_up.keep, now);
            finished = Some(match deep {
                Some(deep) if !draft.leads.is_empty() => {
                    deep.begin(&snapshot, draft, now, follow_up.second).end(Instant::now() + PATIENCE).await
                }
                _ => Finished { report: draft.settled(), pending: None },
            });
            if snapshot_of().is_none_or(|newest| Arc::ptr_eq(&newest, &snapshot)) {
                break;
            }
        }
        finished
    }

    fn under_way(&self) -> MutexGuard<'_, HashSet<CheckId>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// The half of that: whoever waits for a post finds places at any time.
    fn of(chains_max: usize) -> Self {
        let places_max = u32::try_from(chains_max / 2).unwrap_or(u32::MAX).clamp(1, PLACES_MOST);
        Self { places: Arc::new(Semaphore::new(places_max as usize)), places_max }
    }

    /// The same share, unless a reload has changed it.
    fn or_of(self, chains_max: usize) -> Self {
        let other = Self::of(chains_max);
        if other.places_max == self.places_max { self } else { other }
    }

    /// As soon as there are so many places; who wants more than there are gets all.
    async fn take(&self, places: usize) -> Option<OwnedSemaphorePermit> {
        let places = u32::try_from(places).unwrap_or(u32::MAX).clamp(1, self.places_max);
        Arc::clone(&self.places).acquire_many_owned(places).await.ok()
    }
}

/// More than any machine follows.
const PLACES_MOST: u32 = 1 << 28;

/// Writes what came of a check; if it cannot be written it stays due, for later.
async fn settle(outbox: &Outbox, id: CheckId, result: &[u8], event: Option<Event>) {
    if outbox.settle(id, result, event, clock::now()).await.is_err() {
        drop(outbox.postpone(id, clock::now().saturating_add(WRITE_PAUSE_S)).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn half_of_all_places_are_for_posts_that_wait() {
        let share = Share::of(10);
        let mut taken = Vec::new();
        for _ in 0..5 {
            taken.push(share.take(0).await.unwrap());
        }
        assert!(share.places.try_acquire().is_err(), "one more than the half");
        taken.clear();
        // A post with more links than there are places is followed too, by itself.
        let all = share.take(999).await.unwrap();
        assert!(share.places.try_acquire().is_err());
        drop(all);
        let same = share.or_of(11);
        let held = same.take(4).await.unwrap();
        assert_eq!(same.or_of(10).places.available_permits(), 1, "what is under way counts after a reload");
        assert_eq!(Share::of(1).places.available_permits(), 1);
        drop(held);
    }
}
