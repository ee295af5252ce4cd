//! What somebody decides about the versions of a list, by command or by the API: on the record, then done.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{Semaphore, oneshot};

use crate::audit::{Audit, Deed};
use crate::config::ListSetting;
use crate::lists::Place;
use crate::serve::{CurateError, Curator, Decided, Decider, Decision};
use crate::store::{Approved, Book, Listing, Maintainer, Store, StoreError};
use crate::telemetry::clock;
use crate::telemetry::metrics::Metrics;
use crate::update::{self, Prompts, Refreshed};

use super::audit::{put_update, recorded_in};
use super::session::Settings;
use super::updater::count;

/// Under whose name something is decided, and why.
pub(super) struct Signed<'s> {
    /// As whom approvals count: by all names of one person.
    pub(super) names: Vec<&'s str>,
    /// As whom the record knows them.
    pub(super) who: &'s str,
    pub(super) why: &'s str,
}

impl Signed<'_> {
    fn deed(&self, did: &str, about: &str) -> Deed {
        Deed { who: self.who.into(), did: did.into(), about: about.into(), why: self.why.into() }
    }
}

/// What may be approved.
#[derive(Debug, Clone, Copy)]
pub(super) enum Awaited<'a> {
    /// The version of that number.
    Version(u64),
    /// The entry of that id.
    Entry(&'a str),
}

/// Approves; tells what it was about, too.
pub(super) fn approve(
    audit: &Audit,
    (store, listing): (&Store, &Listing),
    awaited: Awaited<'_>,
    by: &Signed<'_>,
) -> anyhow::Result<(String, Approved)> {
    let name = &listing.source.name;
    let about = match awaited {
        Awaited::Entry(entry) => format!("list {name}, entry {entry}"),
        Awaited::Version(number) => {
            let book = store.book(name)?;
            let version = book.versions.get(&number).map(|version| &*version.version);
            format!("list {name}, version {number} ({})", version.unwrap_or("unknown"))
        }
    };
    let approved = recorded_in(audit, by.deed("list_approve", &about), || {
        Ok(match awaited {
            Awaited::Entry(entry) => store.let_in(listing, entry, &by.names)?,
            Awaited::Version(number) => store.approve(listing, number, &by.names)?,
        })
    })?;
    Ok((about, approved))
}

/// Goes back to an earlier version; tells the number of the one that answers.
pub(super) fn roll_back(
    audit: &Audit,
    (store, listing): (&Store, &Listing),
    to: Option<u64>,
    by: &Signed<'_>,
) -> anyhow::Result<u64> {
    let name = &listing.source.name;
    let to = to.or_else(|| store.book(name).ok()?.before_live());
    let about = to.map_or_else(|| format!("list {name}"), |to| format!("list {name}, to version {to}"));
    recorded_in(audit, by.deed("list_rollback", &about), || Ok(store.roll_back(listing, to)?))
}

/// Sees to the lists of a server.
struct Desk {
    store: Store,
    audit: Arc<Audit>,
    listings: BTreeMap<String, Listing>,
    prompts: Prompts,
    metrics: Metrics,
    turn: Arc<Semaphore>,
}

impl Desk {
    /// Looks at a list in a file, on a thread of its own; one at a time, and who comes meanwhile is told that it is under way.
    fn look(&self, listing: Listing) -> oneshot::Receiver<Refreshed> {
        let (tell, told) = oneshot::channel();
        let Ok(turn) = Arc::clone(&self.turn).try_acquire_owned() else { return told };
        let (store, audit, metrics) = (self.store.clone(), Arc::clone(&self.audit), self.metrics.clone());
        let look = move || {
            let name = &listing.source.name;
            let outcome = update::at_hand(&store, &listing, clock::now());
            count(&metrics, name, &outcome);
            let refreshed = Refreshed::from(&outcome);
            if refreshed == Refreshed::Live && put_update(&audit, &store, name).is_err() {
                tracing::error!(list = name, "an update is not on the record");
            }
            drop(turn);
            // Who does not wait any more need not know.
            let _ = tell.send(refreshed);
        };
        // Without a thread nobody is told, which is what happened.
        drop(std::thread::Builder::new().name("linkgate-look".into()).spawn(look));
        told
    }
}

