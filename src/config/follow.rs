//! The settings of the way out: `[fetch]` and `[cache]`.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::fetch::Follow;

/// How shorteners are asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each field is described in `DOCS`, which the help prints")]
pub struct FetchSetting {
    pub follow: Follow,
    pub hops_max: usize,
    pub request_timeout_ms: u64,
    pub chain_timeout_ms: u64,
    pub page_max_bytes: usize,
    pub requests_max: usize,
    pub requests_per_s: u32,
    pub chains_max: usize,
    pub host_requests_max: usize,
    pub host_failures_max: u32,
    pub host_pause_ms: u64,
    pub attempts_max: u32,
    pub second_look_share: f64,
    pub second_look_after_ms: u64,
    pub ports: Vec<u16>,
    pub resolvers: Vec<SocketAddr>,
    pub proxy: Option<String>,
    pub ca_file: Option<PathBuf>,
    pub user_agent: String,
}

impl Default for FetchSetting {
    fn default() -> Self {
        Self {
            follow: Follow::Known,
            hops_max: 10,
            request_timeout_ms: 5_000,
            chain_timeout_ms: 20_000,
            page_max_bytes: 512 << 10,
            requests_max: 256,
            requests_per_s: 0,
            chains_max: 20_000,
            host_requests_max: 16,
            host_failures_max: 5,
            host_pause_ms: 30_000,
            attempts_max: 6,
            second_look_share: 0.01,
            second_look_after_ms: 60_000,
            ports: vec![80, 443],
            resolvers: Vec::new(),
            proxy: None,
            ca_file: None,
            user_agent: concat!("linkgate/", env!("CARGO_PKG_VERSION")).into(),
        }
    }
}

/// What is remembered of redirects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each field is described in `DOCS`, which the help prints")]
pub struct CacheSetting {
    pub hops_max: u64,
    pub trails_max: u64,
    pub min_s: u64,
    pub max_s: u64,
    pub redirect_s: u64,
    pub negative_s: u64,
    pub redis_url_file: Option<PathBuf>,
}

impl Default for CacheSetting {
    fn default() -> Self {
        Self {
            hops_max: 100_000,
            trails_max: 100_000,
            min_s: 60,
            max_s: 86_400,
            redirect_s: 3_600,
            negative_s: 120,
            redis_url_file: None,
        }
    }
}

/// Every key of the way out with what it means.
pub(super) const DOCS: &[(&str, &str)] = &[
    (
        "fetch.follow",
        "Hosts that are asked where their links lead: known (the table of shorteners), all that are unlisted, or none.",
    ),
    ("fetch.hops_max", "Requests for one link."),
    ("fetch.request_timeout_ms", "How long one request may take, from its first byte to the last of the answer."),
    ("fetch.chain_timeout_ms", "How long one link is followed, whoever waits for it."),
    ("fetch.page_max_bytes", "Size of a page whose links are read, unpacked."),
    ("fetch.requests_max", "Requests at once."),
    ("fetch.requests_per_s", "Requests in a second, to all hosts together; 0 means as many as there are."),
    ("fetch.chains_max", "Links that are followed at once; more are not begun."),
    ("fetch.host_requests_max", "Requests at once to one host."),
    ("fetch.host_failures_max", "Failures in a row after which a host is left alone."),
    ("fetch.host_pause_ms", "How long a host is left alone the first time; twice as long each time after."),
    ("fetch.attempts_max", "How often a link whose host does not answer is followed again before that is told."),
    (
        "fetch.second_look_share",
        "The part of posts with such links, 0.0 to 1.0, that is looked at again later, in the name of a browser.",
    ),
    ("fetch.second_look_after_ms", "How much later."),
    ("fetch.ports", "Ports that are asked."),
    ("fetch.resolvers", "Name servers, as 192.0.2.53:53; those of the system if there are none."),
    ("fetch.proxy", "Egress proxy through which everything is asked: http://egress.internal:3128"),
    ("fetch.ca_file", "Authorities, PEM, that are trusted besides those of the system."),
    ("fetch.user_agent", "What hosts are told of who asks."),
    ("cache.hops_max", "Redirects that are remembered."),
    ("cache.trails_max", "Links of which it is remembered what they came to, for the lists in use."),
    ("cache.min_s", "The shortest time for which a redirect is remembered, whatever its host says."),
    ("cache.max_s", "The longest."),
    ("cache.redirect_s", "For how long one is whose host says nothing; a permanent one for the longest time."),
    ("cache.negative_s", "For how long it is remembered that a link leads nowhere else."),
    (
        "cache.redis_url_file",
        "File with the URL of a Redis or Valkey server that servers share redirects through: redis://127.0.0.1:6379/0",
    ),
];
