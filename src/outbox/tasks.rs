//! Checks to finish: kept, due, postponed, settled; and what came of them.

use std::collections::HashSet;
use std::sync::Arc;

use super::books::{Books, Changes};
use super::shelf::Kept;
use super::store::{EVENTS_MAX, UNREADABLE_PAUSE_S};
use super::{CheckId, Event, EventId, Limits, Outbox, OutboxError};

const TASKS_MAX: &str = "tasks_max";
const WAITING_MAX_BYTES: &str = "waiting_max_bytes";

/// A check to finish.
pub struct Task {
    /// Under which its result is asked for.
    pub id: CheckId,
    /// The name of the API key that may ask; empty if there are none.
    pub owner: String,
    /// What was given to [`Outbox::keep`].
    pub task: Vec<u8>,
    /// How often it was postponed.
    pub attempts: u32,
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is not finished.
    Pending,
    /// What was given to [`Outbox::settle`].
    Done(Vec<u8>),
    /// Nobody has that id, or it is not theirs who asks, or it is long ago.
    Unknown,
}

impl Outbox {
    /// Keeps a check to finish; its turn comes at `due_at`. A check that is there already stays as it is.
    ///
    /// # Errors
    /// If as many wait as may, it is too large, or it cannot be written.
    pub async fn keep(&self, id: CheckId, owner: &str, task: &[u8], due_at: i64) -> Result<(), OutboxError> {
        self.measure_task(task)?;
        let sealed = self.tasks.seal(id.0, owner, task)?;
        let (most, most_bytes) = (self.limits.tasks_max, self.limits.waiting_max_bytes);
        let record = Kept { id: id.0, turn: due_at, since: due_at, attempts: 0, sealed };
        let work = move |books: &mut Books<'_>| {
            if books.tasks.has(record.id)? || books.results.has(record.id)? {
                return Ok((Ok(()), Changes::None));
            }
            if books.tasks.len()? >= most {
                return Ok((Err(OutboxError::Full { limit: TASKS_MAX, most }), Changes::None));
            }
            if books.tasks.bytes()?.saturating_add(record.sealed.len() as u64) > most_bytes {
                let full = OutboxError::Full { limit: WAITING_MAX_BYTES, most: most_bytes };
                return Ok((Err(full), Changes::None));
            }
            books.tasks.put(&record)?;
            Ok((Ok(()), Changes::Some))
        };
        self.group.run(task.len(), work).await?.inspect_err(|error| self.note(error))
    }

    /// Checks whose turn has come, at most so many. They stay due until they are postponed or settled.
    ///
    /// # Errors
    /// If the outbox cannot be read.
    pub async fn due(&self, now: i64, count: usize) -> Result<Vec<Task>, OutboxError> {
        self.due_besides(now, count, HashSet::new()).await
    }

    /// The same without those that are under way: however many they are, others are found behind them.
    ///
    /// # Errors
    /// If the outbox cannot be read.
    pub async fn due_besides(
        &self,
        now: i64,
        count: usize,
        under_way: HashSet<CheckId>,
    ) -> Result<Vec<Task>, OutboxError> {
        let is_free = move |id| !under_way.contains(&CheckId(id));
        let due = self.group.run(0, move |books| Ok((books.tasks.due_if(now, count, is_free)?, Changes::None))).await?;
        let mut tasks = Vec::with_capacity(due.len());
        for record in due {
            let id = CheckId(record.id);
            if let Ok(opened) = self.tasks.open(record.id, &record.sealed) {
                tasks.push(Task { id, owner: opened.owner, task: opened.content, attempts: record.attempts });
            } else {
                tracing::error!(check = %id, "a check that waits cannot be read");
                self.postpone(id, now.saturating_add(UNREADABLE_PAUSE_S)).await?;
            }
        }
        Ok(tasks)
    }

    /// Puts the turn of a check off; one that is not there stays away.
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn postpone(&self, id: CheckId, next_at: i64) -> Result<(), OutboxError> {
        self.group.run(0, move |books| Ok(((), Changes::from(books.tasks.put_off(id.0, next_at)?)))).await
    }

    /// Ends a check: its result can be asked for, and its event goes out. Whether it was there: one that is settled, or was
    /// never kept, is left alone.
    ///
    /// # Errors
    /// If as many events wait as may, something is too large, or it cannot be written.
    pub async fn settle(
        &self,
        id: CheckId,
        result: &[u8],
        event: Option<Event>,
        now: i64,
    ) -> Result<bool, OutboxError> {
        self.measure_record(result)?;
        let Some(owner) = self.owner(id).await? else { return Ok(false) };
        let until = now.saturating_add(self.limits.results_kept_s.into());
        let sealed = self.results.seal(id.0, &owner, result)?;
        let result = Kept { id: id.0, turn: until, since: now, attempts: 0, sealed };
        let event = event.map(|event| self.sealed(id, &event, now)).transpose()?;
        let (has_event, limits) = (event.is_some(), Arc::clone(&self.limits));
        let bytes = result.sealed.len() + event.as_ref().map_or(0, |event| event.sealed.len());
        let work = move |books: &mut Books<'_>| settle(books, &result, event.as_ref(), &limits);
        let settled = self.group.run(bytes, work).await?.inspect_err(|error| self.note(error))?;
        if settled && has_event {
            self.news.notify_one();
        }
        Ok(settled)
    }

    /// What came of a check, for its owner alone.
    ///
    /// # Errors
    /// If the outbox cannot be read.
    pub async fn result(&self, id: CheckId, owner: &str) -> Result<Outcome, OutboxError> {
        let both =
            move |books: &mut Books<'_>| Ok(((books.tasks.find(id.0)?, books.results.find(id.0)?), Changes::None));
        let outcome = match self.group.run(0, both).await? {
            (_, Some(result)) => {
                let opened = self.results.open(id.0, &result.sealed)?;
                (opened.owner == owner).then_some(Outcome::Done(opened.content))
            }
            (Some(task), None) => (self.tasks.open(id.0, &task.sealed)?.owner == owner).then_some(Outcome::Pending),
            (None, None) => None,
        };
        Ok(outcome.unwrap_or(Outcome::Unknown))
    }

    /// Whose check it is; nothing if none of that id waits.
    async fn owner(&self, id: CheckId) -> Result<Option<String>, OutboxError> {
        let task = self.group.run(0, move |books| Ok((books.tasks.find(id.0)?, Changes::None))).await?;
        task.map(|task| Ok(self.tasks.open(id.0, &task.sealed)?.owner)).transpose()
    }

    fn sealed(&self, check: CheckId, event: &Event, now: i64) -> Result<Kept, OutboxError> {
        let body = event.body(check, now);
        self.measure_record(&body)?;
        let id = EventId::of(check).0;
        Ok(Kept { id, turn: now, since: now, attempts: 0, sealed: self.events.seal(id, "", &body)? })
    }
}

fn settle(
    books: &mut Books<'_>,
    result: &Kept,
    event: Option<&Kept>,
    limits: &Limits,
) -> Result<(Result<bool, OutboxError>, Changes), redb::Error> {
    if !books.tasks.has(result.id)? {
        return Ok((Ok(false), Changes::None));
    }
    let most = limits.events_max;
    if event.is_some() && books.events.len()? >= most {
        return Ok((Err(OutboxError::Full { limit: EVENTS_MAX, most }), Changes::None));
    }
    books.tasks.remove(result.id)?;
    if books.results.len()? >= limits.results_max
        && let Some((_, oldest)) = books.results.first()?
    {
        books.results.remove(oldest)?;
    }
    books.results.put(result)?;
    if let Some(event) = event {
        books.events.put(event)?;
    }
    Ok((Ok(true), Changes::Some))
}
