//! Logs as JSON lines on standard error: ids, counts and codes; never a text, a link, a host or a list line of anybody.

use tracing::level_filters::LevelFilter;

/// Begins to log what is at least this severe. The first call in a process counts.
///
/// Only events of linkgate itself are written: libraries log hosts and headers.
pub fn begin(level: LevelFilter) {
    use tracing_subscriber::filter::Targets;
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;

    let own = Targets::new().with_target("linkgate", level);
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(std::io::stderr);
    // A second call changes nothing.
    let _ = tracing_subscriber::registry().with(lines).with(own).try_init();
}
