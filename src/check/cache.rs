//! Verdicts of posts that come again: the same spam, posted a thousand times.
//!
//! It pays where a check is dear: posts of dozens of links, or many large indexes. A post of one link is checked in half a
//! microsecond, half of what it takes to find it here and a quarter of what it costs when it is not here; so no door has one.
//!
//! A verdict is kept under a keyed digest of text, format and attached links, and serves only the snapshot it was made
//! with, until the next entry begins or ends to hold.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use moka::sync::Cache;

use super::{Checker, Post, Report, Snapshot};
use crate::extract::TextFormat;

/// A checker that remembers.
#[derive(Clone)]
pub struct CachedChecker {
    checker: Checker,
    cache: Cache<[u8; 32], Remembered>,
    key: [u8; 32],
    counts: Arc<Counts>,
}

#[derive(Clone)]
struct Remembered {
    report: Arc<Report>,
    /// Weak, so that what is remembered does not keep an old list in memory.
    snapshot: Weak<Snapshot>,
    from: i64,
    /// Exclusive.
    until: i64,
}

#[derive(Default)]
struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
}

/// How often the cache knew the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheStats {
    /// Answers from the cache.
    pub hits: u64,
    /// Posts that were checked.
    pub misses: u64,
}

impl CachedChecker {
    /// Remembers up to `posts_max` posts under a key that nobody outside the process knows.
    pub fn new(checker: Checker, posts_max: u64, key: [u8; 32]) -> Self {
        Self { checker, cache: Cache::new(posts_max), key, counts: Arc::default() }
    }

    /// The checker behind it.
    pub fn checker(&self) -> &Checker {
        &self.checker
    }

    /// The same as [`Checker::check`].
    pub fn check(&self, post: &Post<'_>, now: i64) -> Arc<Report> {
        let snapshot = self.checker.snapshot();
        let digest = self.digest(post);
        if let Some(known) = self.cache.get(&digest)
            && known.snapshot.as_ptr() == Arc::as_ptr(&snapshot)
            && (known.from..known.until).contains(&now)
        {
            self.counts.hits.fetch_add(1, Ordering::Relaxed);
            return known.report;
        }
        self.counts.misses.fetch_add(1, Ordering::Relaxed);
        let report = Arc::new(self.checker.check_against(&snapshot, post, now));
        let until = snapshot.next_edge(now).unwrap_or(i64::MAX);
        let remembered =
            Remembered { report: Arc::clone(&report), snapshot: Arc::downgrade(&snapshot), from: now, until };
        self.cache.insert(digest, remembered);
        report
    }

    /// How often the cache knew the answer so far.
    pub fn stats(&self) -> CacheStats {
        CacheStats {
            hits: self.counts.hits.load(Ordering::Relaxed),
            misses: self.counts.misses.load(Ordering::Relaxed),
        }
    }

    fn digest(&self, post: &Post<'_>) -> [u8; 32] {
        let format = match post.format {
            TextFormat::Plain => 0,
            TextFormat::Html => 1,
            TextFormat::Markdown => 2,
        };
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&[format]);
        for field in std::iter::once(&post.text).chain(post.attached) {
            hasher.update(&(field.len() as u64).to_le_bytes());
            hasher.update(field.as_bytes());
        }
        hasher.finalize().into()
    }
}
