//! Verdicts that come late: what was not told in time is kept, followed to its end, and told if it differs.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use siphasher::sip::SipHasher13;
use tokio::time::{Instant, sleep};

use crate::check::{DeepChecker, Draft, Finished, Report, Snapshot};
use crate::fetch::Second;
use crate::outbox::{CheckId, Event, Outbox, OutboxError, Outcome, Task};
use crate::telemetry::{clock, log};
use crate::verdict::{Action, Status};

use super::deep::Who;

/// What becomes of links that take longer than a post can wait. Clones share everything.
#[derive(Clone)]
pub struct Late(Arc<Inner>);

struct Inner {
    outbox: OnceLock<Outbox>,
    options: LateOptions,
    key: [u8; 16],
    count: AtomicU64,
    under_way: Mutex<HashSet<CheckId>>,
}

/// How late verdicts are come by.
#[derive(Debug, Clone, Copy)]
pub struct LateOptions {
    /// How often a link whose host does not answer is followed again.
    pub attempts_max: u32,
    /// The part of posts that is looked at a second time although all was told in time, 0 to 1.
    pub second_look_share: f64,
    /// How much later.
    pub second_look_after: Duration,
}

/// A check to finish, as it is sealed.
#[derive(Serialize, Deserialize)]
struct FollowUp {
    door: String,
    subject: String,
    action_was: Action,
    /// Links that were told to be listed.
    listed_was: usize,
    second: Second,
    draft: Draft,
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

/// What is read of that.
#[derive(Deserialize)]
struct Reported {
    report: Option<Report>,
}

/// What came of a check, for whoever asks.
pub(super) struct Told {
    pub(super) json: Vec<u8>,
    /// The report in it, if it is finished.
    pub(super) report: Option<Report>,
}

/// Between two looks at what is due.
const TICK: Duration = Duration::from_secs(1);
/// Checks that are taken up at once.
const AT_ONCE_MAX: usize = 500;
/// The pause after a failure; twice as long after each one.
const PAUSE_S: i64 = 5;
const PAUSE_MAX_S: i64 = 3_600;
/// The pause after what came of a check could not be written.
const WRITE_PAUSE_S: i64 = 60;
/// Between two looks at results that nobody may ask for any more.
const EXPIRY: Duration = Duration::from_mins(1);
/// Chains end long before.
const PATIENCE: Duration = Duration::from_mins(5);

impl Late {
    /// Nothing is kept until there is an outbox.
    ///
    /// # Errors
    /// If the operating system gives no random bytes.
    pub fn new(options: LateOptions) -> Result<Self, getrandom::Error> {
        let mut key = [0; 16];
        getrandom::fill(&mut key)?;
        let (outbox, count, under_way) = (OnceLock::new(), AtomicU64::new(0), Mutex::default());
        Ok(Self(Arc::new(Inner { outbox, options, key, count, under_way })))
    }

    /// Keeps checks here from now on. A predecessor may have held it until then.
    pub fn keep_in(&self, outbox: Outbox) {
        drop(self.0.outbox.set(outbox));
    }

    /// Whether a post is to be looked at a second time: some are, nobody can tell which.
    pub(super) fn picks(&self) -> bool {
        let Inner { options, key, count, .. } = &*self.0;
        if options.second_look_share <= 0.0 || self.0.outbox.get().is_none() {
            return false;
        }
        let number = count.fetch_add(1, Ordering::Relaxed);
        let drawn = SipHasher13::new_with_key(key).hash(&number.to_le_bytes());
        (drawn as f64) < options.second_look_share * u64::MAX as f64
    }

    /// Keeps what was not told in time, or is to be looked at again; gives back under what id it is told.
    pub(super) async fn keep(&self, finished: &Finished, again: Option<Draft>, who: &Who) -> Option<String> {
        let outbox = self.0.outbox.get()?;
        let now = clock::now();
        let after = i64::try_from(self.0.options.second_look_after.as_secs()).unwrap_or(i64::MAX);
        let (draft, second, due_at) = match (&finished.pending, again) {
            (Some(pending), _) => (pending.clone(), Second::IfOdd, now),
            (None, Some(again)) => (again, Second::Always, now.saturating_add(after)),
            (None, None) => return None,
        };
        let (door, subject) = (who.door.to_owned(), who.subject.clone());
        let (action_was, listed_was) = (finished.report.action, listed(&finished.report));
        let follow_up = FollowUp { door, subject, action_was, listed_was, second, draft };
        match keep(outbox, &follow_up, &who.owner, due_at).await {
            // Of a second look nobody is told unless it differs.
            Ok(id) => (second == Second::IfOdd).then(|| id.to_string()),
            Err(error) => {
                if log::admits("outbox", log::Kind::Fault) {
                    tracing::warn!(door = who.door, %error, "a check cannot be finished later");
                }
                None
            }
        }
    }

