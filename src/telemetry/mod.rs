//! What the running program tells about itself: the one clock that everybody shares, logs, metrics, traces.

pub mod clock;
mod flood;
pub mod log;
pub mod metrics;
pub mod trace;
