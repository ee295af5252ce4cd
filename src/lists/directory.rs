//! Lists that are directories: `squidGuard` trees and MISP feeds.

use std::collections::BTreeMap;
use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;

use super::body;
use super::error::ListError;
use super::format::Format;
use super::line::lines;
use super::options::Options;
use super::source::{Piece, read_file};

/// Reads all files of a directory that belong to a list.
pub(super) fn load(dir: &Path, options: &Options) -> Result<Vec<Piece>, ListError> {
    let mut budget = Budget { left: options.bytes_max, options };
    let manifest = dir.join("manifest.json");
    let pieces = if kind(&manifest)?.is_some() { feed(dir, &manifest, &mut budget)? } else { tree(dir, &mut budget)? };
    if pieces.is_empty() { Err(ListError::Empty) } else { Ok(pieces) }
}

/// How many bytes the files of a directory may still have together.
struct Budget<'o> {
    left: u64,
    options: &'o Options,
}

impl Budget<'_> {
    fn read(&mut self, path: &Path) -> Result<Vec<u8>, ListError> {
        let options = Options { bytes_max: self.left, ..self.options.clone() };
        let whole = |error| match error {
            ListError::TooLarge { .. } => ListError::TooLarge { bytes_max: self.options.bytes_max },
            other => other,
        };
        let text = read_file(path, &options).and_then(|file| Ok(body::unpack(&file, &options)?.into_owned()));
        let text = text.map_err(whole)?;
        self.left -= text.len() as u64;
        Ok(text)
    }
}

/// The events that a manifest names. Their names go into paths, so they can be nothing but ids.
fn feed(dir: &Path, manifest: &Path, budget: &mut Budget<'_>) -> Result<Vec<Piece>, ListError> {
    let text = budget.read(manifest)?;
    let events: BTreeMap<String, &RawValue> = serde_json::from_slice(&text)
        .map_err(|error| ListError::Malformed { format: "MISP manifest", line: error.line() as u64 })?;
    let is_id =
        |name: &String| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let ids = few(events.into_keys().filter(is_id))?.into_iter();
    ids.map(|id| Ok(Piece { text: budget.read(&dir.join(format!("{id}.json")))?, format: Format::MispEvent })).collect()
}

/// `domains`, `urls` and `expressions` in a directory and those directly below it.
fn tree(dir: &Path, budget: &mut Budget<'_>) -> Result<Vec<Piece>, ListError> {
    let mut pieces = Vec::new();
    for dir in std::iter::once(dir.to_owned()).chain(directories(dir)?) {
        for (name, format) in TREE_FILES {
            let path = dir.join(name);
            if is_file(&path)? {
                let text = budget.read(&path)?;
                let diff = dir.join(format!("{name}.diff"));
                let text = if is_file(&diff)? { with_changes(&text, &budget.read(&diff)?) } else { text };
                pieces.push(Piece { text, format });
            }
        }
    }
    Ok(pieces)
}

fn directories(dir: &Path) -> Result<Vec<PathBuf>, ListError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(ListError::Io)? {
        let path = entry.map_err(ListError::Io)?.path();
        if kind(&path)?.is_some_and(|kind| kind.is_dir()) {
            found.push(path);
        }
        if found.len() > FILES_MAX {
            break;
        }
    }
    let mut found = few(found.into_iter())?;
    found.sort();
    Ok(found)
}

fn is_file(path: &Path) -> Result<bool, ListError> {
    Ok(kind(path)?.is_some_and(|kind| kind.is_file()))
}

/// What is there, if anything is. What cannot be looked at may be a part of the list, and is no less than an error.
fn kind(path: &Path) -> Result<Option<FileType>, ListError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata.file_type())),
        // A link that leads nowhere is there.
        Err(error) if error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(path).is_err() => Ok(None),
        Err(error) => Err(ListError::Io(error)),
    }
}

/// All parts of a list: with one too many it is refused, since nobody would miss what was left out.
fn few<T>(parts: impl Iterator<Item = T>) -> Result<Vec<T>, ListError> {
    let found: Vec<T> = parts.take(FILES_MAX + 1).collect();
    if found.len() > FILES_MAX { Err(ListError::TooManyFiles { files_max: FILES_MAX }) } else { Ok(found) }
}

