//! Figures of requests to other hosts, and of the redirects found by them.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use super::{Outcome, Reason, Register, Stop, WholeHash};

/// What the way out counts. Clones share it. What is usual is told before there was any, so that the first is seen as a rise.
#[derive(Debug, Clone, Default)]
pub struct Fetches {
    /// Requests by outcome.
    pub requests: Family<Outcome, Counter>,
    /// Requests that were not made, by the reason.
    pub refused: Family<Reason, Counter>,
    /// Redirect chains by how they ended.
    pub chains: Family<Stop, Counter>,
    /// Chains under way.
    pub under_way: Gauge,
    /// Hops by where they were found: `memory`, `shared`, or `asked` of their host.
    pub hops: Family<Outcome, Counter>,
    /// Hashes that begin as an entry does, by list and by what its publisher told of them.
    pub whole_hashes: Family<WholeHash, Counter>,
}

impl Fetches {
    pub(super) fn registered(register: &mut Register) -> Self {
        let figures = Self {
            requests: register.add("fetch_requests", "Requests to other hosts, by outcome", Family::default()),
            refused: register.add("fetch_refused", "Requests that were not made, by the reason", Family::default()),
            chains: register.add("redirect_chains", "Redirect chains, by how they ended", Family::default()),
            under_way: register.add("redirect_chains_under_way", "Redirect chains that are followed", Gauge::default()),
            hops: register.add("redirect_hops", "Hops of redirect chains, by where they were found", Family::default()),
            whole_hashes: register.add(
                "whole_hashes",
                "Hashes that begin as an entry of a list does, by what its publisher told of them",
                Family::default(),
            ),
        };
        drop(figures.requests.get_or_create(&Outcome { outcome: "answered" }));
        drop(figures.refused.get_or_create(&Reason { reason: "name" }));
        for stop in ["arrived", "listed"] {
            drop(figures.chains.get_or_create(&Stop { stop }));
        }
        for outcome in ["memory", "shared", "asked"] {
            drop(figures.hops.get_or_create(&Outcome { outcome }));
        }
        figures
    }
}
