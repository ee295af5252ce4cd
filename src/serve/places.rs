//! Room for connections. Those who look at figures have some of their own: they come when all else is full.

use std::sync::Arc;

use super::door::Door;
use super::limits::Limits;

const TELEMETRY_CONNECTIONS_MAX: usize = 32;

/// Held by a connection as long as it is open.
pub(super) type Place = Arc<()>;

/// All of them.
#[derive(Default)]
pub(super) struct Places {
    doors: Place,
    telemetry: Place,
}

impl Places {
    /// One more, if there is one.
    pub(super) fn take(&self, door: &Door, limits: &Limits) -> Option<Place> {
        let (places, max) = if door.is_telemetry() {
            (&self.telemetry, TELEMETRY_CONNECTIONS_MAX)
        } else {
            (&self.doors, limits.connections_max)
        };
        (Arc::strong_count(places) <= max).then(|| Arc::clone(places))
    }
}
