//! What a door takes from strangers: sizes, times and numbers, each with a name.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Limits of all doors. A request, or a connection, beyond one is refused or ended, and counted under its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each field is described in `config::DOCS`, which the help prints")]
pub struct Limits {
    pub connections_max: usize,
    pub streams_max: u32,
    pub head_max_bytes: usize,
    pub head_timeout_ms: u64,
    pub body_max_bytes: usize,
    pub body_grace_ms: u64,
    pub body_min_bytes_per_s: u64,
    pub write_timeout_ms: u64,
    pub posts_max: usize,
    pub check_wait_ms: u64,
    pub idle_grace_ms: u64,
    pub threat_entries_max: usize,
    pub explain_url_max_chars: usize,
    pub grace_ms: u64,
    pub successor_timeout_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 20_000,
            streams_max: 100,
            head_max_bytes: 32 << 10,
            head_timeout_ms: 10_000,
            body_max_bytes: 1 << 20,
            body_grace_ms: 5_000,
            body_min_bytes_per_s: 1_000,
            write_timeout_ms: 30_000,
            posts_max: 256,
            check_wait_ms: 1_000,
            idle_grace_ms: 1_000,
            threat_entries_max: 500,
            explain_url_max_chars: 8 << 10,
            grace_ms: 20_000,
            successor_timeout_ms: 60_000,
        }
    }
}

/// Refusals that tell of a limit, by their code; limits that stand under no setting are named as in `wire::Limits`.
const BEHIND: [(&str, &str); 17] = [
    ("head_too_large", "head_max_bytes"),
    ("too_many_fields", "fields_max"),
    ("target_too_long", "target_max_bytes"),
    ("chunk_line_too_long", "chunk_line_max_bytes"),
    ("chunk_extensions_too_large", "extensions_max_bytes"),
    ("trailers_too_large", "trailers_max_bytes"),
    ("body_too_large", BODY_MAX_BYTES),
    ("body_too_slow", BODY_MIN_BYTES_PER_S),
    ("too_many_posts", "posts_max"),
    ("upstream_full", "upstream_connections_max"),
    ("requests_per_minute", "requests_per_minute"),
    ("links_per_day", "links_per_day"),
    ("hits_per_day", "hits_per_day"),
    ("too_many_threat_entries", "threat_entries_max"),
    ("url_too_long", "explain_url_max_chars"),
    ("line_too_long", BODY_MAX_BYTES),
    ("overload", "check_wait_ms"),
];
pub(super) const BODY_MAX_BYTES: &str = "body_max_bytes";
pub(super) const BODY_MIN_BYTES_PER_S: &str = "body_min_bytes_per_s";
pub(super) const CONNECTIONS_MAX: &str = "connections_max";
pub(super) const STREAMS_MAX: &str = "streams_max";
pub(super) const HEAD_TIMEOUT_MS: &str = "head_timeout_ms";
pub(super) const WRITE_TIMEOUT_MS: &str = "write_timeout_ms";
pub(super) const REFUSALS_PER_DAY: &str = "refusals_per_day";
pub(super) const SUCCESSOR_TIMEOUT_MS: &str = "successor_timeout_ms";
const OTHERS: [&str; 6] =
    [CONNECTIONS_MAX, STREAMS_MAX, HEAD_TIMEOUT_MS, WRITE_TIMEOUT_MS, REFUSALS_PER_DAY, SUCCESSOR_TIMEOUT_MS];

/// The limit that a refusal tells of.
pub(super) fn behind(code: &str) -> Option<&'static str> {
    BEHIND.iter().find(|(refusal, _)| *refusal == code).map(|(_, limit)| *limit)
}

/// Everything that is counted as a limit.
pub(super) fn counted() -> impl Iterator<Item = &'static str> {
    OTHERS.into_iter().chain(BEHIND.iter().map(|(_, limit)| *limit))
}

impl Limits {
    /// How long the first `bytes` of a body may take.
    pub(super) fn body_time(&self, bytes: usize) -> Duration {
        let by_rate = (bytes as u64).saturating_mul(1_000) / self.body_min_bytes_per_s.max(1);
        Duration::from_millis(self.body_grace_ms.saturating_add(by_rate))
    }

    /// How long a long body may wait for its turn to be checked.
    pub(super) fn check_wait(&self) -> Duration {
        Duration::from_millis(self.check_wait_ms)
    }
}
