//! How often each ruling decided, as servers write it down in the state directory: by its id, never by a value.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::index::atomic;

/// Rulings that are counted; of more, those that decided longest ago are forgotten.
const COUNTED_MAX: usize = 10_000;

/// What is known of each ruling.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OverrideHits(BTreeMap<String, Counted>);

/// How often one decided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Times.
    pub hits: u64,
    /// When it was last written down, in seconds since the Unix epoch.
    pub last_at: i64,
}

impl OverrideHits {
    /// Where they stand in a state directory.
    pub fn path_in(state_dir: &Path) -> PathBuf {
        state_dir.join("override-hits.json")
    }

    /// What was written down; nothing if there is none yet, or it is damaged: figures are no reason to stop.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// Adds what was counted until `now`.
    pub fn add(&mut self, fresh: &BTreeMap<String, u64>, now: i64) {
        for (id, hits) in fresh {
            let one = self.0.entry(id.clone()).or_default();
            *one = Counted { hits: one.hits.saturating_add(*hits), last_at: now };
        }
        while self.0.len() > COUNTED_MAX {
            let oldest = self.0.iter().min_by_key(|(_, one)| one.last_at).map(|(id, _)| id.clone());
            oldest.map(|id| self.0.remove(&id));
        }
    }

    /// Writes it down, whole or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let bytes = serde_json::to_vec(self).map_err(io::Error::from)?;
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        atomic::write_atomically(path, |file| file.write_all(&bytes))
    }

    /// How often the ruling of that id decided, if it ever did.
    pub fn of(&self, id: &str) -> Option<Counted> {
        self.0.get(id).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh(id: &str, hits: u64) -> BTreeMap<String, u64> {
        BTreeMap::from([(id.to_owned(), hits)])
    }

    #[test]
    fn they_add_up_from_run_to_run() {
        let dir = tempfile::tempdir().unwrap();
        let path = OverrideHits::path_in(dir.path());
        for (hits, now) in [(2, 10), (3, 20)] {
            let mut kept = OverrideHits::read(&path).unwrap();
            kept.add(&fresh("override-1", hits), now);
            kept.write(&path).unwrap();
        }
        let kept = OverrideHits::read(&path).unwrap();
        assert_eq!(kept.of("override-1"), Some(Counted { hits: 5, last_at: 20 }));
        assert_eq!(kept.of("override-2"), None);
        fs::write(&path, "{").unwrap();
        assert_eq!(OverrideHits::read(&path).unwrap(), OverrideHits::default());
    }

    #[test]
    fn one_beyond_the_limit_displaces_the_oldest() {
        let mut kept = OverrideHits::default();
        (0..=COUNTED_MAX).for_each(|number| {
            kept.0.insert(number.to_string(), Counted { hits: 1, last_at: i64::try_from(number).unwrap() });
        });
        kept.add(&fresh("new", 1), i64::MAX);
        assert_eq!(kept.0.len(), COUNTED_MAX);
        assert!(kept.of("0").is_none() && kept.of("1").is_none() && kept.of("2").is_some() && kept.of("new").is_some());
    }
}
