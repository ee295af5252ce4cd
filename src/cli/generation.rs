//! The number that rises with every change of lists, overrides, policy or tables, kept in the state directory.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::index::atomic;

#[derive(Serialize, Deserialize)]
struct Kept {
    generation: u64,
    /// Hex of a digest over everything that verdicts depend on.
    fingerprint: String,
}

/// Where it stands in a state directory.
pub(super) fn path_in(state_dir: &Path) -> PathBuf {
    state_dir.join("generation.json")
}

/// The generation of what has this fingerprint: the one kept, or one more if the fingerprint changed.
pub(super) fn advance(state_dir: &Path, fingerprint: &[u8; 32]) -> io::Result<u64> {
    let path = path_in(state_dir);
    let fingerprint = data_encoding::HEXLOWER.encode(fingerprint);
    let kept: Option<Kept> = match fs::read(&path) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    match kept {
        Some(kept) if kept.fingerprint == fingerprint => Ok(kept.generation),
        kept => {
            let generation = kept.map_or(0, |kept| kept.generation) + 1;
            fs::create_dir_all(state_dir)?;
            let text = serde_json::to_vec(&Kept { generation, fingerprint })?;
            atomic::write_atomically(&path, |file| file.write_all(&text))?;
            Ok(generation)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_rise_with_changes_only() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        for (fingerprint, expected) in [(1, 1), (1, 1), (2, 2), (1, 3), (1, 3)] {
            assert_eq!(advance(&state, &[fingerprint; 32]).unwrap(), expected);
        }
    }
}
