//! What the running program tells about itself: the one clock that everybody shares, logs, metrics.

pub mod clock;
pub mod log;
pub mod metrics;
