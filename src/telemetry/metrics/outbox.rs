//! Figures of what waits to be finished or delivered.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use super::Register;
use super::labels::Outcome;

/// What becomes of events; all are told before there was one, so that the first is seen as a rise.
const OUTCOMES: [&str; 4] = ["delivered", "retried", "given_up", "expired"];

/// Figures of the outbox.
pub struct Outbox {
    /// Checks that wait to be finished.
    pub followups: Gauge,
    /// Events that wait to be delivered.
    pub events: Gauge,
    /// 0 as long as there should be an outbox and it cannot be opened, read or written.
    pub open: Gauge,
    outcomes: Family<Outcome, Counter>,
}

impl Outbox {
    pub(super) fn registered(register: &mut Register) -> Self {
        let outcomes: Family<Outcome, Counter> =
            register.add("events", "Attempts to deliver an event, by what came of it", Family::default());
        for outcome in OUTCOMES {
            drop(outcomes.get_or_create(&Outcome { outcome }));
        }
        let open: Gauge = register.add(
            "outbox_open",
            "Whether what is told later can be kept: 0 while the outbox cannot be opened, read or written",
            Gauge::default(),
        );
        open.set(1);
        Self {
            open,
            followups: register.add(
                "followups_pending",
                "Checks that wait to be finished in the background",
                Gauge::default(),
            ),
            events: register.add("events_pending", "Events that wait to be delivered", Gauge::default()),
            outcomes,
        }
    }

    /// Counts an attempt to deliver an event.
    pub fn count(&self, outcome: &'static str) {
        self.outcomes.get_or_create(&Outcome { outcome }).inc();
    }
}
