//! `POST /v1/lists/{name}/refresh|rollback|approve`: what holders of `admin` keys do to lists of which versions are kept.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use http::StatusCode;
use http::header::RETRY_AFTER;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use crate::lists::SourceState;
use crate::serve::answer::{self, Answer, Problem};
use crate::serve::curator::{CurateError, Curator, Decided, Decider, Decision};
use crate::serve::kept::Kept;
use crate::telemetry::clock;
use crate::update::Refreshed;

use super::access::Asker;
use super::{Api, ApiDoor, Bell, Sent, Task, json};

const NO_LIST: Problem = Problem::new(
    StatusCode::NOT_FOUND,
    "no_list",
    "there is no list of that name of which versions are kept, or this key does not see it",
);
const NO_VERSION: Problem = Problem::new(
    StatusCode::NOT_FOUND,
    "no_version",
    "the list has no such version, or none that has answered before; see /v1/lists",
);
const NOT_PENDING: Problem = Problem::new(
    StatusCode::CONFLICT,
    "nothing_pending",
    "that version or entry does not wait for approval; /v1/lists tells which version does, and `linkgate lists preview` which entries",
);
const SAME_PERSON: Problem = Problem::new(
    StatusCode::CONFLICT,
    "same_person",
    "this key or author has approved it already, and it takes another",
);
const NOT_DOWNLOADED: Problem =
    Problem::new(StatusCode::CONFLICT, "not_downloaded", "this server has no source to ask for that list");
const NO_REASON: Problem =
    Problem::new(StatusCode::BAD_REQUEST, "no_reason", r#"say why: {"reason"}; the record is of no use without it"#);
const NO_DECISION: Problem = Problem::new(
    StatusCode::UNPROCESSABLE_ENTITY,
    "no_decision",
    r#"send {"version"}, a number, or {"entry"}, an id, to approve; {"to"}, a number, or none, to go back"#,
);
const TEXT_TOO_LONG: Problem = Problem::new(
    StatusCode::UNPROCESSABLE_ENTITY,
    "text_too_long",
    "author and entry have at most 200 bytes, and reason 1,000",
);
const STATE: Problem = Problem::new(
    StatusCode::INTERNAL_SERVER_ERROR,
    "list_state",
    "what is kept of the list, or the record, cannot be read or written; the log says more",
);
const BUSY: Problem =
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "other decisions about lists are under way; try again");

/// How long an answer waits for what it tells; what takes longer goes on, and is told by `/v1/lists`.
const WAIT: Duration = Duration::from_secs(10);
/// So many decisions are carried out at once: each has a thread.
const AT_ONCE_MAX: usize = 4;
const REASON_MAX_BYTES: usize = 1_000;
/// Of an author and of the id of an entry.
const NAME_MAX_BYTES: usize = 200;

static PLACES: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(AT_ONCE_MAX)));

/// What a holder of a key sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    to: Option<u64>,
    version: Option<u64>,
    entry: Option<String>,
    author: Option<String>,
    reason: Option<String>,
}

/// What is sent where nothing is asked for.
#[derive(Deserialize)]
struct Nothing {}

