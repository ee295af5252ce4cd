//! What was named on the command line → files: directories are walked, patterns filled in.

use std::collections::HashSet;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::rescan::error::RescanError;

use super::{Input, Kind, Place};

/// The inputs, and how many files in directories were no posts by their names.
#[derive(Debug, Default)]
pub struct Found {
    /// In the order in which they are read.
    pub inputs: Vec<Input>,
    /// Files of a directory whose suffix is not known.
    pub passed_over: u64,
    /// Files that are not read again.
    seen: HashSet<Identity>,
    /// Files that are written.
    written: HashSet<Identity>,
}

/// Finds every file that is meant.
///
/// A name is a file, a directory (all files in it with a known suffix, in the order of their paths), a pattern with `*`,
/// `?` or `[…]`, or `-`. `kind` overrides what the suffix says. Links to directories are not followed within one, no file
/// is read twice, and files of `except`, which are written, are left out of directories.
///
/// # Errors
/// If a name stands for nothing, or for a file of `except`.
pub fn find(names: &[String], kind: Option<Kind>, except: &[PathBuf]) -> Result<Found, RescanError> {
    let mut found = Found { written: except.iter().map(|path| Identity::of(path)).collect(), ..Found::default() };
    for name in names {
        if name == "-" {
            if found.written.contains(&Identity::of(Path::new("/dev/stdin"))) {
                return Err(RescanError::Overwritten { name: "standard input".into() });
            }
            let kind = kind.unwrap_or(Kind::Jsonl);
            found.inputs.push(Input { name: "-".into(), place: Place::Stdin, kind, size: None, changed: None });
            continue;
        }
        let path = Path::new(name);
        if path.exists() {
            found.add(path, kind, Named::ByHand)?;
        } else {
            let mut any = false;
            let paths = glob::glob(name).map_err(|_| RescanError::NoInput { name: name.clone() })?;
            for path in paths {
                let path = path.map_err(|error| RescanError::open(name, error.into()))?;
                found.add(&path, kind, Named::ByHand)?;
                any = true;
            }
            if !any {
                return Err(RescanError::NoInput { name: name.clone() });
            }
        }
    }
    Ok(found)
}

/// How a file came to be an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    /// Somebody asked for it: it is read, whatever its suffix.
    ByHand,
    /// It lies in a directory.
    ByWalk,
}

impl Found {
    fn add(&mut self, path: &Path, kind: Option<Kind>, named: Named) -> Result<(), RescanError> {
        let name = || path.to_string_lossy().into_owned();
        let metadata = path.metadata().map_err(|error| RescanError::open(&name(), error))?;
        if metadata.is_dir() && named == Named::ByWalk && path.is_symlink() {
            return Ok(());
        }
        if metadata.is_dir() {
            for path in entries(path)? {
                self.add(&path, kind, Named::ByWalk)?;
            }
            return Ok(());
        }
        let by_suffix = Kind::of(path);
        let kind = match (kind.or(by_suffix), named) {
            (Some(kind), Named::ByHand) => kind,
            (Some(kind), Named::ByWalk) if by_suffix.is_some() => kind,
            (None, Named::ByHand) => Kind::Jsonl,
            (_, Named::ByWalk) => {
                self.passed_over += 1;
                return Ok(());
            }
        };
        let identity = Identity::of(path);
        match (self.written.contains(&identity), named) {
            (true, Named::ByHand) => return Err(RescanError::Overwritten { name: name() }),
            (true, Named::ByWalk) => return Ok(()),
            (false, _) => {}
        }
        // Pipes can be read by many names.
        if metadata.is_file() && !self.seen.insert(identity) {
            return Ok(());
        }
        // Told before hours of work, not after them.
        if kind == Kind::Parquet && !cfg!(feature = "parquet") {
            return Err(RescanError::NoParquet { input: name() });
        }
        self.inputs.push(Input {
            name: name(),
            place: Place::File(path.to_owned()),
            kind,
            size: metadata.is_file().then_some(metadata.len()),
            changed: changed(&metadata),
        });
        Ok(())
    }
}

/// A file, whichever path leads to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Identity {
    /// One that is there: its device and number.
    There(u64, u64),
    /// One that may come to be: its folder and name.
    NotYet(PathBuf),
}

impl Identity {
    /// Of the file at that path; links are followed.
    pub fn of(path: &Path) -> Self {
        if let Ok(metadata) = path.metadata() {
            return Self::There(metadata.dev(), metadata.ino());
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let parent = parent.canonicalize().unwrap_or_else(|_| parent.to_owned());
        Self::NotYet(parent.join(path.file_name().unwrap_or_default()))
    }
}

fn changed(metadata: &Metadata) -> Option<u128> {
    Some(metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos())
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>, RescanError> {
    let failed = |error| RescanError::open(&directory.to_string_lossy(), error);
    let entries = std::fs::read_dir(directory).map_err(failed)?;
    let paths: Result<Vec<PathBuf>, _> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.map_err(failed)?;
    paths.sort();
    Ok(paths)
}

impl Kind {
    /// What a suffix says, below `.gz` and `.zst`.
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
        let inner = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
        let (_, suffix) = inner.rsplit_once('.')?;
        Self::from_name(suffix)
    }

    /// The kind that goes by that name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            "json" => Some(Self::Json),
            "csv" => Some(Self::Table { delimiter: b',' }),
            "tsv" => Some(Self::Table { delimiter: b'\t' }),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_go_by_suffix() {
        for (name, expected) in [
            ("a.jsonl", Some(Kind::Jsonl)),
            ("a.b.NDJSON.gz", Some(Kind::Jsonl)),
            ("outbox.json", Some(Kind::Json)),
            ("a.csv.zst", Some(Kind::Table { delimiter: b',' })),
            ("a.tsv", Some(Kind::Table { delimiter: b'\t' })),
            ("2026/a.PARQUET", Some(Kind::Parquet)),
            ("a.txt", None),
            ("jsonl", None),
            ("a.gz", None),
        ] {
            assert_eq!(Kind::of(Path::new(name)), expected, "{name}");
        }
    }

    #[test]
    fn directories_are_walked_in_order_and_nothing_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.jsonl", "a/z.csv", "a/readme.txt", "c.jsonl.gz"] {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        let root = dir.path().to_str().unwrap();
        let names = |asked: &[String]| -> Vec<String> {
            let inputs = find(asked, None, &[]).unwrap().inputs.into_iter();
            inputs.map(|input| input.name[root.len() + 1..].to_owned()).collect()
        };
        assert_eq!(names(&[root.into()]), ["a/z.csv", "b.jsonl", "c.jsonl.gz"]);
        assert_eq!(find(&[root.into()], None, &[]).unwrap().passed_over, 1);
        assert_eq!(names(&[format!("{root}/*.jsonl*")]), ["b.jsonl", "c.jsonl.gz"]);
        assert_eq!(names(&[format!("{root}/a/readme.txt")]), ["a/readme.txt"]);
        let out = [dir.path().join("b.jsonl")];
        let left: Vec<String> =
            find(&[root.into(), root.into()], None, &out).unwrap().inputs.into_iter().map(|input| input.name).collect();
        assert_eq!(left, [format!("{root}/a/z.csv"), format!("{root}/c.jsonl.gz")]);
        assert!(matches!(find(&[format!("{root}/no*")], None, &[]), Err(RescanError::NoInput { .. })));
        assert!(matches!(find(&[format!("{root}/none.jsonl")], None, &[]), Err(RescanError::NoInput { .. })));
    }
}
