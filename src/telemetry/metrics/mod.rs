//! Figures for Prometheus. Labels are names from the configuration and from this program, never of a post or a link.
//!
//! What every request counts is at hand without a look-up; what is rare is found by its labels.

mod exposition;
mod fetch;
mod labels;
mod outbox;
mod process;
mod rulings;

use std::borrow::Borrow;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};

pub use prometheus_client::metrics::gauge::Gauge;

pub use exposition::Exposition;
pub use fetch::Fetches;
pub use labels::{
    Action, Build, Canary, Door, Limit, List, ListUpdate, Outcome, Post, Reason, Request, State, Stop, Unchecked,
    WholeHash,
};
pub use outbox::Outbox;
pub use rulings::{Override, Rulings};

/// All figures of one server. Clones share them, and cost one count: requests make some.
#[derive(Clone, Default)]
pub struct Metrics(Arc<Figures>);

impl Deref for Metrics {
    type Target = Figures;

    fn deref(&self) -> &Figures {
        &self.0
    }
}

/// What is behind [`Metrics`].
pub struct Figures {
    /// Requests by door, outcome and platform.
    pub requests: Family<Request, Counter>,
    /// Those of the check API that were answered.
    pub api_answered: Counter,
    /// Posts that came through the check API.
    pub api_posts: Posts,
    /// Posts that came through the proxy.
    pub proxy_posts: Posts,
    /// Posts that nobody looked at, and that passed.
    pub unchecked: Family<Unchecked, Counter>,
    /// From a request that is complete to its decision.
    pub processing: Histogram,
    /// Open connections by door.
    pub connections: Family<Door, Gauge>,
    /// TLS handshakes by outcome.
    pub tls_handshakes: Family<Outcome, Counter>,
    /// How often each limit was hit.
    pub limits: Family<Limit, Counter>,
    /// Requests to the platform.
    pub upstream: Upstream,
    /// Requests to other hosts.
    pub fetches: Fetches,
    /// What waits to be finished or delivered.
    pub outbox: Outbox,
    /// What verdicts are made with.
    pub lists: Lists,
    /// How often each override decided.
    pub rulings: Rulings,
    /// Reloads by outcome.
    pub reloads: Family<Outcome, Counter>,
    /// 1 if the last reload was done, or there was none.
    pub reload_succeeded: Gauge,
    /// 1 if posts can be checked.
    pub ready: Gauge,
    registry: Registry,
    process: Registry,
}

/// One of what a gauge counts, as long as it is held.
pub struct Counted<G: Borrow<Gauge>>(G);

impl<G: Borrow<Gauge>> Counted<G> {
    /// One more.
    pub fn one(gauge: G) -> Self {
        gauge.borrow().inc();
        Self(gauge)
    }
}

impl<G: Borrow<Gauge>> Drop for Counted<G> {
    fn drop(&mut self) {
        self.0.borrow().dec();
    }
}

/// Posts judged at one door, by action.
pub struct Posts([Counter; 4]);

impl Posts {
    fn of(family: &Family<Post, Counter>, door: &'static str) -> Self {
        let actions = [Action::allow, Action::flag, Action::hold, Action::reject];
        Self(actions.map(|action| family.get_or_create_owned(&Post { door, action })))
    }

    /// Counts one.
    pub fn count(&self, action: Action) {
        let Self([allow, flag, hold, reject]) = self;
        let counter = match action {
            Action::allow => allow,
            Action::flag => flag,
            Action::hold => hold,
            Action::reject => reject,
        };
        counter.inc();
    }
}

/// Figures of the platform behind the proxy.
pub struct Upstream {
    /// Requests by outcome.
    pub requests: Family<Outcome, Counter>,
    /// Those that were answered.
    pub answered: Counter,
    /// From sending a request to the head of its answer.
    pub latency: Histogram,
    /// Requests that wait for the head of an answer.
    pub in_flight: Gauge,
    /// Connections, with a request or without.
    pub open: Gauge,
    /// Of those, the ones without.
    pub idle: Gauge,
}

/// Figures of what verdicts are made with.
pub struct Lists {
    /// Rises with every change of lists, overrides, policy or tables.
    pub generation: Gauge<u64, AtomicU64>,
    /// Entries by list.
    pub entries: Family<List, Gauge>,
    /// When each list was read.
    pub read_at: Family<List, Gauge>,
    /// When the file of each list was written, or its source last seen.
    pub written_at: Family<List, Gauge>,
    /// Attempts to update lists, by what they came to.
    pub updates: Family<ListUpdate, Counter>,
    /// 1 if a version of a list waits for approval.
    pub pending: Family<List, Gauge>,
    /// 1 if a list does not answer as it should: not at all, by an earlier version, by former settings or from memory alone.
    pub impaired: Family<List, Gauge>,
    /// Entries of the version in use that wait for approval.
    pub held: Family<List, Gauge>,
    /// 1 if the canary of a list was seen, by list and door.
    pub canary_seen: Family<Canary, Gauge>,
    /// When canaries were last looked for.
    pub self_test_at: Gauge,
}

/// Seconds; half of them below the millisecond within which a check should be done.
const PROCESSING_BUCKETS: [f64; 12] =
    [0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.01, 0.05, 0.25, 1.0];
/// Seconds that platforms take.
const UPSTREAM_BUCKETS: [f64; 11] = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// What reloads come to; both are told before there was one, so that the first is seen as a rise.
const RELOADS: [&str; 2] = ["done", "failed"];

