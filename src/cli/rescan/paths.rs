//! What a rescan writes must be none of what it reads, and no two outputs the same.

use std::path::PathBuf;

use crate::cli::args::Arguments;
use crate::cli::session::Settings;
use crate::cli::usage;
use crate::rescan::Identity;

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
pub(super) fn guard(settings: &Settings, arguments: &Arguments, rescan: &RescanArguments) -> anyhow::Result<()> {
    let given: Vec<String> = rescan.lists.iter().chain(&rescan.only_new).cloned().collect();
    let lists = settings.sources(&given)?;
    let configured = settings.loaded.config.lists.iter().filter(|_| given.is_empty());
    let configured = configured.filter_map(|list| Some(("a list", list.path.clone()?)));
    let lists = lists.iter().filter_map(|list| Some(("a list", list.path()?.to_owned()))).chain(configured);
    let config = Settings::config_path(arguments).map(|path| ("the configuration", path));
    let key = settings.key_path().map(|path| ("the key", path));
    let mut seen: Vec<(&str, Identity)> =
        lists.chain(config).chain(key).map(|(what, path)| (what, Identity::of(&path))).collect();
    for (flag, path) in outputs(rescan) {
        let identity = Identity::of(path);
        if let Some((other, _)) = seen.iter().find(|(_, other)| *other == identity) {
            return Err(usage(format!("{flag} would overwrite {other}: {}", path.display())));
        }
        if [".gz", ".zst"].iter().any(|suffix| path.to_string_lossy().ends_with(suffix)) {
            return Err(usage(format!("{flag}: nothing is packed; name {} without its ending", path.display())));
        }
        seen.push((flag, identity));
    }
    Ok(())
}
