//! Lists of which versions are kept, as doors tell of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::lists::SourceState;
use crate::store::Store;

use super::curator::Curator;

/// Whether a door does not see the canary of a list that is required, as whoever asks the doors tells it. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Unseen(Arc<AtomicBool>);

impl Unseen {
    /// One is not seen.
    pub fn missed(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// All are seen, as far as there is a door that tells.
    pub fn all_seen(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    pub(super) fn is_told(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Lists of which versions are kept. Clones share them.
#[derive(Clone, Default)]
pub struct Kept {
    /// Where.
    pub store: Option<Store>,
    /// Which.
    pub lists: Vec<KeptList>,
    /// Who sees to them when a holder of a key decides something.
    pub curator: Option<Arc<dyn Curator>>,
}

/// One of them.
#[derive(Debug, Clone)]
pub struct KeptList {
    /// Its name.
    pub name: String,
    /// How old it may be until it counts as stale, in seconds; without it never.
    pub stale_s: Option<u32>,
    /// Whether nothing is ready without it.
    pub required: bool,
}

impl Kept {
    /// Whether versions of that list are kept.
    pub(super) fn has(&self, list: &str) -> bool {
        self.lists.iter().any(|kept| kept.name == list)
    }

    /// The state of one at `now`, in seconds since the Unix epoch.
    pub(super) fn state(&self, list: &str, now: i64) -> SourceState {
        let kept = self.lists.iter().find(|kept| kept.name == list);
        let state = self.store.as_ref().zip(kept).map(|(store, kept)| store.state(list, kept.stale_s, now));
        state.unwrap_or_else(|| SourceState::missing(list))
    }

    /// The state of each at `now`, in seconds since the Unix epoch.
    pub(super) fn states(&self, now: i64) -> Vec<SourceState> {
        let state = |store: &Store| self.lists.iter().map(|list| store.state(&list.name, list.stale_s, now)).collect();
        self.store.as_ref().map(state).unwrap_or_default()
    }

    /// Whether none that is required is stale. Whether it answers at all is for the snapshot to say: what cannot be read any more
    /// may answer from memory.
    pub(super) fn are_fresh(&self, now: i64) -> bool {
        let required = self.lists.iter().filter(|list| list.required);
        let is_fresh = |(store, list): (&Store, &KeptList)| store.state(&list.name, list.stale_s, now).state != "stale";
        self.store.iter().flat_map(|store| required.clone().map(move |list| (store, list))).all(is_fresh)
    }
}
