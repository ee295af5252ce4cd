//! Who may ask what: API keys, known by their SHA-256 alone, each with scopes, an end, a checker and an account.

use std::sync::Arc;

use foldhash::HashMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::check::Checker;

use super::budget::Account;

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

/// A key and what it opens.
pub struct Key {
    /// By what name the record knows it.
    pub name: String,
    /// SHA-256 of the key itself.
    pub sha256: [u8; 32],
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// From when on it opens nothing any more, in seconds since the Unix epoch.
    pub ends: Option<i64>,
    /// What answers it, by its own lists and policy.
    pub checker: Checker,
    /// What it spends from, together with the other keys of its tenant.
    pub account: Arc<Account>,
}

impl Key {
    pub(super) fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    pub(super) fn has_ended(&self, now: i64) -> bool {
        self.ends.is_some_and(|ends| now >= ends)
    }
}

/// All keys.
#[derive(Clone, Default)]
pub struct Keys {
    by_digest: HashMap<[u8; 32], Arc<Key>>,
}

impl Keys {
    /// Adds a key; gives it back if it is there already.
    ///
    /// # Errors
    /// If there is one of that digest.
    pub fn add(&mut self, key: Key) -> Result<(), Box<Key>> {
        if self.by_digest.contains_key(&key.sha256) {
            return Err(key.into());
        }
        self.by_digest.insert(key.sha256, Arc::new(key));
        Ok(())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_digest.is_empty()
    }

    /// The key that somebody gave. The digest makes how long the answer takes independent of how near a guess is.
    pub(super) fn given(&self, key: &[u8]) -> Option<&Arc<Key>> {
        self.by_digest(&digest(key))
    }

    /// The key of that digest.
    pub(super) fn by_digest(&self, sha256: &[u8; 32]) -> Option<&Arc<Key>> {
        self.by_digest.get(sha256)
    }
}

/// What the configuration holds instead of a key.
pub fn digest(key: &[u8]) -> [u8; 32] {
    Sha256::digest(key).into()
}
