//! `linkgate lists fetch|diff|preview|approve|rollback`: the versions of subscribed lists.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::Path;

use anyhow::Context as _;

use crate::config::{IfMissing, ListSetting};
use crate::store::{Approved, Difference, HeldEntry, Listing, Store, Taken};
use crate::telemetry::clock;
use crate::update::{self, Outcome};

use super::args::By;
use super::audit::{record_update, signed};
use super::decisions::{self, Awaited, Signed};
use super::session::{Settings, warn};
use super::{Exit, counted, usage};

/// A subscribed list and where its versions are.
struct Named {
    store: Store,
    listing: Listing,
}

impl Named {
    fn find(settings: &Settings, name: &str) -> anyhow::Result<Self> {
        let subscribed = settings.subscribed()?;
        let names: Vec<&str> = subscribed.iter().map(|setting| &*setting.name).collect();
        let setting: Option<&&ListSetting> = subscribed.iter().find(|setting| setting.name == name);
        let setting = setting.ok_or_else(|| {
            usage(format!("no list {name:?} with a `url` is in the configuration; there are: {}", names.join(", ")))
        })?;
        Ok(Self { store: settings.store(IfMissing::Make)?, listing: settings.listing(setting)? })
    }
}

impl By {
    fn as_signed(&self) -> Signed<'_> {
        Signed { person: &self.author, who: &self.author, why: &self.reason }
    }
}

pub(super) fn fetch(settings: &Settings, names: &[String]) -> anyhow::Result<Exit> {
    for name in names {
        Named::find(settings, name)?;
    }
    let store = settings.store(IfMissing::Make)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let inside = runtime.enter();
    let subscriptions = settings.subscriptions()?;
    drop(inside);
    let wanted = subscriptions.iter().filter(|one| names.is_empty() || names.contains(&one.listing.source.name));
    let mut exit = Exit::Quiet;
    let mut out = io::stdout().lock();
    for one in wanted {
        let name = &one.listing.source.name;
        match runtime.block_on(update::once(&store, one, clock::now()))? {
            Outcome::Failed(failure) => {
                let kept = if store.book(name)?.live.is_some() {
                    "the version from before answers on"
                } else {
                    "no version answers"
                };
                warn(&format!("{name}: {}: {}; {kept}", failure.code, failure.text));
                exit = Exit::Failed;
            }
            outcome => {
                if outcome == Outcome::Taken(Taken::Live) {
                    record_update(settings, &store, name)?;
                }
                writeln!(out, "{name}: {}", told(&store, name, &outcome)?)?;
            }
        }
    }
    Ok(exit)
}

fn told(store: &Store, name: &str, outcome: &Outcome) -> anyhow::Result<String> {
    let book = store.book(name)?;
    let about = |version: Option<(u64, &crate::store::Version)>| {
        version.map_or_else(String::new, |(number, version)| {
            let held = version.held.len();
            let held = if held == 0 { String::new() } else { format!(", {} held back", counted(held, "entry")) };
            format!("version {number}, {}{held}", counted(version.count(), "entry"))
        })
    };
    Ok(match outcome {
        Outcome::Taken(Taken::Waits { code }) => match book.pending() {
            Some(pending) => {
                format!("{} waits for approval ({code}); see `linkgate lists preview {name}`", about(Some(pending)))
            }
            None => format!(
                "the version that somebody went back from is not taken again ({code}); {} answers on",
                about(book.live())
            ),
        },
        Outcome::Taken(Taken::Live) => format!("{} answers now", about(book.live())),
        _ => format!("unchanged, {}", about(book.live())),
    })
}

/// What the second version has and the first has not, and the other way round.
pub(super) fn difference(settings: &Settings, name: &str, (first, second): (u64, u64)) -> anyhow::Result<Difference> {
    let Named { store, listing } = Named::find(settings, name)?;
    Ok(store.difference(&listing, first, second)?)
}

pub(super) fn lines(difference: &Difference) -> String {
    let Difference { added, removed } = difference;
    let head = format!("{} added, {} removed\n", counted(added.len(), "entry"), counted(removed.len(), "entry"));
    let marked = added.iter().map(|id| format!("+{id}\n")).chain(removed.iter().map(|id| format!("-{id}\n")));
    std::iter::once(head).chain(marked).collect()
}

pub(super) fn approve(settings: &Settings, name: &str, entry: Option<&str>, by: &By) -> anyhow::Result<Exit> {
    let Named { store, listing } = Named::find(settings, name)?;
    let book = store.book(name)?;
    let awaited = match (entry, book.pending) {
        (Some(entry), _) => Awaited::Entry(entry),
        (None, Some(number)) => Awaited::Version(number),
        (None, None) => anyhow::bail!("nothing of list {name:?} waits for approval"),
    };
    let (about, approved) = decisions::approve(&signed(settings, by)?, (&store, &listing), awaited, &by.as_signed())?;
    let told = match approved {
        Approved::Live => "approved; it answers now",
        Approved::OneMore => "noted; it takes a second person",
    };
    writeln!(io::stdout().lock(), "{about}: {told}")?;
    Ok(Exit::Quiet)
}

pub(super) fn roll_back(settings: &Settings, name: &str, to: Option<u64>, by: &By) -> anyhow::Result<Exit> {
    let Named { store, .. } = Named::find(settings, name)?;
    let number = decisions::roll_back(&signed(settings, by)?, (&store, name), to, &by.as_signed())?;
    writeln!(io::stdout().lock(), "list {name}: version {number} answers now")?;
    Ok(Exit::Quiet)
}

pub(super) fn preview(settings: &Settings, name: &str, posts: Option<&Path>) -> anyhow::Result<Exit> {
    let Named { store, listing } = Named::find(settings, name)?;
    let book = store.book(name)?;
    let mut out = io::stdout().lock();
    let Some((number, version)) = book.pending() else {
        let held = book.live().map(|(_, live)| &live.held).filter(|held| !held.is_empty());
        let held = held.with_context(|| format!("nothing of list {name:?} waits for approval"))?;
        return held_back(held, &mut out).map(|()| Exit::Quiet);
    };
    writeln!(
        out,
        "version {number}, {}: {}",
        counted(version.count(), "entry"),
        version.reason.as_deref().unwrap_or("-")
    )?;
    if let Some(live) = book.live {
        let difference = store.difference(&listing, live, number)?;
        let (added, removed) = (difference.added.len(), difference.removed.len());
        writeln!(out, "  {} added, {} removed", counted(added, "entry"), counted(removed, "entry"))?;
    }
    held_back(&version.held, &mut out)?;
    if let Some(path) = posts {
        let file = File::open(path).with_context(|| path.display().to_string())?;
        let waiting = store.pending_index(&listing)?.context("it cannot be read any more")?;
        let told = super::preview::newly_matched(settings, (waiting, store.live(&listing)?), BufReader::new(file))?;
        writeln!(out, "  {} of {} would newly match", told.newly_matched, counted(told.posts, "post"))?;
    }
    Ok(Exit::Quiet)
}

fn held_back(held: &[HeldEntry], out: &mut impl Write) -> anyhow::Result<()> {
    for held in held {
        writeln!(out, "  held back: {} ({}, {}): {}", held.entry, held.scope, held.category, held.code)?;
    }
    Ok(())
}