/// A list after its changes: `+line` adds, `-line` takes away, and the last change of a value counts.
fn with_changes(text: &[u8], diff: &[u8]) -> Vec<u8> {
    // squidGuard compares the first word of a line without regard to case.
    let key = |line: &[u8]| line.split(u8::is_ascii_whitespace).next().unwrap_or(line).to_ascii_lowercase();
    let mut changes: BTreeMap<Vec<u8>, Option<&[u8]>> = BTreeMap::new();
    for line in lines(diff).map(<[u8]>::trim_ascii) {
        let (mark, value) = line.split_at(line.len().min(1));
        let value = value.trim_ascii();
        match mark {
            b"+" => changes.insert(key(value), Some(value)),
            b"-" => changes.insert(key(value), None),
            _ => continue,
        };
    }
    let kept = lines(text).filter(|line| changes.get(&key(line.trim_ascii())) != Some(&None));
    let mut out = Vec::with_capacity(text.len() + diff.len());
    for line in kept.chain(changes.values().copied().flatten()) {
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    out
}

const TREE_FILES: [(&str, Format); 3] =
    [("domains", Format::SquidDomains), ("urls", Format::SquidUrls), ("expressions", Format::SquidExpressions)];
/// A feed has at most so many events, and a directory so many directories with files that are read.
const FILES_MAX: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_one_part_too_many_is_refused() {
        let (feed, tree) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let is_refused = |dir: &Path| matches!(load(dir, &Options::default()), Err(ListError::TooManyFiles { .. }));
        let manifest = |events: usize| {
            let events: BTreeMap<String, u8> = (0..events).map(|number| (format!("e{number}"), 0)).collect();
            fs::write(feed.path().join("manifest.json"), serde_json::to_vec(&events).unwrap()).unwrap();
            is_refused(feed.path())
        };
        for number in 0..FILES_MAX {
            fs::create_dir(tree.path().join(number.to_string())).unwrap();
        }
        fs::write(tree.path().join("domains"), "one.test\n").unwrap();
        assert_eq!(load(tree.path(), &Options::default()).unwrap().len(), 1);
        fs::create_dir(tree.path().join("more")).unwrap();
        assert!(is_refused(tree.path()));
        // Its events are missing, but they are not too many.
        assert_eq!((manifest(FILES_MAX), manifest(FILES_MAX + 1)), (false, true));
    }

    #[test]
    fn a_part_that_cannot_be_looked_at_is_no_part_that_is_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("csam")).unwrap();
        fs::write(at("domains"), "one.test\n").unwrap();
        fs::write(at("csam/domains"), "two.test\n").unwrap();
        let parts = || load(dir.path(), &Options::default()).map(|pieces| pieces.len());
        assert_eq!(parts().unwrap(), 2);
        for (link, moved) in [("csam/domains", "domains.away"), ("csam", "csam.away"), ("domains.diff", "none")] {
            let is_there = at(link).exists();
            if is_there {
                fs::rename(at(link), at(moved)).unwrap();
            }
            std::os::unix::fs::symlink("/no/such/mount", at(link)).unwrap();
            assert!(matches!(parts(), Err(ListError::Io(_))), "{link}");
            fs::remove_file(at(link)).unwrap();
            if is_there {
                fs::rename(at(moved), at(link)).unwrap();
            }
        }
        assert_eq!(parts().unwrap(), 2);
    }

    #[test]
    fn changes_are_applied() {
        for (diff, expected) in [
            ("+new.test\n-old.test\nnoise\n", "a.example\nnew.test\n"),
            ("- OLD.test \r\n", "a.example\n"),
            ("+new.test\n-new.test\n", "a.example\nold.test http://stop.invalid/\n"),
            ("-old.test\n+old.test\n", "a.example\nold.test http://stop.invalid/\nold.test\n"),
            ("+\n-\n", "a.example\nold.test http://stop.invalid/\n"),
        ] {
            let text = with_changes(b"a.example\r\nold.test http://stop.invalid/\n", diff.as_bytes());
            assert_eq!(std::str::from_utf8(&text), Ok(expected), "{diff}");
        }
    }
}
