//! Events on their way: due, delivered, failed, given up.

use super::books::{Books, Changes};
use super::shelf::Kept;
use super::store::{EVENTS_MAX, UNREADABLE_PAUSE_S};
use super::{EventId, ListChange, Outbox, OutboxError};

/// An event to deliver.
pub struct DueEvent {
    /// The same with every attempt.
    pub id: EventId,
    /// What is sent.
    pub body: Vec<u8>,
    /// How often it has failed.
    pub attempts: u32,
}

impl Outbox {
    /// Has the platform told of a change of a list; one that waits to be delivered already stays as it is.
    ///
    /// # Errors
    /// If as many events wait as may, it is too large, or it cannot be written.
    pub async fn announce(&self, change: &ListChange, now: i64) -> Result<(), OutboxError> {
        let id = EventId::of_change(&self.events.key, change);
        let body = change.body(id);
        self.measure_record(&body)?;
        let sealed = self.events.seal(id.0, "", &body)?;
        let (most, bytes) = (self.limits.events_max, sealed.len());
        let event = Kept { id: id.0, turn: now, since: now, attempts: 0, sealed };
        let work = move |books: &mut Books<'_>| {
            if books.events.has(event.id)? {
                return Ok((Ok(()), Changes::None));
            }
            if books.events.len()? >= most {
                return Ok((Err(OutboxError::Full { limit: EVENTS_MAX, most }), Changes::None));
            }
            books.events.put(&event)?;
            Ok((Ok(()), Changes::Some))
        };
        self.group.run(bytes, work).await?.inspect_err(|error| self.note(error))?;
        self.news.notify_one();
        Ok(())
    }

    /// Events whose turn has come, at most so many. They stay due until something is told of them.
    ///
    /// # Errors
    /// If the outbox cannot be read.
    pub async fn events_due(&self, now: i64, count: usize) -> Result<Vec<DueEvent>, OutboxError> {
        let due = self.group.run(0, move |books| Ok((books.events.due(now, count)?, Changes::None))).await?;
        let mut events = Vec::with_capacity(due.len());
        for record in due {
            let id = EventId(record.id);
            if let Ok(opened) = self.events.open(record.id, &record.sealed) {
                events.push(DueEvent { id, body: opened.content, attempts: record.attempts });
            } else {
                tracing::error!(event = %id, "an event that waits cannot be read");
                self.failed(id, now.saturating_add(UNREADABLE_PAUSE_S)).await?;
            }
        }
        Ok(events)
    }

    /// When the next event is due; nothing if none waits.
    ///
    /// # Errors
    /// If the outbox cannot be read.
    pub async fn next_event_at(&self) -> Result<Option<i64>, OutboxError> {
        self.group.run(0, |books| Ok((books.events.first()?.map(|(turn, _)| turn), Changes::None))).await
    }

    /// Returns when an event may have come since the last call.
    pub async fn event_settled(&self) {
        self.news.notified().await;
    }

    /// An event has arrived, and goes.
    ///
    /// # Errors
    /// If it cannot be written: then it is delivered again, under the same id.
    pub async fn delivered(&self, id: EventId) -> Result<(), OutboxError> {
        self.take_out(id, "delivered").await
    }

    /// Nobody wants the event any more, and it goes.
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn give_up(&self, id: EventId) -> Result<(), OutboxError> {
        self.take_out(id, "given_up").await
    }

    /// An event has not arrived, and its turn comes again; it goes if it would be too old by then.
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn failed(&self, id: EventId, next_at: i64) -> Result<(), OutboxError> {
        let age_max = i64::from(self.limits.event_age_max_s);
        let work = move |books: &mut Books<'_>| {
            let Some(event) = books.events.find(id.0)? else { return Ok((None, Changes::None)) };
            let outcome = if next_at > event.since.saturating_add(age_max) {
                books.events.remove(id.0)?;
                "expired"
            } else {
                books.events.put_off(id.0, next_at)?;
                "retried"
            };
            Ok((Some(outcome), Changes::Some))
        };
        match self.group.run(0, work).await? {
            Some("expired") => self.tell_expired(id),
            Some(outcome) => self.metrics.outbox.count(outcome),
            None => {}
        }
        Ok(())
    }

    async fn take_out(&self, id: EventId, outcome: &'static str) -> Result<(), OutboxError> {
        let was_there = self
            .group
            .run(0, move |books| {
                let was_there = books.events.remove(id.0)?;
                Ok((was_there, Changes::from(was_there)))
            })
            .await?;
        if was_there {
            self.metrics.outbox.count(outcome);
        }
        Ok(())
    }
}
