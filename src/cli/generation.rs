//! The number that rises with every change of lists, overrides, policy or tables, kept in the state directory.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::index::{atomic, lock};
use crate::telemetry::clock;

use super::session::warn;

/// What is above was counted by nobody; beyond it programs that read JSON begin to round.
const GENERATION_MAX: u64 = 1 << 53;

#[derive(Serialize, Deserialize)]
struct Kept {
    generation: u64,
    /// Hex of a digest over everything that verdicts depend on.
    fingerprint: String,
}

/// What the file says.
enum Found {
    Nothing,
    Kept(Kept),
    /// Whatever was counted cannot be told any more.
    Damaged,
}

/// Where it stands in a state directory.
pub(super) fn path_in(state_dir: &Path) -> PathBuf {
    state_dir.join("generation.json")
}

/// What whoever counts holds meanwhile.
pub(super) fn lock_in(state_dir: &Path) -> PathBuf {
    state_dir.join("generation.lock")
}

/// The generation of what has this fingerprint: the one kept, or a higher one if the fingerprint changed. It is never
/// below `generation_min`, which somebody was told already.
pub(super) fn advance(state_dir: &Path, fingerprint: &[u8; 32], generation_min: u64) -> io::Result<u64> {
    let path = path_in(state_dir);
    let fingerprint = data_encoding::HEXLOWER.encode(fingerprint);
    let holds = |kept: &Kept| kept.fingerprint == fingerprint && kept.generation >= generation_min;
    // Most runs change nothing, and need no right to write.
    if let Found::Kept(kept) = read(&path)?
        && holds(&kept)
    {
        return Ok(kept.generation);
    }
    atomic::make_directory(state_dir)?;
    let leave = File::options().create(true).truncate(false).write(true).open(lock_in(state_dir))?;
    atomic::owned_like(&leave, state_dir);
    lock::exclusive(&leave)?;
    let last = match read(&path)? {
        Found::Kept(kept) if holds(&kept) => return Ok(kept.generation),
        Found::Kept(kept) => kept.generation,
        Found::Nothing => 0,
        Found::Damaged => {
            warn(&format!("{} is damaged; generations go on from the time of day", path.display()));
            // Above any count of changes.
            u64::try_from(clock::now()).unwrap_or(0)
        }
    };
    let generation = last.max(generation_min) + 1;
    let text = serde_json::to_vec(&Kept { generation, fingerprint })?;
    atomic::write_atomically(&path, |file| file.write_all(&text))?;
    Ok(generation)
}

fn read(path: &Path) -> io::Result<Found> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(error),
    };
    let kept: Option<Kept> = serde_json::from_slice(&bytes).ok();
    Ok(kept.filter(|kept| kept.generation <= GENERATION_MAX).map_or(Found::Damaged, Found::Kept))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::thread;

    use super::*;

    #[test]
    fn generations_rise_with_changes_only() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        for (fingerprint, expected) in [(1, 1), (1, 1), (2, 2), (1, 3), (1, 3)] {
            assert_eq!(advance(&state, &[fingerprint; 32], 0).unwrap(), expected);
        }
    }

    #[test]
    fn nobody_goes_back_whatever_becomes_of_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let advance = |fingerprint, generation_min| advance(dir.path(), &[fingerprint; 32], generation_min).unwrap();
        assert_eq!((advance(1, 4), advance(1, 5), advance(1, 0)), (5, 5, 5));
        fs::remove_file(path_in(dir.path())).unwrap();
        assert_eq!((advance(1, 5), advance(2, 6), advance(2, 9)), (6, 7, 10));
    }

    #[test]
    fn a_damaged_file_counts_as_more_than_anybody_counted() {
        let dir = tempfile::tempdir().unwrap();
        let kept = |generation: u64| format!(r#"{{"generation":{generation},"fingerprint":"0"}}"#);
        let began = u64::try_from(clock::now()).unwrap();
        for damaged in [String::new(), "{".into(), "{}".into(), kept(GENERATION_MAX + 1), kept(u64::MAX)] {
            fs::write(path_in(dir.path()), &damaged).unwrap();
            let generation = advance(dir.path(), &[1; 32], 0).unwrap();
            assert!((began..GENERATION_MAX).contains(&generation), "{damaged:?}: {generation}");
            assert_eq!(advance(dir.path(), &[2; 32], 0).unwrap(), generation + 1);
        }
        fs::write(path_in(dir.path()), kept(GENERATION_MAX)).unwrap();
        assert_eq!(advance(dir.path(), &[1; 32], 0).unwrap(), GENERATION_MAX + 1);
    }

    #[test]
    fn one_generation_stands_for_one_fingerprint_however_many_count() {
        let dir = tempfile::tempdir().unwrap();
        let count = |fingerprint: u8| advance(dir.path(), &[fingerprint; 32], 0).unwrap();
        let told: BTreeSet<u64> = thread::scope(|scope| {
            let counting: Vec<_> = (0..24).map(|fingerprint| scope.spawn(move || count(fingerprint))).collect();
            counting.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(told, (1..=24).collect());
    }
}
