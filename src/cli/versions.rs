//! `linkgate lists fetch|diff|preview|approve|refuse|export|rollback`: the versions of lists.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::Path;

use anyhow::Context as _;

use crate::config::{IfMissing, ListSetting};
use crate::sample::Foreseen;
use crate::store::{Approved, Book, Difference, HeldEntry, Listing, Store, Taken};
use crate::telemetry::clock;
use crate::update::{self, Outcome};

use super::args::{By, What};
use super::audit::{record_update, recorded, signed};
use super::decisions::{self, Awaited, Signed};
use super::kept::{self, Looked, Origin};
use super::session::{Settings, warn};
use super::subscriptions::unusable;
use super::{Exit, counted, usage};

/// A list and where its versions are.
pub(super) struct Named {
    pub(super) store: Store,
    pub(super) listing: Listing,
}

impl Named {
    pub(super) fn find(settings: &Settings, name: &str) -> anyhow::Result<Self> {
        let kept = settings.kept()?;
        let names: Vec<&str> = kept.iter().map(|setting| &*setting.name).collect();
        let setting: Option<&&ListSetting> = kept.iter().find(|setting| setting.name == name);
        let setting = setting.ok_or_else(|| {
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            usage(format!("no list {name:?} of which versions are kept is in the configuration; there are: {names}"))
        })?;
        Ok(Self { store: settings.store(IfMissing::Make)?, listing: settings.listing(setting)? })
    }
}

impl By {
    fn as_signed(&self) -> Signed<'_> {
        Signed { names: vec![&self.author], who: &self.author, why: &self.reason }
    }
}

pub(super) fn fetch(settings: &Settings, names: &[String]) -> anyhow::Result<Exit> {
    for name in names {
        Named::find(settings, name)?;
    }
    let is_wanted = |name: &String| names.is_empty() || names.contains(name);
    if settings.kept()?.is_empty() {
        return Err(usage(
            "no list of which versions are kept is in the configuration; name one in `[[lists]]`".to_owned(),
        ));
    }
    let store = settings.store(IfMissing::Make)?.sampling(settings.sampler()?);
    let mut fetched = at_hand(settings, &store, names)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let inside = runtime.enter();
    let subscriptions = settings.subscriptions();
    drop(inside);
    for (name, subscription) in subscriptions.into_iter().filter(|(name, _)| is_wanted(name)) {
        let outcome = match subscription {
            Ok(subscription) => runtime.block_on(update::once(&store, &subscription, clock::now(), |_| {}))?,
            Err(error) => unusable(&store, &name, &error)?,
        };
        if outcome == Outcome::Taken(Taken::Live) {
            record_update(settings, &store, &name)?;
        }
        fetched.push((name, outcome));
    }
    tell_fetched(settings, &store, fetched)
}

/// Those in files, and those on standard input that are named.
fn at_hand(settings: &Settings, store: &Store, names: &[String]) -> anyhow::Result<Vec<(String, Outcome)>> {
    let mut fetched = Vec::new();
    for setting in settings.kept()? {
        let is_at_hand = match kept::origin(setting)? {
            Origin::File(_) => names.is_empty() || names.contains(&setting.name),
            Origin::Handed => names.contains(&setting.name),
            Origin::Url(_) | Origin::Compiled(_) => false,
        };
        if is_at_hand {
            let Looked { name, outcome } = settings.look(store, &settings.listing(setting)?);
            fetched.push((name, outcome?));
        }
    }
    Ok(fetched)
}

