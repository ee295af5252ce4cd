//! `linkgate lists changes`: when other entries answered than before, for whoever checks again what is already posted.

use std::io::{self, Write as _};

use serde::Serialize;

use crate::store::{Change, Difference};

use super::Exit;
use super::session::Settings;
use super::versions::Named;

/// What is told of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Which versions.
    Versions,
    /// The ids of entries too.
    Entries,
}

/// A change as it is printed.
#[derive(Serialize)]
struct Line<'c> {
    list: &'c str,
    #[serde(flatten)]
    change: &'c Change,
    #[serde(flatten)]
    entries: Option<Difference>,
}

pub(super) fn run(settings: &Settings, names: &[String], after: u64, told: Told) -> anyhow::Result<Exit> {
    let names: Vec<String> = if names.is_empty() {
        settings.kept()?.into_iter().map(|setting| setting.name.clone()).collect()
    } else {
        names.to_vec()
    };
    let mut out = io::stdout().lock();
    for name in &names {
        let Named { store, listing } = Named::find(settings, name)?;
        for change in store.book(name)?.changes.iter().filter(|change| change.number > after) {
            let entries = match told {
                Told::Entries => store.changed(&listing, change, usize::MAX)?,
                Told::Versions => None,
            };
            writeln!(out, "{}", serde_json::to_string(&Line { list: name, change, entries })?)?;
        }
    }
    Ok(Exit::Quiet)
}
