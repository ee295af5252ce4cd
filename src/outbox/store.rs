//! The outbox itself: one file, one thread that has it, and whoever wants something of it.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::index::StateKey;
use crate::telemetry::metrics::{Limit, Metrics};

use super::books::{Books, Changes, Store};
use super::group::Group;
use super::sealed::Sealer;
use super::{EventId, Limits, OutboxError};

/// Rows that one transaction removes.
const EXPIRED_MAX: usize = 1_000;
pub(super) const EVENTS_MAX: &str = "events_max";
/// Until a record that cannot be read is looked at again: others are not to wait behind it.
pub(super) const UNREADABLE_PAUSE_S: i64 = 3_600;

/// The queue of checks and events. Clones are the same.
#[derive(Clone)]
pub struct Outbox {
    pub(super) group: Group,
    pub(super) limits: Arc<Limits>,
    pub(super) tasks: Sealer,
    pub(super) results: Sealer,
    pub(super) events: Sealer,
    pub(super) metrics: Metrics,
    pub(super) news: Arc<Notify>,
}

impl Outbox {
    /// Opens the outbox in that directory, or makes it.
    ///
    /// # Errors
    /// If it was sealed with another key, is damaged, or can be neither read nor written.
    pub fn open(dir: &Path, key: &StateKey, limits: Limits, metrics: &Metrics) -> Result<Self, OutboxError> {
        let (figures, open) = (metrics.clone(), metrics.outbox.open.clone());
        let went = move |outcome: &Result<(), OutboxError>| {
            open.set(outcome.is_ok().into());
        };
        let store = Store::open(dir, key).inspect_err(|_| {
            metrics.outbox.open.set(0);
        })?;
        let told = move |tasks: u64, events: u64| {
            figures.outbox.followups.set(tasks.try_into().unwrap_or(i64::MAX));
            figures.outbox.events.set(events.try_into().unwrap_or(i64::MAX));
        };
        let sealer = |purpose| Sealer { key: key.clone(), purpose };
        Ok(Self {
            group: Group::start(store, told, went).map_err(|_| OutboxError::Ended)?,
            limits: Arc::new(limits),
            tasks: sealer("linkgate 2026 outbox, checks to finish"),
            results: sealer("linkgate 2026 outbox, results"),
            events: sealer("linkgate 2026 outbox, events"),
            metrics: metrics.clone(),
            news: Arc::default(),
        })
    }

    /// Keeps whatever comes now waiting for so long, as a slow disk does.
    #[cfg(test)]
    pub(crate) async fn hold(&self, time: std::time::Duration) -> tokio::task::JoinHandle<()> {
        let (group, (held, is_held)) = (self.group.clone(), tokio::sync::oneshot::channel());
        let work = move |_: &mut Books<'_>| {
            let _ = held.send(());
            std::thread::sleep(time);
            Ok(((), Changes::None))
        };
        let holding = tokio::spawn(async move { drop(group.run(0, work).await) });
        drop(is_held.await);
        holding
    }

    /// Whether there is one in that directory.
    pub fn is_in(dir: &Path) -> bool {
        Store::path_in(dir).exists()
    }

    /// Removes old results, and events that nobody has tried to deliver for too long.
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn expire(&self, now: i64) -> Result<(), OutboxError> {
        let oldest = now.saturating_sub(self.limits.event_age_max_s.into());
        loop {
            let expired = self.group.run(0, move |books| expire(books, now, oldest)).await?;
            expired.events.iter().for_each(|id| self.tell_expired(*id));
            if !expired.is_more {
                return Ok(());
            }
        }
    }

    pub(super) fn tell_expired(&self, id: EventId) {
        tracing::warn!(event = %id, "an event was too old to be delivered, and is dropped");
        self.metrics.outbox.count("expired");
    }

    /// Counts a limit that was met.
    pub(super) fn note(&self, error: &OutboxError) {
        if let OutboxError::Full { limit, .. } | OutboxError::TooLarge { limit, .. } = error {
            self.metrics.limits.get_or_create(&Limit { limit }).inc();
        }
    }

    /// How much a result or an event may have.
    pub fn record_max_bytes(&self) -> usize {
        self.limits.record_max_bytes
    }

    pub(super) fn measure_task(&self, task: &[u8]) -> Result<(), OutboxError> {
        self.measure(task, "task_max_bytes", self.limits.task_max_bytes)
    }

    pub(super) fn measure_record(&self, record: &[u8]) -> Result<(), OutboxError> {
        self.measure(record, "record_max_bytes", self.limits.record_max_bytes)
    }

    fn measure(&self, record: &[u8], limit: &'static str, most: usize) -> Result<(), OutboxError> {
        let bytes = record.len();
        if bytes <= most {
            return Ok(());
        }
        let error = OutboxError::TooLarge { limit, bytes, most };
        self.note(&error);
        Err(error)
    }
}

/// What one transaction has removed.
struct Expired {
    events: Vec<EventId>,
    is_more: bool,
}

fn expire(books: &mut Books<'_>, now: i64, oldest: i64) -> Result<(Expired, Changes), redb::Error> {
    let results = books.results.due(now, EXPIRED_MAX)?;
    for result in &results {
        books.results.remove(result.id)?;
    }
    // The turn of an event is never before it was there.
    let events = books.events.due(oldest, EXPIRED_MAX)?;
    for event in &events {
        books.events.remove(event.id)?;
    }
    let count = results.len().max(events.len());
    let events = events.into_iter().map(|event| EventId(event.id)).collect();
    Ok((Expired { events, is_more: count == EXPIRED_MAX }, Changes::from(count > 0)))
}
