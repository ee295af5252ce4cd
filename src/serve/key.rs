//! Who may ask what: API keys, known by their SHA-256 alone, each with scopes, a checker of its own and budgets.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::HashMap;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::check::{Checker, Report};
use crate::verdict::Status;

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Check posts.
    Check,
    /// Ask for the steps of one URL, redacted.
    Explain,
    /// See them unredacted.
    Reveal,
    /// See and change lists.
    Admin,
}

/// How much a key may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budget {
    /// Requests in a minute, and as many at once.
    pub requests_per_minute: Option<NonZeroU32>,
    /// Distinct entries hit in a day: whoever meets more than posts do is reading the list out.
    pub hits_per_day: Option<usize>,
}

/// What is known of whoever holds a key.
pub struct Tenant {
    name: String,
    scopes: Vec<Scope>,
    pub(super) checker: Checker,
    rate: Option<DefaultDirectRateLimiter>,
    hits_per_day: Option<usize>,
    hits: Mutex<Hits>,
}

/// Entries hit on one day, by digest.
#[derive(Default)]
struct Hits {
    day: i64,
    entries: HashSet<u64, foldhash::fast::RandomState>,
}

const DAY_SECONDS: i64 = 86_400;

/// What a budget says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spent {
    Within,
    Requests,
    Hits,
}

impl Tenant {
    /// A holder of a key who is answered by `checker`.
    pub fn new(name: &str, scopes: &[Scope], checker: Checker, budget: Budget) -> Self {
        Self {
            name: name.to_owned(),
            scopes: scopes.to_vec(),
            checker,
            rate: budget.requests_per_minute.map(|quota| RateLimiter::direct(Quota::per_minute(quota))),
            hits_per_day: budget.hits_per_day,
            hits: Mutex::default(),
        }
    }

    /// As the configuration names it.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Counts one request.
    pub(super) fn spend_request(&self, now: i64) -> Spent {
        if self.rate.as_ref().is_some_and(|rate| rate.check().is_err()) {
            return Spent::Requests;
        }
        let Some(max) = self.hits_per_day else { return Spent::Within };
        if self.hits_of(now).entries.len() > max { Spent::Hits } else { Spent::Within }
    }

    /// Counts the entries that a report tells of.
    pub(super) fn spend_hits(&self, report: &Report, now: i64) {
        if self.hits_per_day.is_none() {
            return;
        }
        for link in report.links.iter().filter(|link| link.status == Status::Listed) {
            for one in &link.matches {
                use std::hash::BuildHasher as _;
                let mut hits = self.hits_of(now);
                let digest = hits.entries.hasher().hash_one((&one.list, &one.entry));
                hits.entries.insert(digest);
            }
        }
    }

    fn hits_of(&self, now: i64) -> std::sync::MutexGuard<'_, Hits> {
        let mut hits = self.hits.lock().unwrap_or_else(PoisonError::into_inner);
        let day = now.div_euclid(DAY_SECONDS);
        if hits.day != day {
            hits.entries.clear();
            hits.day = day;
        }
        hits
    }
}

/// All keys.
#[derive(Clone, Default)]
pub struct Keys {
    by_digest: HashMap<[u8; 32], Arc<Tenant>>,
}

impl Keys {
    /// Adds a key by its SHA-256.
    pub fn add(&mut self, sha256: [u8; 32], tenant: Tenant) {
        self.by_digest.insert(sha256, Arc::new(tenant));
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_digest.is_empty()
    }

    /// Whose key it is. The digest makes how long the answer takes independent of how near a guess is.
    pub(super) fn tenant(&self, key: &[u8]) -> Option<&Arc<Tenant>> {
        self.by_digest.get(&digest(key))
    }

    /// All holders.
    pub fn tenants(&self) -> impl Iterator<Item = &Arc<Tenant>> {
        self.by_digest.values()
    }
}

/// What the configuration holds instead of a key.
pub fn digest(key: &[u8]) -> [u8; 32] {
    Sha256::digest(key).into()
}
