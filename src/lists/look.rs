//! What files and directories are like without reading them, so that a change can be told.
//!
//! Looking is all that is asked of the file system: it works on every mount, through symbolic links, and where whole
//! directories are swapped.

use std::fs::{self, Metadata};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Of a directory, so many files are looked at.
const FILES_MAX: usize = 10_000;
/// Lists have their files in a directory, or in those directly below it.
const DEPTH_MAX: usize = 2;

/// What a file, or all files of a directory, were like at a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    /// A digest of names, sizes, times and inodes; of what is not there, of the reason.
    pub digest: u64,
    /// When any of it was last written, in seconds since the Unix epoch; nothing if it is not there.
    pub written_at: Option<i64>,
}

impl Look {
    /// Looks at a file or a directory, but not at `own` files in it.
    pub fn at(path: &Path, own: &[PathBuf]) -> Self {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                let mut look = Self { digest: 0, written_at: None };
                look.add_files(path, own, (DEPTH_MAX, &mut FILES_MAX.clone()));
                // In an empty one there is nothing younger.
                Self { written_at: look.written_at.or(Some(metadata.mtime())), ..look }
            }
            Ok(metadata) => Self { digest: digest(path, &metadata), written_at: Some(metadata.mtime()) },
            Err(error) => {
                let reason = error.raw_os_error().map_or(1, |code| u64::from(code.unsigned_abs()));
                Self { digest: reason, written_at: None }
            }
        }
    }

    /// All files of a directory, in whatever order they come.
    fn add_files(&mut self, dir: &Path, own: &[PathBuf], (depth, files_left): (usize, &mut usize)) {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if *files_left == 0 {
                break;
            }
            if own.contains(&path) {
                continue;
            }
            *files_left -= 1;
            let Ok(metadata) = fs::metadata(&path) else { continue };
            if !metadata.is_dir() {
                self.digest = self.digest.wrapping_add(digest(&path, &metadata));
                self.written_at = self.written_at.max(Some(metadata.mtime()));
            } else if depth > 1 {
                self.add_files(&path, own, (depth - 1, files_left));
            }
        }
    }
}

fn digest(path: &Path, metadata: &Metadata) -> u64 {
    let mut hasher = DefaultHasher::new();
    let written = (metadata.size(), metadata.mtime(), metadata.mtime_nsec());
    // Its rights may have changed.
    let changed = (metadata.ctime(), metadata.ctime_nsec());
    (path, written, changed, metadata.dev(), metadata.ino()).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_looked_at_up_to_its_limit() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("a"), "").unwrap();
        let looked = |limit: usize| {
            let mut look = Look::default();
            look.add_files(home.path(), &[], (DEPTH_MAX, &mut limit.clone()));
            look.digest
        };
        assert_ne!(looked(1), 0);
        assert_eq!(looked(0), 0);
    }

    #[test]
    fn a_directory_is_as_young_as_its_youngest_file() {
        let home = tempfile::tempdir().unwrap();
        let file = |name: &str| fs::File::create(home.path().join(name)).unwrap();
        let at = |file: fs::File, second: u64| {
            file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(second)).unwrap();
        };
        fs::create_dir(home.path().join("below")).unwrap();
        at(file("a"), 1_000);
        at(file("below/b"), 3_000);
        at(file("c"), 2_000);
        assert_eq!(Look::at(home.path(), &[]).written_at, Some(3_000));
        assert_eq!(Look::at(&home.path().join("none"), &[]).written_at, None);
    }
}
