//! What must not be lost: checks to finish in the background, and events that the platform is still to be told.
//!
//! ```text
//! check, out of time ─► keep ─► task ─► due ─► followed to its end ─► settle ─┬─► result, for whoever asks
//!                                        └───── postpone                     └─► event ─┬─► Courier ─► webhook
//! change of a list ─► announce ──────────────────────────────────────────────────────────┘
//! ```
//!
//! Whatever has returned is on the disk, and survives the process. Each check has one event at most, each change of a list one, under one id: it may
//! be delivered more than once, never under two ids. What stands in the file is sealed; its keys are ids.
//!
//! What it does not do: it follows no link, and decides nothing.

mod books;
mod courier;
mod error;
mod event;
mod events;
mod group;
mod id;
mod retry;
mod sealed;
mod secret;
mod shelf;
mod store;
mod tasks;
mod webhook;

pub use courier::run;
pub use error::OutboxError;
pub use event::{Event, ListChange};
pub use events::DueEvent;
pub use id::{CheckId, EventId, NotAnId};
pub use secret::{Secret, SecretError};
pub use store::Outbox;
pub use tasks::{Outcome, Task};
pub use webhook::{Courier, Webhook, WebhookError};

/// How much is kept, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Checks that wait to be finished.
    pub tasks_max: u64,
    /// Size of all of them together, sealed.
    pub waiting_max_bytes: u64,
    /// Events that wait to be delivered; as long as there are as many, nothing is settled with another.
    pub events_max: u64,
    /// Results that are kept; the oldest go first.
    pub results_max: u64,
    /// Size of one of them.
    pub task_max_bytes: usize,
    /// Size of a result or an event.
    pub record_max_bytes: usize,
    /// How long a result can be asked for.
    pub results_kept_s: u32,
    /// How long an event is tried to be delivered.
    pub event_age_max_s: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tasks_max: 100_000,
            waiting_max_bytes: 4 << 30,
            events_max: 100_000,
            results_max: 1_000_000,
            task_max_bytes: 16 << 20,
            record_max_bytes: 256 << 10,
            results_kept_s: 7 * 24 * 3_600,
            event_age_max_s: 3 * 24 * 3_600,
        }
    }
}

#[cfg(test)]
mod tests;
