//! Traces of requests, for collectors of OpenTelemetry: built in by the feature `otel`, and sent where the configuration
//! says so. Otherwise spans are nothing, and cost nothing.
//!
//! Names and attributes are those of this program: door, outcome, platform, status, action. Nothing of a request goes into a
//! span, so nothing of it leaves with one.

#[cfg(not(feature = "otel"))]
mod none;
#[cfg(feature = "otel")]
mod otel;
#[cfg(feature = "otel")]
mod sender;

#[cfg(not(feature = "otel"))]
use none as inner;
#[cfg(feature = "otel")]
use otel as inner;

pub use inner::{Span, Tracing};

/// Where traces are sent, and how many.
#[derive(Debug, Clone)]
pub struct Options {
    /// `http://HOST:PORT` of a collector that takes OTLP over HTTP.
    pub endpoint: String,
    /// The part of requests that are traced, 0 to 1. A front that is trusted decides for the requests it has traced.
    pub ratio: f64,
}

/// Why no traces are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The feature is missing.
    #[error("this program was built without traces; build it with `cargo build --release --features otel`")]
    NotBuilt,
    /// It is no address.
    #[error("the collector is no address: http://HOST:PORT")]
    Address,
    /// The exporter cannot be made.
    #[error("the exporter cannot be made")]
    Exporter,
}

#[cfg(all(test, not(feature = "otel")))]
mod tests {
    use super::*;

    #[test]
    fn a_program_without_traces_says_how_to_get_them() {
        let error = Tracing::begin(&Options { endpoint: "http://127.0.0.1:4318".into(), ratio: 1.0 }).err().unwrap();
        assert!(error.to_string().contains("--features otel"), "{error}");
    }
}
