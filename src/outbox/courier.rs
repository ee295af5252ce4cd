//! Rounds of deliveries: what is due, a few at once, until the server ends.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::telemetry::clock;
use crate::telemetry::log::{Kind, admits};

use super::retry::wait_s;
use super::webhook::Answer;
use super::{Courier, DueEvent, Outbox, OutboxError};

const DELIVERIES_MAX: usize = 8;
/// Events of one round.
const ROUND_MAX: usize = 64;
/// Another process may have settled something.
const SLEEP_MAX_S: u64 = 60;
/// How long the outbox is left alone after it could not be read or written.
const PAUSE: Duration = Duration::from_secs(5);

/// Delivers whatever is due until `shutdown`. What is on its way then is delivered again by whoever comes next.
pub async fn run(outbox: Outbox, courier: Courier, shutdown: impl Future<Output = ()>) {
    tokio::select! {
        () = deliver_for_ever(&outbox, &courier) => {}
        () = shutdown => {}
    }
}

async fn deliver_for_ever(outbox: &Outbox, courier: &Courier) {
    loop {
        let next = match courier.deliver_due(outbox, clock::now()).await {
            Ok(()) => outbox.next_event_at().await,
            Err(error) => Err(error),
        };
        match next {
            Ok(next) => {
                let wait = next.map_or(SLEEP_MAX_S, |at| at.saturating_sub(clock::now()).max(0).unsigned_abs());
                tokio::select! {
                    () = sleep(Duration::from_secs(wait.min(SLEEP_MAX_S))) => {}
                    () = outbox.event_settled() => {}
                }
            }
            Err(error) => {
                if admits("outbox", Kind::Fault) {
                    tracing::error!(%error, "events cannot be delivered");
                }
                sleep(PAUSE).await;
            }
        }
    }
}

impl Courier {
    /// One round: events that are due at `now`, a few at once, each tried once.
    ///
    /// # Errors
    /// If the outbox can be neither read nor written: events stay due, whether they arrived or not.
    pub async fn deliver_due(&self, outbox: &Outbox, now: i64) -> Result<(), OutboxError> {
        let began = Instant::now();
        let mut events = outbox.events_due(now, ROUND_MAX).await?.into_iter();
        let mut under_way = JoinSet::new();
        loop {
            while under_way.len() < DELIVERIES_MAX
                && let Some(event) = events.next()
            {
                let (courier, outbox) = (self.clone(), outbox.clone());
                let now = now.saturating_add_unsigned(began.elapsed().as_secs());
                under_way.spawn(async move { courier.deliver(&outbox, &event, now).await });
            }
            match under_way.join_next().await {
                None => return Ok(()),
                Some(Ok(done)) => done?,
                Some(Err(_)) => return Err(OutboxError::Ended),
            }
        }
    }

    async fn deliver(&self, outbox: &Outbox, event: &DueEvent, now: i64) -> Result<(), OutboxError> {
        let (told, status, after_s) = match self.post(event, now).await {
            Answer::Taken => return outbox.delivered(event.id).await,
            Answer::Gone => {
                tracing::warn!(event = %event.id, "the webhook wants an event no more");
                return outbox.give_up(event.id).await;
            }
            Answer::Later { told, after_s } => (told, None, after_s),
            Answer::Refused(status) => ("refused", Some(status.as_u16()), None),
        };
        if admits("webhook", Kind::Fault) {
            tracing::warn!(event = %event.id, attempts = event.attempts, told, status, "an event was not delivered");
        }
        // Without random bytes, all come back at the same time.
        let chance = getrandom::u32().unwrap_or(0);
        let wait = wait_s(event.attempts, after_s, chance);
        outbox.failed(event.id, now.saturating_add(wait)).await
    }
}
