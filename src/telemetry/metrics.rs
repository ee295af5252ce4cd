//! Figures for Prometheus. Labels are names from the configuration and from this program, never of a post or a link.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// What `GET /metrics` answers with.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All figures of one server. Clones share them.
#[derive(Clone)]
pub struct Metrics {
    /// Requests by door, outcome and platform.
    pub requests: Family<Request, Counter>,
    /// Posts judged, by action.
    pub posts: Family<Post, Counter>,
    /// From a request that is complete to its decision.
    pub processing: Histogram,
    /// Open connections by door.
    pub connections: Family<Door, Gauge>,
    /// How often each limit was hit.
    pub limits: Family<Limit, Counter>,
    /// Requests to upstream by outcome.
    pub upstream: Family<Outcome, Counter>,
    /// Rises with every change of lists, overrides, policy or tables.
    pub generation: Gauge<u64, AtomicU64>,
    /// Entries by list.
    pub entries: Family<List, Gauge>,
    /// Reloads by outcome.
    pub reloads: Family<Outcome, Counter>,
    /// TLS handshakes by outcome.
    pub tls_handshakes: Family<Outcome, Counter>,
    registry: Arc<Registry>,
}

/// Labels of requests.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(missing_docs, reason = "the label's own name says it")]
pub struct Request {
    pub door: &'static str,
    pub outcome: &'static str,
    pub platform: &'static str,
}

/// Labels of posts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(missing_docs, reason = "the label's own name says it")]
pub struct Post {
    pub door: &'static str,
    pub action: Action,
}

/// An action as a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
#[expect(non_camel_case_types, missing_docs, reason = "the names are those of reports")]
pub enum Action {
    allow,
    flag,
    hold,
    reject,
}

/// The label of a door.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(missing_docs, reason = "the label's own name says it")]
pub struct Door {
    pub door: &'static str,
}

/// The label of a limit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(missing_docs, reason = "the label's own name says it")]
pub struct Limit {
    pub limit: &'static str,
}

/// The label of an outcome.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(missing_docs, reason = "the label's own name says it")]
pub struct Outcome {
    pub outcome: &'static str,
}

/// The label of a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(missing_docs, reason = "the label's own name says it")]
pub struct List {
    pub list: String,
}

/// Seconds; half of them below the millisecond within which a check should be done.
const PROCESSING_BUCKETS: [f64; 12] =
    [0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.01, 0.05, 0.25, 1.0];

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("linkgate");
        let (requests, posts, connections) = (Family::default(), Family::default(), Family::default());
        let (limits, upstream, reloads) = (Family::default(), Family::default(), Family::default());
        let tls_handshakes = Family::default();
        let (generation, entries) = (Gauge::default(), Family::default());
        let processing = Histogram::new(PROCESSING_BUCKETS);
        registry.register("requests", "Requests answered", Family::clone(&requests));
        registry.register("posts", "Posts judged, by what is to be done about them", Family::clone(&posts));
        registry.register(
            "processing_seconds",
            "From a complete request to its decision",
            Histogram::clone(&processing),
        );
        registry.register("connections", "Open connections", Family::clone(&connections));
        registry.register("limit_hits", "Requests and connections that went beyond a limit", Family::clone(&limits));
        registry.register("upstream_requests", "Requests to the platform behind the proxy", Family::clone(&upstream));
        registry.register(
            "generation",
            "Rises with every change of what verdicts depend on",
            Gauge::clone(&generation),
        );
        registry.register("index_entries", "Entries in use", Family::clone(&entries));
        registry.register("reloads", "Reloads of configuration and lists", Family::clone(&reloads));
        registry.register("tls_handshakes", "TLS handshakes with clients", Family::clone(&tls_handshakes));
        let registry = Arc::new(registry);
        Self {
            requests,
            posts,
            processing,
            connections,
            limits,
            upstream,
            generation,
            entries,
            reloads,
            tls_handshakes,
            registry,
        }
    }
}

impl Metrics {
    /// All figures as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = text::encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_with_what_they_mean() {
        let metrics = Metrics::default();
        metrics.posts.get_or_create(&Post { door: "api", action: Action::reject }).inc();
        let text = metrics.text();
        assert!(text.contains("# HELP linkgate_posts Posts judged"), "{text}");
        assert!(text.contains("linkgate_posts_total{door=\"api\",action=\"reject\"} 1\n"), "{text}");
    }
}
