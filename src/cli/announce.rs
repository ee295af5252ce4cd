//! Tells the platform when other entries of a list answer than before, whoever brought that about, through the outbox.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::config::IfMissing;
use crate::outbox::{ListChange, Outbox, OutboxError};
use crate::store::{Change, Difference, Listing, Store, StoreError, Told};
use crate::telemetry::clock;
use crate::telemetry::log::{Kind, admits};

use super::session::Settings;

/// Size as JSON of the ids that an event has of entries that were added, and again of those removed. Both together leave half
/// of what an event may have.
const IDS_MAX_BYTES: usize = 64 << 10;
/// How long it is waited after something could not be read or written; twice as long after each time.
const PAUSE: Duration = Duration::from_secs(15);
const PAUSE_MAX: Duration = Duration::from_mins(10);

/// The lists whose changes are told.
pub(super) struct Announcer {
    store: Store,
    listings: Vec<Arc<Listing>>,
}

/// The last change that was told of each list in this run: it is not told again where that cannot be noted.
type AllTold = BTreeMap<String, Told>;

/// A change as the platform is told of it.
#[derive(Serialize)]
struct Data<'c> {
    list: &'c str,
    #[serde(flatten)]
    change: &'c Change,
    #[serde(flatten)]
    entries: Option<Difference>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_cut: bool,
}

/// What keeps a change from being told for now.
#[derive(Debug, thiserror::Error)]
enum Wait {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    #[error("the program ends")]
    Ended(#[from] tokio::task::JoinError),
}

impl Announcer {
    /// Nothing without a webhook, or without lists of which versions are kept; `given` lists stand in place of those.
    pub(super) fn of(settings: &Settings, given: &[String]) -> anyhow::Result<Option<Arc<Self>>> {
        let kept = settings.kept()?;
        if settings.loaded.config.webhook.webhook().is_none() || kept.is_empty() || !given.is_empty() {
            return Ok(None);
        }
        let store = settings.store(IfMissing::Make)?;
        let listings = kept.into_iter().map(|setting| settings.listing(setting).map(Arc::new));
        Ok(Some(Arc::new(Self { store, listings: listings.collect::<anyhow::Result<_>>()? })))
    }

    /// Tells all that has changed; whether that went well. What is wrong with a list keeps no other one waiting.
    async fn tell(&self, outbox: &Outbox, told: &mut AllTold) -> bool {
        let mut is_told = true;
        for listing in &self.listings {
            let name = &listing.source.name;
            if let Err(error) = self.tell_of(listing, outbox, told).await {
                is_told = false;
                if admits("announce", Kind::Fault) {
                    tracing::error!(list = name, %error, "a change of a list is not told yet");
                }
            }
        }
        is_told
    }

    /// One change after another: each may take as long as reading two versions of the list.
    async fn tell_of(&self, listing: &Arc<Listing>, outbox: &Outbox, told: &mut AllTold) -> Result<(), Wait> {
        let name = &listing.source.name;
        loop {
            let (store, list, after) = (self.store.clone(), Arc::clone(listing), told.get(name).copied());
            let Some(change) = spawn_blocking(move || next(&store, &list, after)).await?? else { return Ok(()) };
            outbox.announce(&change, clock::now()).await?;
            let this = Told { number: change.number, at: change.at };
            told.insert(name.clone(), this);
            let store = self.store.clone();
            spawn_blocking(move || store.note_told(&change.list, this)).await??;
        }
    }
}

/// Tells of changes by the settings in place, with each reload anew.
pub(super) async fn run(outbox: Outbox, mut announcers: watch::Receiver<Option<Arc<Announcer>>>) {
    let (mut told, mut pause) = (AllTold::new(), PAUSE);
    loop {
        let announcer = announcers.borrow_and_update().clone();
        let is_told = match &announcer {
            Some(announcer) => announcer.tell(&outbox, &mut told).await,
            None => true,
        };
        let waits = pause;
        pause = if is_told { PAUSE } else { (pause * 2).min(PAUSE_MAX) };
        tokio::select! {
            changed = announcers.changed() => if changed.is_err() { return },
            () = sleep(waits), if !is_told => {}
        }
    }
}

/// The first change of a list that was not told, after that one if it is known. Its entries are left out if their versions
/// cannot be read any more.
fn next(store: &Store, listing: &Listing, after: Option<Told>) -> Result<Option<ListChange>, StoreError> {
    let name = &listing.source.name;
    let after = after.map_or_else(|| store.notes(name).unwrap_or_default().told, Some);
    let book = store.book(name)?;
    let Some(change) = book.untold(after) else { return Ok(None) };
    let entries = store.changed(listing, change, IDS_MAX_BYTES).unwrap_or_else(|error| {
        tracing::warn!(
            list = name,
            number = change.number,
            code = error.code(),
            "a change is told without its entries"
        );
        None
    });
    let is_cut = entries.as_ref().is_some_and(Difference::is_cut);
    let data = serde_json::to_value(Data { list: name, change, entries, is_cut }).unwrap_or_default();
    Ok(Some(ListChange { list: name.clone(), number: change.number, at: change.at, data }))
}
