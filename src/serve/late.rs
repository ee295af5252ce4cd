//! Verdicts that come late: what was not told in time is kept before the post is answered, and told to whoever made the check.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use siphasher::sip::SipHasher13;
use tokio::runtime::{Builder, Handle};
use tokio::time::{Instant, timeout_at};

use crate::check::{Draft, Finished, Keep, Report};
use crate::extract::Extraction;
use crate::fetch::Second;
use crate::outbox::{CheckId, Outbox, OutboxError, Outcome};
use crate::telemetry::{clock, log};
use crate::verdict::{Action, Status};

use super::deep::Who;

/// What becomes of links that take longer than a post can wait. Clones share what is kept.
#[derive(Clone)]
pub struct Late {
    shared: Arc<Shared>,
    pub(super) options: LateOptions,
}

struct Shared {
    outbox: OnceLock<Outbox>,
    key: [u8; 16],
    count: AtomicU64,
    handle: Handle,
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
    /// Links that are followed at once, for posts that wait and in the background together; the background has half of them.
    pub chains_max: usize,
}

/// Why nothing can be told later.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LateError {
    /// No random bytes.
    #[error("the operating system gives no random bytes")]
    Random(#[from] getrandom::Error),
    /// No thread.
    #[error("the operating system gives no thread")]
    Thread(#[from] std::io::Error),
}

/// A check to finish, as it is sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct FollowUp {
    pub(super) door: String,
    pub(super) subject: String,
    pub(super) action_was: Action,
    /// Links that were told to be listed.
    pub(super) listed_was: usize,
    pub(super) second: Second,
    /// What was to be asked.
    pub(super) leads: usize,
    pub(super) keep: Keep,
    /// The links of the post, to be judged by the lists of that moment.
    pub(super) found: Arc<Extraction<'static>>,
}

/// What is read of a result.
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

/// An id of a post that is longer is not told with what comes late.
const SUBJECT_MAX_BYTES: usize = 1_024;
/// How much longer than its deadline a post waits until what is told later is written.
const KEEPING_MAX: Duration = Duration::from_millis(500);

impl Late {
    /// Starts a thread on which checks are finished. Nothing is kept until there is an outbox.
    ///
    /// # Errors
    /// If the operating system gives no random bytes, or no thread.
    pub fn start(options: LateOptions) -> Result<Self, LateError> {
        let mut key = [0; 16];
        getrandom::fill(&mut key)?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        // As long as the process.
        let wait = move || runtime.block_on(std::future::pending::<()>());
        thread::Builder::new().name("linkgate-late".into()).spawn(wait)?;
        let shared = Shared { outbox: OnceLock::new(), key, count: AtomicU64::new(0), handle };
        Ok(Self { shared: Arc::new(shared), options })
    }

    /// The same by other options.
    #[must_use]
    pub fn with(&self, options: LateOptions) -> Self {
        Self { shared: Arc::clone(&self.shared), options }
    }

    /// Keeps checks here from now on. A predecessor may have held it until then.
    pub fn keep_in(&self, outbox: Outbox) {
        drop(self.shared.outbox.set(outbox));
    }

    /// Runs something where checks are finished.
    pub fn spawn(&self, job: impl Future<Output = ()> + Send + 'static) {
        drop(self.shared.handle.spawn(job));
    }

    pub(super) fn outbox(&self) -> Option<&Outbox> {
        self.shared.outbox.get()
    }

    /// Whether a post is to be looked at a second time: some are, nobody can tell which.
    pub(super) fn picks(&self) -> bool {
        let share = self.options.second_look_share;
        if share <= 0.0 || self.outbox().is_none() {
            return false;
        }
        let number = self.shared.count.fetch_add(1, Ordering::Relaxed);
        let drawn = SipHasher13::new_with_key(&self.shared.key).hash(&number.to_le_bytes());
        (drawn as f64) < share * u64::MAX as f64
    }