/// Registers figures, each with what it means.
struct Register(Registry);

impl Register {
    fn add<M: Metric + Clone>(&mut self, name: &str, help: &str, metric: M) -> M {
        self.0.register(name, help, metric.clone());
        metric
    }
}

impl Default for Figures {
    fn default() -> Self {
        let mut register = Register(Registry::with_prefix("linkgate"));
        let requests: Family<Request, Counter> = register.add("requests", "Requests answered", Family::default());
        let posts = register.add("posts", "Posts judged, by what is to be done about them", Family::default());
        let reloads = register.add("reloads", "Reloads of configuration and lists", Family::default());
        for outcome in RELOADS {
            drop(reloads.get_or_create(&Outcome { outcome }));
        }
        let build = register.add("build_info", "The version that runs; always 1", Family::<Build, Gauge>::default());
        build.get_or_create(&Build { version: env!("CARGO_PKG_VERSION") }).set(1);
        let reload_succeeded =
            register.add("last_reload_successful", "1 unless the last reload failed", Gauge::default());
        reload_succeeded.set(1);
        Self {
            api_answered: requests.get_or_create_owned(&Request { door: "api", outcome: "answered", platform: "" }),
            requests,
            api_posts: Posts::of(&posts, "api"),
            proxy_posts: Posts::of(&posts, "proxy"),
            unchecked: register.add("unchecked", "Posts that passed although nobody looked at them", Family::default()),
            processing: register.add(
                "processing_seconds",
                "From a complete request to its decision",
                Histogram::new(PROCESSING_BUCKETS),
            ),
            connections: register.add("connections", "Open connections", Family::default()),
            tls_handshakes: register.add("tls_handshakes", "TLS handshakes with clients", Family::default()),
            limits: register.add("limit_hits", "Requests and connections that met a limit", Family::default()),
            upstream: Upstream::registered(&mut register),
            fetches: Fetches::registered(&mut register),
            outbox: Outbox::registered(&mut register),
            lists: Lists::registered(&mut register),
            rulings: Rulings::registered(&mut register),
            reloads,
            reload_succeeded,
            ready: register.add("ready", "1 if posts can be checked", Gauge::default()),
            registry: register.0,
            process: process::registry(),
        }
    }
}

impl Upstream {
    fn registered(register: &mut Register) -> Self {
        let connections: Family<State, Gauge> =
            register.add("upstream_connections", "Connections to the platform behind the proxy", Family::default());
        let requests: Family<Outcome, Counter> =
            register.add("upstream_requests", "Requests to the platform behind the proxy", Family::default());
        Self {
            answered: requests.get_or_create_owned(&Outcome { outcome: "answered" }),
            requests,
            latency: register.add(
                "upstream_seconds",
                "From a request to the platform to the head of its answer",
                Histogram::new(UPSTREAM_BUCKETS),
            ),
            in_flight: register.add(
                "upstream_in_flight",
                "Requests that the platform has not begun to answer",
                Gauge::default(),
            ),
            open: connections.get_or_create_owned(&State { state: "open" }),
            idle: connections.get_or_create_owned(&State { state: "idle" }),
        }
    }
}

impl Lists {
    fn registered(register: &mut Register) -> Self {
        Self {
            generation: register.add(
                "generation",
                "Rises with every change of what verdicts depend on",
                Gauge::default(),
            ),
            entries: register.add("index_entries", "Entries in use", Family::default()),
            read_at: register.add("list_timestamp_seconds", "When a list was read", Family::default()),
            written_at: register.add(
                "list_source_timestamp_seconds",
                "When the file of a list was written, or its source last seen",
                Family::default(),
            ),
            updates: register.add(
                "list_updates",
                "Attempts to update lists, by list and by what they came to",
                Family::default(),
            ),
            pending: register.add("list_pending", "1 if a version of a list waits for approval", Family::default()),
            impaired: register.add(
                "list_impaired",
                "1 if a list does not answer, or not by the version and settings that it should",
                Family::default(),
            ),
            held: register.add(
                "list_held_entries",
                "Entries of the version in use that wait for approval",
                Family::default(),
            ),
            canary_seen: register.add(
                "canary_seen",
                "1 if a list matches its canary at a door, and not what it must not match",
                Family::default(),
            ),
            self_test_at: register.add(
                "self_test_timestamp_seconds",
                "When canaries were last looked for",
                Gauge::default(),
            ),
        }
    }

    /// Forgets all lists: others are told next.
    pub fn clear(&self) {
        for family in [&self.entries, &self.read_at, &self.written_at, &self.pending, &self.impaired, &self.held] {
            family.clear();
        }
    }
}

impl Figures {
    /// All figures as text.
    pub fn text(&self, exposition: Exposition) -> String {
        exposition.text(&[&self.registry, &self.process])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_with_what_they_mean() {
        let metrics = Metrics::default();
        metrics.api_posts.count(Action::reject);
        let text = metrics.text(Exposition::Prometheus);
        assert!(text.contains("# HELP linkgate_posts_total Posts judged"), "{text}");
        assert!(text.contains("linkgate_posts_total{door=\"api\",action=\"reject\"} 1\n"), "{text}");
        assert!(text.contains("linkgate_posts_total{door=\"api\",action=\"allow\"} 0\n"), "{text}");
        assert!(text.contains("# TYPE process_cpu_seconds_total counter\n"), "{text}");
    }
}
