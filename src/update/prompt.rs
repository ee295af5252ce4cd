//! Sources that are asked out of turn, because somebody wants to know now.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use crate::store::{StoreError, Taken};

use super::Outcome;

/// So many wait for one attempt; whoever comes after them is not told of its end.
const WAITING_MAX: usize = 16;

/// What asking out of turn came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refreshed {
    /// The source has nothing newer.
    Unchanged,
    /// Another version answers.
    Live,
    /// Another version waits for people.
    Waits,
    /// Its version is one that somebody has refused, or went back from.
    Refused,
    /// The version that answers stays.
    Failed,
}

impl From<&Result<Outcome, StoreError>> for Refreshed {
    fn from(outcome: &Result<Outcome, StoreError>) -> Self {
        match outcome {
            Ok(Outcome::Unchanged | Outcome::Taken(Taken::Same)) => Self::Unchanged,
            Ok(Outcome::Taken(Taken::Live)) => Self::Live,
            Ok(Outcome::Taken(Taken::Waits { .. })) => Self::Waits,
            Ok(Outcome::Taken(Taken::Refused)) => Self::Refused,
            Ok(Outcome::Failed(_)) | Err(_) => Self::Failed,
        }
    }
}

type Reply = oneshot::Sender<Refreshed>;

/// Reaches whoever asks the sources, by the names of their lists. Clones reach the same.
#[derive(Clone, Default)]
pub struct Prompts(Arc<Mutex<BTreeMap<String, mpsc::Sender<Reply>>>>);

impl Prompts {
    /// Has the source of a list asked as soon as may be; nothing if nobody asks it at all. What is given back tells how it
    /// went, or only that nobody will tell.
    pub fn ask(&self, list: &str) -> Option<oneshot::Receiver<Refreshed>> {
        let (reply, told) = oneshot::channel();
        match self.known().get(list)?.try_send(reply) {
            Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => Some(told),
            Err(mpsc::error::TrySendError::Closed(_)) => None,
        }
    }

    /// What whoever asks the source of a list hears of. Whoever heard of it before hears nothing more.
    pub(super) fn heard_by(&self, list: &str) -> Heard {
        let (prompt, heard) = mpsc::channel(WAITING_MAX);
        self.known().insert(list.to_owned(), prompt);
        Heard { heard, waiting: Vec::new() }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, mpsc::Sender<Reply>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who wants the source of one list asked now.
pub(super) struct Heard {
    heard: mpsc::Receiver<Reply>,
    waiting: Vec<Reply>,
}

impl Heard {
    /// Whether anybody does.
    pub(super) fn is_wanted(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Waits until somebody does; for ever, if nobody can any more.
    pub(super) async fn wait(&mut self) {
        match self.heard.recv().await {
            Some(reply) => self.waiting.push(reply),
            None => std::future::pending().await,
        }
    }

    /// An attempt begins: it is for all who have come until now.
    pub(super) fn gather(&mut self) {
        while let Ok(reply) = self.heard.try_recv() {
            self.waiting.push(reply);
        }
    }

    /// Tells them how it went.
    pub(super) fn tell(&mut self, refreshed: Refreshed) {
        for reply in self.waiting.drain(..) {
            // Who does not wait any more need not know.
            let _ = reply.send(refreshed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_who_came_before_an_attempt_are_told_of_it() {
        let prompts = Prompts::default();
        assert!(prompts.ask("partner").is_none());
        let mut heard = prompts.heard_by("partner");
        assert!(prompts.ask("other").is_none() && !heard.is_wanted());
        let early: Vec<_> = (0..WAITING_MAX).map(|_| prompts.ask("partner").unwrap()).collect();
        // One past the limit has it asked all the same, and hears nothing.
        let late = prompts.ask("partner").unwrap();
        heard.wait().await;
        heard.gather();
        assert!(heard.is_wanted());
        heard.tell(Refreshed::Waits);
        for one in early {
            assert_eq!(one.await, Ok(Refreshed::Waits));
        }
        assert!(late.await.is_err() && !heard.is_wanted());
        // Whoever takes over hears, and whoever is gone does not.
        let again = prompts.heard_by("partner");
        assert!(heard.heard.recv().await.is_none());
        drop(again);
        assert!(prompts.ask("partner").is_none());
    }
}
