//! `linkgate lists changes`: when other entries answered than before, for whoever checks again what is already posted.

use std::io::{self, Write as _};

use serde::Serialize;

use crate::store::{Change, Difference, Listing, Store};

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
            let entries = if told == Told::Entries { difference(&store, &listing, change)? } else { None };
            writeln!(out, "{}", serde_json::to_string(&Line { list: name, change, entries })?)?;
        }
    }
    Ok(Exit::Quiet)
}

/// Nothing if one of the versions is not kept any more, or the entry stands in the change itself.
fn difference(store: &Store, listing: &Listing, change: &Change) -> anyhow::Result<Option<Difference>> {
    let book = store.book(&listing.source.name)?;
    let is_kept = |number: &u64| book.versions.contains_key(number);
    match change.from.filter(|from| *from != change.to) {
        Some(from) if is_kept(&from) && is_kept(&change.to) => Ok(Some(store.difference(listing, from, change.to)?)),
        None if change.from.is_none() && is_kept(&change.to) => Ok(Some(store.all(listing, change.to)?)),
        _ => Ok(None),
    }
}
