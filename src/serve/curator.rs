//! What holders of `admin` keys have done about lists of which versions are kept. How it is done is somebody else's business.

use tokio::sync::oneshot;

use crate::update::Refreshed;

/// Sees to lists. Whoever implements it puts every decision on the record.
pub trait Curator: Send + Sync {
    /// Has the source of a list asked now; nothing if it has none that is asked.
    fn refresh(&self, list: &str) -> Option<oneshot::Receiver<Refreshed>>;

    /// Does what somebody decided. It may take as long as reading the list.
    ///
    /// # Errors
    /// If it cannot be done; then nothing has changed.
    fn decide(&self, list: &str, decision: &Decision, by: &Decider) -> Result<Decided, CurateError>;
}

/// What is to be done about a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The version of that number, which waits, may answer.
    Approve(u64),
    /// The entry of that id, which is held back, is let in.
    LetIn(String),
    /// An earlier version answers again: the one before, or that one.
    RollBack(Option<u64>),
}

/// Who decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decider {
    /// The name of the key.
    pub key: String,
    /// For whom, as the holder of the key says.
    pub author: Option<String>,
    /// Why.
    pub reason: String,
}

impl Decider {
    /// As whom approvals count, beside the author. A key is one person, for whomever it speaks: names are only said, keys are shown.
    pub fn person(&self) -> String {
        format!("key {}", self.key)
    }

    /// As whom the record knows them.
    pub fn on_record(&self) -> String {
        let author = self.author.as_ref().map(|author| format!(" for {author}"));
        self.person() + author.as_deref().unwrap_or_default()
    }
}

/// What a decision came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// It holds from now on.
    Live,
    /// It takes one more person.
    OneMore,
}

/// Why a decision cannot be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CurateError {
    /// There is no such version, or none that has answered before.
    #[error("there is no such version")]
    NoVersion,
    /// What is to be approved does not wait.
    #[error("it does not wait for approval")]
    NothingPending,
    /// One person is not two.
    #[error("the same person has approved it already")]
    SamePerson,
    /// What is kept of the list, or the record, cannot be read or written.
    #[error("the state of the list cannot be kept")]
    State,
}