    /// Keeps what was not told in time, or is to be looked at again; gives back under what id it is told. A post that may
    /// wait `until` then does not wait for a slow disk.
    pub(super) async fn keep(
        &self,
        finished: &Finished,
        again: Option<Draft>,
        who: &Who,
        until: Instant,
    ) -> Option<String> {
        let outbox = self.outbox()?;
        let now = clock::now();
        let after = i64::try_from(self.options.second_look_after.as_secs()).unwrap_or(i64::MAX);
        let (draft, second, due_at) = match (&finished.pending, &again) {
            (Some(pending), _) => (pending, Second::IfOdd, now),
            (None, Some(again)) => (again, Second::Always, now.saturating_add(after)),
            (None, None) => return None,
        };
        let follow_up = FollowUp {
            door: who.door.to_owned(),
            subject: if who.subject.len() <= SUBJECT_MAX_BYTES { who.subject.clone() } else { String::new() },
            action_was: finished.report.action,
            listed_was: listed(&finished.report),
            second,
            leads: draft.leads.len() + draft.partials.len(),
            keep: draft.keep,
            found: Arc::clone(draft.found.as_ref()?),
        };
        let kept = timeout_at(until + KEEPING_MAX, keep(outbox, &follow_up, &who.owner, due_at)).await;
        let error = match kept {
            // Of a second look nobody is told unless it differs.
            Ok(Ok(id)) => return (second == Second::IfOdd).then(|| id.to_string()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the disk is too slow".to_owned(),
        };
        if log::admits("outbox", log::Kind::Fault) {
            tracing::warn!(door = who.door, error, "a check cannot be finished later");
        }
        None
    }

    /// What came of a check; nothing if there is none of that id for that owner.
    pub(super) async fn told(&self, id: &str, owner: &str) -> Result<Option<Told>, OutboxError> {
        let (Some(outbox), Ok(id)) = (self.outbox(), id.parse::<CheckId>()) else { return Ok(None) };
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
}

async fn keep(outbox: &Outbox, follow_up: &FollowUp, owner: &str, due_at: i64) -> Result<CheckId, OutboxError> {
    let id = CheckId::random()?;
    let task = serde_json::to_vec(follow_up).unwrap_or_default();
    outbox.keep(id, owner, &task, due_at).await?;
    Ok(id)
}

pub(super) fn listed(report: &Report) -> usize {
    report.links.iter().filter(|link| link.status == Status::Listed).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::StateKey;
    use crate::outbox::Limits;
    use crate::telemetry::metrics::Metrics;

    fn unfinished() -> Finished {
        let report = json!({"action": "flag", "generation": 1, "lists_id": "", "links": []});
        let report: Report = serde_json::from_value(report).unwrap();
        let found = Some(Arc::default());
        Finished {
            report: report.clone(),
            pending: Some(Draft { report, leads: Vec::new(), partials: Vec::new(), keep: Keep::All, found }),
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn no_post_waits_for_a_slow_disk() {
        let options =
            LateOptions { attempts_max: 1, second_look_share: 0.0, second_look_after: Duration::ZERO, chains_max: 1 };
        let dir = tempfile::tempdir().unwrap();
        let late = Late::start(options).unwrap();
        let who = Who { door: "api", owner: String::new(), subject: String::new() };
        let keep = |wait: Duration| {
            let (late, who) = (late.clone(), who.clone());
            async move { late.keep(&unfinished(), None, &who, Instant::now() + wait).await }
        };
        assert_eq!(keep(Duration::ZERO).await, None, "there is no outbox");
        let outbox = Outbox::open(dir.path(), &StateKey::new([7; 32]), Limits::default(), &Metrics::default()).unwrap();
        late.keep_in(outbox.clone());
        assert!(keep(Duration::from_secs(9)).await.is_some());
        let held = outbox.hold(KEEPING_MAX * 8).await;
        let began = Instant::now();
        assert_eq!(keep(Duration::ZERO).await, None);
        assert!((KEEPING_MAX..KEEPING_MAX * 7).contains(&began.elapsed()), "{:?}", began.elapsed());
        held.await.unwrap();
        assert!(keep(Duration::from_secs(9)).await.is_some(), "it goes on");
    }
}