/// Who sees to the lists of these settings.
pub(super) fn desk(
    settings: &Settings,
    store: Store,
    prompts: &Prompts,
    metrics: &Metrics,
) -> anyhow::Result<Arc<dyn Curator>> {
    let listing = |setting: &ListSetting| anyhow::Ok((setting.name.clone(), settings.listing(setting)?));
    Ok(Arc::new(Desk {
        store,
        audit: Audit::in_dir(&settings.state_dir()?, &settings.key()?).into(),
        listings: settings.kept()?.into_iter().map(listing).collect::<anyhow::Result<_>>()?,
        prompts: prompts.clone(),
        metrics: metrics.clone(),
        turn: Arc::new(Semaphore::new(1)),
    }))
}

impl Curator for Desk {
    fn refresh(&self, list: &str) -> Option<oneshot::Receiver<Refreshed>> {
        let listing = self.listings.get(list)?;
        match listing.source.place {
            Place::File(_) if listing.maintainer == Maintainer::Operator => Some(self.look(listing.clone())),
            _ => self.prompts.ask(list),
        }
    }

    fn decide(&self, list: &str, decision: &Decision, by: &Decider) -> Result<Decided, CurateError> {
        let listing = self.listings.get(list).ok_or(CurateError::NoVersion)?;
        let book = self.store.book(list).map_err(|error| failed(list, &error.into()))?;
        // What cannot be is no matter for the record.
        may_be(&book, decision)?;
        let (key, who) = (by.person(), by.on_record());
        let names = std::iter::once(&*key).chain(by.author.as_deref()).collect();
        let by = Signed { names, who: &who, why: &by.reason };
        let at = (&self.store, listing);
        let decided = match decision {
            Decision::RollBack(to) => roll_back(&self.audit, at, *to, &by).map(|_| Approved::Live),
            Decision::Approve(number) => approve(&self.audit, at, Awaited::Version(*number), &by).map(|(_, how)| how),
            Decision::LetIn(entry) => approve(&self.audit, at, Awaited::Entry(entry), &by).map(|(_, how)| how),
        };
        match decided.map_err(|error| failed(list, &error))? {
            Approved::Live => Ok(Decided::Live),
            Approved::OneMore => Ok(Decided::OneMore),
        }
    }
}

fn may_be(book: &Book, decision: &Decision) -> Result<(), CurateError> {
    let is_earlier = |number: &u64| book.earlier().any(|earlier| earlier == *number);
    match decision {
        Decision::RollBack(to) if !to.or(book.before_live()).as_ref().is_some_and(is_earlier) => {
            Err(CurateError::NoVersion)
        }
        Decision::Approve(number) if book.pending == Some(*number) || book.was_refused(*number) => Ok(()),
        Decision::Approve(_) => Err(CurateError::NothingPending),
        Decision::LetIn(entry) if !book.holds(entry) => Err(CurateError::NothingPending),
        Decision::RollBack(_) | Decision::LetIn(_) => Ok(()),
    }
}

/// What went wrong, as doors tell it; the log has the rest.
fn failed(list: &str, error: &anyhow::Error) -> CurateError {
    match error.downcast_ref() {
        Some(StoreError::NoVersion { .. } | StoreError::Answers { .. }) => CurateError::NoVersion,
        Some(StoreError::NothingPending { .. }) => CurateError::NothingPending,
        Some(StoreError::SamePerson { .. }) => CurateError::SamePerson,
        _ => {
            tracing::error!(list, error = format!("{error:#}"), "a decision about a list was not carried out");
            CurateError::State
        }
    }
}
