//! Logs as JSON lines on standard error: ids, counts and codes; never a text, a link, a host or a list line of anybody.

use std::panic;

use tracing::level_filters::LevelFilter;

use super::clock;
use super::flood::{Floods, Kept};

static FLOODS: Floods = Floods::new();

/// How many lines of one kind are written in ten seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What clients do wrong: enough to see what it is.
    Fault,
    /// What is asked about by its request id: more than people post, fewer than would fill a disk.
    Verdict,
}

impl Kind {
    fn lines_max(self) -> u64 {
        match self {
            Self::Fault => 20,
            Self::Verdict => 1_000,
        }
    }
}

/// Begins to log what is at least this severe. The first call in a process counts.
///
/// Only events of linkgate itself are written: libraries log hosts and headers. A panic is told by its place alone, since
/// its message may hold what was being read.
pub fn begin(level: LevelFilter) {
    use tracing_subscriber::filter::Targets;
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;

    let own = Targets::new().with_target("linkgate", level);
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(std::io::stderr);
    // A second call changes nothing.
    let _ = tracing_subscriber::registry().with(lines).with(own).try_init();
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|place| format!("{}:{}", place.file(), place.line())).unwrap_or_default();
        tracing::error!(place, "panicked");
    }));
}

/// Whether a line of that code is written, or only counted since there were many.
pub fn admits(code: &'static str, kind: Kind) -> bool {
    FLOODS.admits(code, kind.lines_max(), clock::now())
}

/// Tells how many lines were not written up to `now`. Called from time to time.
pub fn tell_floods(now: i64) {
    for Kept { code, lines } in FLOODS.end(now) {
        tracing::warn!(code, lines, "more of the same");
    }
}