    /// What came of a check; nothing if there is none of that id for that owner.
    pub(super) async fn told(&self, id: &str, owner: &str) -> Result<Option<Told>, OutboxError> {
        let (Some(outbox), Ok(id)) = (self.0.outbox.get(), id.parse::<CheckId>()) else { return Ok(None) };
        Ok(match outbox.result(id, owner).await? {
            Outcome::Unknown => None,
            Outcome::Done(json) => {
                // What cannot be read, since another version wrote it, cannot be counted either.
                let read: Option<Reported> = serde_json::from_slice(&json).ok();
                read.map(|Reported { report }| Told { json, report })
            }
            Outcome::Pending => {
                let json = json!({"id": id.to_string(), "state": "pending"}).to_string().into_bytes();
                Some(Told { json, report: None })
            }
        })
    }

    /// Finishes what is due, for ever; `snapshot_of` has what an owner is judged by now.
    pub(super) async fn run(
        self,
        deep: DeepChecker,
        snapshot_of: impl Fn(&str) -> Option<Arc<Snapshot>> + Send + Sync + 'static,
    ) {
        let mut expires_at = Instant::now();
        loop {
            sleep(TICK).await;
            let Some(outbox) = self.0.outbox.get() else { continue };
            // What cannot be read now is tried again; the outbox itself tells of it.
            let due = outbox.due(clock::now(), AT_ONCE_MAX).await.unwrap_or_default();
            for task in due.into_iter().filter(|task| self.take(task.id)) {
                let snapshot = snapshot_of(&task.owner);
                let (late, outbox, deep_again) = (self.clone(), outbox.clone(), deep.clone());
                drop(deep.follower().spawn(async move {
                    let id = task.id;
                    late.finish(&outbox, &deep_again, task, snapshot).await;
                    late.release(id);
                }));
            }
            if Instant::now() >= expires_at {
                expires_at = Instant::now() + EXPIRY;
                drop(outbox.expire(clock::now()).await);
            }
        }
    }

    async fn finish(&self, outbox: &Outbox, deep: &DeepChecker, task: Task, snapshot: Option<Arc<Snapshot>>) {
        let Task { id, task, attempts, .. } = task;
        let (Some(snapshot), Ok(FollowUp { door, subject, action_was, listed_was, second, draft })) =
            (snapshot, serde_json::from_slice(&task))
        else {
            // Its key is gone, or it was kept by another version: nobody can be told.
            return settle(outbox, id, b"null", None).await;
        };
        let begun = deep.begin(&snapshot, draft, clock::now(), second);
        let Finished { report, pending } = begun.end(Instant::now() + PATIENCE).await;
        if pending.is_some() && attempts + 1 < self.0.options.attempts_max {
            let pause = PAUSE_S.saturating_mul(1 << attempts.min(20)).min(PAUSE_MAX_S);
            drop(outbox.postpone(id, clock::now().saturating_add(pause)).await);
            return;
        }
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

    fn take(&self, id: CheckId) -> bool {
        self.0.under_way.lock().unwrap_or_else(PoisonError::into_inner).insert(id)
    }

    fn release(&self, id: CheckId) {
        self.0.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}

async fn keep(outbox: &Outbox, follow_up: &FollowUp, owner: &str, due_at: i64) -> Result<CheckId, OutboxError> {
    let id = CheckId::random()?;
    let task = serde_json::to_vec(follow_up).unwrap_or_default();
    outbox.keep(id, owner, &task, due_at).await?;
    Ok(id)
}

/// Writes what came of a check; if it cannot be written it stays due, for later.
async fn settle(outbox: &Outbox, id: CheckId, result: &[u8], event: Option<Event>) {
    if outbox.settle(id, result, event, clock::now()).await.is_err() {
        drop(outbox.postpone(id, clock::now().saturating_add(WRITE_PAUSE_S)).await);
    }
}

fn listed(report: &Report) -> usize {
    report.links.iter().filter(|link| link.status == Status::Listed).count()
}
