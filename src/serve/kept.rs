//! Lists of which versions are kept, as doors tell of them.

use std::collections::BTreeMap;
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

    /// Whether none that is required is stale. Whether it answers at all is for the snapshot to say.
    pub(super) fn are_fresh(&self, now: i64, written_at: &BTreeMap<String, i64>) -> bool {
        self.lists.iter().filter(|list| list.required).all(|list| self.is_fresh(&list.name, now, written_at))
    }

    /// Whether one is not stale. What cannot be read any more answers from memory, and ages there since it was `written_at`.
    pub(super) fn is_fresh(&self, list: &str, now: i64, written_at: &BTreeMap<String, i64>) -> bool {
        let state = self.state(list, now);
        let stale_s = self.lists.iter().find(|kept| kept.name == list).and_then(|kept| kept.stale_s);
        let age_s = written_at.get(list).map(|at| now.saturating_sub(*at));
        let is_old = || stale_s.zip(age_s).is_some_and(|(stale_s, age_s)| age_s > stale_s.into());
        state.state != "stale" && (state.state != "missing" || !is_old())
    }
}

#[cfg(test)]
mod tests {
    use crate::canonical::Tables;
    use crate::index::StateKey;

    use super::*;

    #[test]
    fn what_answers_from_memory_grows_old_too() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::in_dir(dir.path(), &StateKey::new([7; 32]), &Arc::new(Tables::shipped().unwrap()));
        let list = |stale_s| KeptList { name: "own".into(), stale_s, required: true };
        let kept = |stale_s| Kept { store: Some(store.clone()), lists: vec![list(stale_s)], curator: None };
        let written_at = BTreeMap::from([("own".to_owned(), 1_000)]);
        for (stale_s, now, expected) in
            [(Some(60), 1_060, true), (Some(60), 1_061, false), (None, i64::MAX, true), (Some(60), 0, true)]
        {
            assert_eq!(kept(stale_s).are_fresh(now, &written_at), expected, "{stale_s:?} {now}");
        }
        // Whether it answers at all is for others to say.
        assert!(kept(Some(60)).are_fresh(i64::MAX, &BTreeMap::new()));
    }
}