fn tell_fetched(settings: &Settings, store: &Store, fetched: Vec<(String, Outcome)>) -> anyhow::Result<Exit> {
    let mut exit = Exit::Quiet;
    let mut out = io::stdout().lock();
    for (name, outcome) in fetched {
        match outcome {
            Outcome::Failed(failure) => {
                let has_none = matches!(store.live(&Named::find(settings, &name)?.listing), Ok(None) | Err(_));
                let kept = if has_none { "no version answers" } else { "the version from before answers on" };
                warn(&format!("{name}: {}: {}; {kept}", failure.code, failure.text));
                exit = Exit::Failed;
            }
            outcome => writeln!(out, "{name}: {}", told(store, &name, &outcome)?)?,
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
        Outcome::Taken(Taken::Waits { code }) => {
            format!("{} waits for approval ({code}); see `linkgate lists preview {name}`", about(book.pending()))
        }
        Outcome::Taken(Taken::Refused) => format!(
            "the version of the source is not taken again, since somebody refused it or went back from it; {} answers on",
            about(book.live())
        ),
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
    let Difference { added, removed, .. } = difference;
    let head = format!("{} added, {} removed\n", counted(added.len(), "entry"), counted(removed.len(), "entry"));
    let marked = added.iter().map(|id| format!("+{id}\n")).chain(removed.iter().map(|id| format!("-{id}\n")));
    std::iter::once(head).chain(marked).collect()
}

pub(super) fn approve(settings: &Settings, name: &str, what: &What, by: &By) -> anyhow::Result<Exit> {
    let Named { store, listing } = Named::find(settings, name)?;
    let book = store.book(name)?;
    let awaited = match (&what.entry, pending(&book, name, what)) {
        (Some(entry), _) => Awaited::Entry(entry),
        (None, number) => Awaited::Version(number?),
    };
    if let Awaited::Entry(entry) = awaited
        && !book.holds(entry)
    {
        anyhow::bail!("no entry {entry:?} of list {name:?} waits for approval; see `linkgate lists preview {name}`");
    }
    let (about, approved) = decisions::approve(&signed(settings, by)?, (&store, &listing), awaited, &by.as_signed())?;
    let told = match approved {
        Approved::Live => "approved; it answers now",
        Approved::OneMore => "noted; it takes a second person",
    };
    writeln!(io::stdout().lock(), "{about}: {told}")?;
    Ok(Exit::Quiet)
}

/// The number of the version that waits, if it is the one that is meant.
fn pending(book: &Book, name: &str, what: &What) -> anyhow::Result<u64> {
    if let Some(version) = what.version.filter(|version| book.was_refused(*version)) {
        return Ok(version);
    }
    let pending = book.pending.with_context(|| format!("nothing of list {name:?} waits for approval"))?;
    anyhow::ensure!(
        what.version.is_none_or(|version| version == pending),
        "it is version {pending} of list {name:?} that waits by now; see `linkgate lists preview {name}`"
    );
    Ok(pending)
}

pub(super) fn refuse(settings: &Settings, name: &str, what: &What, by: &By) -> anyhow::Result<Exit> {
    let Named { store, listing } = Named::find(settings, name)?;
    let book = store.book(name)?;
    let (about, told) = if let Some(entry) = &what.entry {
        anyhow::ensure!(book.let_in.contains_key(entry), "no entry {entry:?} of list {name:?} was approved");
        let about = format!("list {name}, entry {entry}");
        recorded(settings, by, ("list_refuse", &about), || Ok(store.hold_back(&listing, entry)?))?;
        (about, "it is held back again")
    } else {
        let number = pending(&book, name, what)?;
        let about = format!("list {name}, version {number}");
        recorded(settings, by, ("list_refuse", &about), || Ok(store.refuse(name, number)?))?;
        (about, "refused; it is not taken again")
    };
    writeln!(io::stdout().lock(), "{about}: {told}")?;
    Ok(Exit::Quiet)
}

pub(super) fn export(settings: &Settings, name: &str, version: Option<u64>, out: &Path) -> anyhow::Result<Exit> {
    let Named { store, listing } = Named::find(settings, name)?;
    let number = version.or(store.book(name)?.live).with_context(|| format!("list {name:?} has no version yet"))?;
    let entries = counted(store.export(&listing, number, out)?, "entry");
    writeln!(io::stdout().lock(), "version {number} of list {name}, {entries}, in {}", out.display())?;
    Ok(Exit::Quiet)
}

pub(super) fn roll_back(settings: &Settings, name: &str, to: Option<u64>, by: &By) -> anyhow::Result<Exit> {
    let Named { store, listing } = Named::find(settings, name)?;
    let number = decisions::roll_back(&signed(settings, by)?, (&store, &listing), to, &by.as_signed())?;
    writeln!(io::stdout().lock(), "list {name}: version {number} answers now")?;
    Ok(Exit::Quiet)
}

pub(super) fn preview(settings: &Settings, name: &str, posts: Option<&Path>) -> anyhow::Result<Exit> {
    let Named { store, listing } = Named::find(settings, name)?;
    let mut out = io::stdout().lock();
    what_waits(&store, &listing, &mut out)?;
    let foreseen = store.clone().sampling(settings.sampler()?).foresee(&listing, clock::now())?;
    if let Some(Foreseen { links, newly_matched }) = foreseen {
        writeln!(out, "  {newly_matched} of {} checked lately would newly match", counted(links, "link"))?;
    }
    if let Some(path) = posts {
        let file = File::open(path).with_context(|| path.display().to_string())?;
        let waiting = store.waiting_index(&listing)?.context("it cannot be read any more")?;
        let told = super::preview::newly_matched(settings, (waiting, store.live(&listing)?), BufReader::new(file))?;
        writeln!(out, "  {} of {} would newly match", told.newly_matched, counted(told.posts, "post"))?;
    }
    Ok(Exit::Quiet)
}

/// A version, or entries of the one that answers.
fn what_waits(store: &Store, listing: &Listing, out: &mut impl Write) -> anyhow::Result<()> {
    let name = &listing.source.name;
    let book = store.book(name)?;
    let Some((number, version)) = book.pending() else {
        let live = book.live().filter(|(_, live)| !live.held.is_empty());
        let (number, live) = live.with_context(|| format!("nothing of list {name:?} waits for approval"))?;
        writeln!(out, "version {number} answers, and {} of it wait", counted(live.held.len(), "entry"))?;
        return held_back(&live.held, out);
    };
    let reason = version.reason.as_deref().unwrap_or("-");
    writeln!(out, "version {number}, {}: {reason}", counted(version.count(), "entry"))?;
    if let Some(live) = book.live {
        let difference = store.difference(listing, live, number)?;
        let (added, removed) = (difference.added.len(), difference.removed.len());
        writeln!(out, "  {} added, {} removed", counted(added, "entry"), counted(removed, "entry"))?;
    }
    held_back(&version.held, out)
}

fn held_back(held: &[HeldEntry], out: &mut impl Write) -> anyhow::Result<()> {
    for held in held {
        let own = held.own_id.as_ref().map_or_else(String::new, |own| format!("{own:?}, "));
        writeln!(out, "  held back: {} ({own}{}, {}): {}", held.entry, held.scope, held.category, held.code)?;
    }
    Ok(())
}