/// What became of it, and the list after it.
#[derive(Serialize)]
struct Told {
    outcome: Outcome,
    #[serde(flatten)]
    list: SourceState,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Outcome {
    Named(&'static str),
    Refreshed(Refreshed),
}

/// It goes on; how it ends is told by `/v1/lists`.
const UNDER_WAY: Outcome = Outcome::Named("under_way");

pub(super) async fn answer(
    door: &ApiDoor,
    api: &Api,
    asker: &Asker,
    task: Task,
    sent: Sent<'_>,
) -> Result<Answer, Problem> {
    let list = percent_decode_str(sent.head.uri.path().split('/').nth(3).unwrap_or_default());
    let list = list.decode_utf8().map_err(|_| NO_LIST)?.into_owned();
    let kept = &api.kept;
    let is_seen = kept.has(&list) && asker.checker().snapshot().shows(&list);
    let curator = kept.curator.clone().filter(|_| is_seen).ok_or(NO_LIST)?;
    let text = json::short(&door.limits, sent).await?;
    if task == Task::Refresh {
        if !text.trim().is_empty() {
            let Nothing {} = json::parse(&text, NO_DECISION)?;
        }
        return refresh((kept, &*curator), list, &door.bell).await;
    }
    let order: Order = json::parse(&text, NO_DECISION)?;
    let (decision, by) = order.decision(task, asker)?;
    tracing::info!(list, key = by.key, decision = decision.name(), "decision about a list");
    let work = Work { list, decision, by, bell: door.bell.clone() };
    work.done(kept.clone(), curator).await
}

async fn refresh((kept, curator): (&Kept, &dyn Curator), list: String, bell: &Bell) -> Result<Answer, Problem> {
    let told = curator.refresh(&list).ok_or(NOT_DOWNLOADED)?;
    let outcome = timeout(WAIT, told).await.ok().and_then(Result::ok);
    if outcome == Some(Refreshed::Live) {
        bell.ring();
    }
    let outcome = outcome.map(Outcome::Refreshed);
    let kept = kept.clone();
    tokio::task::spawn_blocking(move || kept.told(&list, outcome)).await.map_err(|_| STATE)
}

/// A decision to be carried out.
struct Work {
    list: String,
    decision: Decision,
    by: Decider,
    bell: Bell,
}

impl Work {
    /// Carries it out on a thread of its own: a server that ends does not wait for it, and what is on the disk is whole.
    async fn done(self, kept: Kept, curator: Arc<dyn Curator>) -> Result<Answer, Problem> {
        let busy = || BUSY.with(RETRY_AFTER, answer::LATER);
        let place = Arc::clone(&PLACES).try_acquire_owned().map_err(|_| busy())?;
        let (tell, told) = oneshot::channel();
        let (list, after) = (self.list.clone(), kept.clone());
        let work = move || {
            let decided = curator.decide(&self.list, &self.decision, &self.by);
            if decided == Ok(Decided::Live) {
                // Whether anybody still waits for the answer or not.
                self.bell.ring();
            }
            let answer = decided.map(|decided| kept.told(&self.list, Some(Outcome::Named(decided.name()))));
            drop(place);
            // Who does not wait any more need not know.
            let _ = tell.send(answer);
        };
        std::thread::Builder::new().name("linkgate-curator".into()).spawn(work).map_err(|_| busy())?;
        match timeout(WAIT, told).await {
            Ok(Ok(answer)) => Ok(answer?),
            Ok(Err(_)) => Err(STATE),
            Err(_) => tokio::task::spawn_blocking(move || after.told(&list, None)).await.map_err(|_| STATE),
        }
    }
}

impl Order {
    fn decision(self, task: Task, asker: &Asker) -> Result<(Decision, Decider), Problem> {
        let Self { to, version, entry, author, reason } = self;
        let reason = reason.filter(|reason| !reason.trim().is_empty()).ok_or(NO_REASON)?;
        let author = author.map(|author| author.trim().to_owned()).filter(|author| !author.is_empty());
        let is_long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.len() > NAME_MAX_BYTES);
        if reason.len() > REASON_MAX_BYTES || is_long(&author) || is_long(&entry) {
            return Err(TEXT_TOO_LONG);
        }
        let decision = match (task, version, entry) {
            (Task::RollBack, None, None) => Decision::RollBack(to),
            (Task::Approve, Some(version), None) if to.is_none() => Decision::Approve(version),
            (Task::Approve, None, Some(entry)) if to.is_none() => Decision::LetIn(entry),
            _ => return Err(NO_DECISION),
        };
        let key = asker.key_name().to_owned();
        Ok((decision, Decider { key, author, reason }))
    }
}

impl Decision {
    fn name(&self) -> &'static str {
        match self {
            Self::Approve(_) => "approve",
            Self::LetIn(_) => "let_in",
            Self::RollBack(_) => "rollback",
        }
    }
}

impl Decided {
    fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::OneMore => "one_more",
        }
    }
}

impl Kept {
    /// What became of something, and the state of the list after it; 202 if that is not known yet.
    fn told(&self, list: &str, outcome: Option<Outcome>) -> Answer {
        let state = self.state(list, clock::now());
        let status = if outcome.is_some() { StatusCode::OK } else { StatusCode::ACCEPTED };
        let mut answer = answer::json(&Told { outcome: outcome.unwrap_or(UNDER_WAY), list: state });
        *answer.status_mut() = status;
        answer
    }
}

impl From<CurateError> for Problem {
    fn from(error: CurateError) -> Self {
        match error {
            CurateError::NoVersion => NO_VERSION,
            CurateError::NothingPending => NOT_PENDING,
            CurateError::SamePerson => SAME_PERSON,
            CurateError::State => STATE,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError, mpsc};

    use super::*;

    /// Decides nothing as long as somebody could still tell it something.
    struct Slow(Mutex<mpsc::Receiver<()>>);

    impl Curator for Slow {
        fn refresh(&self, _: &str) -> Option<oneshot::Receiver<Refreshed>> {
            None
        }

        fn decide(&self, _: &str, _: &Decision, _: &Decider) -> Result<Decided, CurateError> {
            let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).recv();
            Ok(Decided::OneMore)
        }
    }

    #[tokio::test]
    async fn one_decision_too_many_is_sent_away() {
        let (held, holds) = mpsc::channel();
        let slow = Arc::new(Slow(holds.into()));
        let work = || {
            let by = Decider { key: "ops".into(), author: None, reason: "a test".into() };
            let work = Work { list: "own".into(), decision: Decision::RollBack(None), by, bell: Bell::default() };
            let curator: Arc<dyn Curator> = slow.clone();
            async move {
                work.done(Kept::default(), curator).await.map(|answer| answer.status()).map_err(|problem| problem.code)
            }
        };
        let under_way: Vec<_> = (0..AT_ONCE_MAX).map(|_| tokio::spawn(work())).collect();
        while PLACES.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(work().await, Err("busy"));
        drop(held);
        for one in under_way {
            assert_eq!(one.await.unwrap(), Ok(StatusCode::OK));
        }
        assert_eq!(work().await, Ok(StatusCode::OK));
    }
}
