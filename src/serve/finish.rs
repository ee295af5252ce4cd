//! Finishes checks in the background: followed to their end, judged by the lists of that moment, told if that differs.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};

use crate::check::{Finished, Report};
use crate::outbox::{CheckId, Event, Outbox, Task};
use crate::telemetry::clock;
use crate::verdict::{Reason, Status};

use super::api::Api;
use super::late::{FollowUp, Late, listed};

/// What finishes them, by whatever is in place.
#[derive(Clone)]
pub(super) struct Finisher {
    api: Arc<ArcSwap<Api>>,
    late: Late,
    under_way: Arc<Mutex<HashSet<CheckId>>>,
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
/// What an event has around the same.
const ENVELOPE_MAX_BYTES: usize = 1 << 10;
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
        let differs = report.action != follow_up.action_was || listed(&report) != follow_up.listed_was;
        let room = outbox.record_max_bytes().saturating_sub(ENVELOPE_MAX_BYTES);
        let Some((data, result)) = fitting(room, report, |report| follow_up.settled(id, report)) else {
            return settle(outbox, id, b"null", None).await;
        };
        let event = differs.then_some(Event { data });
        settle(outbox, id, result.as_bytes(), event).await;
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
                Some(deep) if !draft.is_whole() => {
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

impl FollowUp {
    /// What is told of it when it is finished.
    fn settled(&self, id: CheckId, report: &Report) -> Value {
        let Self { door, subject, action_was, .. } = self;
        let id = id.to_string();
        json!({"id": id, "state": "settled", "door": door, "subject": subject, "action_was": action_was, "report": report})
    }
}

/// What is told of a report, as a value and as text, with as much of it as there is room for.
fn fitting(room: usize, report: Report, settled: impl Fn(&Report) -> Value) -> Option<(Value, String)> {
    let reports = std::iter::successors(Some(report), smaller);
    let mut told = reports.map(|report| settled(&report)).map(|value| {
        let text = value.to_string();
        (value, text)
    });
    told.find(|(_, text)| text.len() <= room)
}

/// The same report of listed links alone with one entry each, then of half of those; nothing if it has no link any more.
/// With an action for what is listed it so tells an entry, which counts for whoever reads it.
fn smaller(report: &Report) -> Option<Report> {
    let mut less = report.clone();
    less.links.retain(|link| link.status == Status::Listed);
    less.links.iter_mut().for_each(|link| link.matches.truncate(1));
    if less.links == report.links {
        less.links.truncate(report.links.len() / 2);
    }
    less.reason = less.reason.or(Some(Reason::Limit));
    (!report.links.is_empty()).then_some(less)
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
    use crate::verdict::Action;

    fn report(links: usize) -> Report {
        let one = json!({"list": "own", "entry": "e", "scope": "domain", "category": "csam", "via": "self"});
        let link = |status: &str| {
            let entries = if status == "listed" { vec![&one; 9] } else { Vec::new() };
            json!({"span": null, "kind": "attached", "status": status, "action": "allow", "matches": entries, "flags": []})
        };
        let mut all = vec![link("unlisted")];
        all.extend(std::iter::repeat_with(|| link("listed")).take(links));
        let report = json!({"action": "reject", "generation": 1, "lists_id": "", "links": all});
        serde_json::from_value(report).unwrap()
    }

    #[test]
    fn a_report_without_room_is_told_in_part_and_at_last_without_links() {
        let value = |report: &Report| serde_json::to_value(report).unwrap();
        let reports: Vec<Report> = std::iter::successors(Some(report(8)), smaller).collect();
        let links: Vec<usize> = reports.iter().map(|report| report.links.len()).collect();
        assert_eq!(links, [9, 8, 4, 2, 1, 0]);
        for (number, expected) in reports.iter().enumerate() {
            assert_eq!(expected.action, Action::Reject);
            assert_eq!(expected.reason, (number > 0).then_some(Reason::Limit));
            let most = if number == 0 { 9 } else { 1 };
            assert!(expected.links.iter().skip(1).all(|link| link.matches.len() == most));
            let room = value(expected).to_string().len();
            assert_eq!(fitting(room, report(8), value).unwrap().0, value(expected));
            let next = fitting(room - 1, report(8), value).map(|(told, _)| told);
            assert_eq!(next, reports.get(number + 1).map(value), "one byte less");
        }
    }

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
