//! What a rescan writes must be none of what it reads, and no two outputs the same.

use std::path::{Path, PathBuf};

use crate::cli::args::Arguments;
use crate::cli::usage;
use crate::lists::Source;

use super::RescanArguments;

/// The files that a rescan writes.
pub(super) fn written(rescan: &RescanArguments) -> Vec<PathBuf> {
    outputs(rescan).map(|(_, path)| path.clone()).collect()
}

fn outputs(rescan: &RescanArguments) -> impl Iterator<Item = (&'static str, &PathBuf)> {
    let given = [
        ("--out", Some(&rescan.out)),
        ("--summary", rescan.summary.as_ref()),
        ("--checkpoint", rescan.checkpoint.as_ref()),
    ];
    let named = given.into_iter().filter_map(|(flag, path)| Some((flag, path?)));
    // Devices can be written to as often as one likes.
    named.filter(|(_, path)| **path != *"-" && !path.metadata().is_ok_and(|metadata| !metadata.is_file()))
}

/// Refuses to overwrite what is read.
///
/// # Errors
/// If an output is a list, the key, the configuration or another output. Inputs are looked at when they are found.
pub(super) fn guard(arguments: &Arguments, rescan: &RescanArguments) -> anyhow::Result<()> {
    let mut lists = Vec::new();
    for text in rescan.lists.iter().chain(&rescan.only_new) {
        lists.push(Source::parse(text).map_err(usage)?);
    }
    let others = arguments.key_file.iter().chain(&arguments.config);
    let mut seen: Vec<(&str, &PathBuf)> = others.map(|path| ("--key-file or --config", path)).collect();
    for (flag, path) in outputs(rescan) {
        if lists.iter().any(|list| list.is_file(path)) {
            return Err(usage(format!("{flag} names a list: {}", path.display())));
        }
        if let Some((other, _)) = seen.iter().find(|(_, other)| is_same(other, path)) {
            return Err(usage(format!("{flag} and {other} name one file: {}", path.display())));
        }
        if [".gz", ".zst"].iter().any(|suffix| path.to_string_lossy().ends_with(suffix)) {
            return Err(usage(format!(
                "{flag}: nothing is packed when it is written; name {} without its ending",
                path.display()
            )));
        }
        seen.push((flag, path));
    }
    Ok(())
}

fn is_same(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}
