//! The lists of the configuration of which versions are kept: in files, handed over, or downloaded.

use std::path::Path;
use std::sync::Arc;

use anyhow::ensure;

use crate::check::OVERRIDES;
use crate::check::Snapshot;
use crate::config::{IfMissing, ListSetting};
use crate::lists::{self, LastError, Piece, Place, Source, SourceState, in_words};
use crate::store::{Listing, Live, Maintainer, Store, StoreError, Taken};
use crate::telemetry::clock;
use crate::update::{self, Outcome};

use super::account;
use super::answering::{Used, may_pass};
use super::args::Arguments;
use super::audit::record_update;
use super::counted;
use super::sampling::Sampling;
use super::session::{Settings, warn};
use super::subscriptions::{proof_of, source_of};

/// A list that is downloaded is stale if its source was not seen for a week.
const STALE_S: u32 = 7 * 24 * 60 * 60;

/// Where a list of the configuration is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin<'s> {
    /// In an index that the operator has compiled.
    Compiled(&'s Path),
    /// In a file or directory.
    File(&'s Path),
    /// It is handed over on standard input.
    Handed,
    /// It is downloaded.
    Url(&'s str),
}

/// How a list at hand did when it was looked at.
pub(super) struct Looked {
    pub(super) name: String,
    pub(super) outcome: Result<Outcome, StoreError>,
}

pub(super) fn origin(setting: &ListSetting) -> anyhow::Result<Origin<'_>> {
    match (setting.path.as_deref(), setting.url.as_deref()) {
        (Some(path), None) if path == Path::new("-") => Ok(Origin::Handed),
        (Some(path), None) if Source::new(path, None).is_compiled() => Ok(Origin::Compiled(path)),
        (Some(path), None) => Ok(Origin::File(path)),
        (None, Some(url)) => Ok(Origin::Url(url)),
        _ => anyhow::bail!("list {:?} in the configuration: set either `path` or `url`", setting.name),
    }
}

/// After how long without news a list is stale.
pub(super) fn stale_s(setting: &ListSetting) -> Option<u32> {
    setting.stale_s.or_else(|| setting.url.is_some().then_some(STALE_S))
}

impl Settings {
    /// Lists that are compiled already: nothing is kept of them.
    pub(super) fn compiled_lists(&self) -> anyhow::Result<Vec<Source>> {
        let mut sources = Vec::new();
        for setting in &self.loaded.config.lists {
            if let Origin::Compiled(path) = origin(setting)? {
                sources.push(source_of(setting, path)?);
            }
        }
        Ok(sources)
    }

    /// All others.
    pub(super) fn kept(&self) -> anyhow::Result<Vec<&ListSetting>> {
        let mut kept = Vec::new();
        for setting in &self.loaded.config.lists {
            if !matches!(origin(setting)?, Origin::Compiled(_)) {
                kept.push(setting);
            }
        }
        Ok(kept)
    }

    /// The store, under the key of the installation.
    pub(super) fn store(&self, missing: IfMissing) -> anyhow::Result<Store> {
        let key = if missing == IfMissing::Make { self.key()? } else { self.existing_key()? };
        Ok(Store::in_dir(&self.state_dir()?, &key, &self.tables))
    }

    /// What is asked of a list that is kept in the store.
    pub(super) fn listing(&self, setting: &ListSetting) -> anyhow::Result<Listing> {
        ensure!(
            !setting.name.trim().is_empty() && setting.name != OVERRIDES,
            "list {:?} in the configuration: a list has a name, which is not that of the overrides",
            setting.name
        );
        ensure!(
            (1..=2).contains(&setting.approvers),
            "list {:?} in the configuration: `approvers` is neither 1 nor 2",
            setting.name
        );
        let from = origin(setting)?;
        let path = if let Origin::File(path) = from { path } else { Path::new("") };
        let source = source_of(setting, path)?;
        let place = if from == Origin::Handed { Place::Stdin } else { source.place.clone() };
        Ok(Listing {
            source: Source { place, ..source },
            guards: Arc::clone(self.guards()),
            proof: proof_of(setting)?,
            canary: setting.canary.clone(),
            anti_canary: setting.anti_canary.clone(),
            approvers: setting.approvers.into(),
            maintainer: if matches!(from, Origin::File(_)) { Maintainer::Operator } else { Maintainer::Other },
        })
    }

    /// Looks at the lists in files, and takes what has changed; it is held against the links of a sample.
    pub(super) fn look_at_files(&self, given: &[String], sample: &Sampling) -> anyhow::Result<Vec<Looked>> {
        let mut looked = Vec::new();
        // A list on the command line stands in place of all others.
        if !given.is_empty() {
            return Ok(looked);
        }
        let mut listings = Vec::new();
        for setting in self.kept()? {
            if matches!(origin(setting)?, Origin::File(_)) {
                listings.push(self.listing(setting)?);
            }
        }
        if listings.is_empty() {
            return Ok(looked);
        }
        let store = self.store(IfMissing::Make)?.sampling(sample.by(self)?);
        for listing in &listings {
            looked.push(self.look(&store, listing));
        }
        Ok(looked)
    }

    /// Looks at one list that is at hand.
    pub(super) fn look(&self, store: &Store, listing: &Listing) -> Looked {
        let name = listing.source.name.clone();
        let outcome = update::at_hand(store, listing, clock::now());
        if matches!(outcome, Ok(Outcome::Taken(Taken::Live))) {
            // It answers already, and what is wrong with the record holds nobody's list up.
            if let Err(error) = record_update(self, store, &name) {
                warn(&format!("{error:#}"));
            }
        }
        Looked { name, outcome }
    }

    /// The state of a list as it is, or would be, used.
    pub(super) fn state_of(&self, store: &Store, setting: &ListSetting, now: i64) -> anyhow::Result<SourceState> {
        let state = store.state(&setting.name, stale_s(setting), now);
        Ok(match store.live(&self.listing(setting)?) {
            // It may be an earlier one that answers.
            Ok(Some(Live { trouble: Some(trouble), number, index, .. })) => {
                let list = index.lists().first().cloned();
                let (version, entries) = list.map_or_else(Default::default, |list| (list.version, list.entries));
                let last_error = Some((&trouble).into());
                SourceState { last_error, number: Some(number), version, entries, ..state }
            }
            // Somebody has to do something about it.
            Ok(None) if setting.required && state.last_error.is_none() && state.pending.is_none() => {
                SourceState { last_error: Some(without_version(store, setting, None)?), ..state }
            }
            Ok(_) => state,
            Err(error) => {
                let last_error = state.last_error.or(Some((&error).into()));
                SourceState { last_error, pending: state.pending, ..SourceState::missing(&setting.name) }
            }
        })
    }

    /// What posts would be checked against, without writing anything or making a key.
    pub(super) fn looked_at(&self, arguments: &Arguments) -> anyhow::Result<Snapshot> {
        let (mut sources, mut live) = (self.sources(&[])?, Vec::new());
        for setting in self.kept()? {
            match origin(setting)? {
                Origin::File(path) => sources.push(self.guarded(source_of(setting, path)?)),
                _ if self.existing_key().is_ok() => {
                    let listing = self.listing(setting)?;
                    let live_one = self.store(IfMissing::Refuse)?.looking().live(&listing)?;
                    live.extend(live_one.map(|one| Used::of(one, &listing, self)));
                }
                _ => drop(self.listing(setting)?),
            }
        }
        Ok(self.snapshot_of(arguments, (&[], &sources), live)?.snapshot)
    }

    /// Adds what became of the lines of lists that are not compiled: of files as they are now, of others as they answer.
    pub(super) fn explain(&self, states: &mut [SourceState]) -> anyhow::Result<()> {
        for setting in self.kept()? {
            let Some(state) = states.iter_mut().find(|state| state.name == setting.name) else { continue };
            let listing = self.listing(setting)?;
            let pieces = match origin(setting)? {
                Origin::File(_) => listing.source.read().ok(),
                _ => self.store(IfMissing::Make)?.source(&listing.source.name).ok().flatten(),
            };
            let report = |pieces: Vec<Piece>| lists::account(&self.guarded(listing.source), &pieces, &self.tables).ok();
            state.reports.extend(pieces.and_then(report));
        }
        Ok(())
    }

    /// Tells what of the versions that answer was not taken, or is held back.
    pub(super) fn tell_kept(&self, arguments: &Arguments) -> anyhow::Result<()> {
        let kept = self.kept()?;
        if kept.is_empty() {
            return Ok(());
        }
        let store = self.store(IfMissing::Make)?;
        for setting in kept {
            let name = &setting.name;
            let Ok(book) = store.book(name) else { continue };
            let Some((_, version)) = book.live() else { continue };
            account::tell((name, &version.account, ""), &account::explaining(arguments, None));
            if !version.held.is_empty() {
                let held = counted(version.held.len(), "entry");
                warn(&format!("{name}: {held} held back; see `linkgate lists preview {name}`"));
            }
        }
        Ok(())
    }
}

/// Why a list has no version.
pub(super) fn without_version(
    store: &Store,
    setting: &ListSetting,
    looked: Option<&Looked>,
) -> anyhow::Result<LastError> {
    if let Some(wrong) = looked.and_then(Looked::wrong) {
        return Ok(wrong);
    }
    let name = &setting.name;
    let text = if store.book(name).is_ok_and(|book| book.pending.is_some()) {
        format!("a version waits for approval; see `linkgate lists preview {name}`")
    } else if origin(setting)? == Origin::Handed {
        format!("it has no version yet; hand one over with `linkgate lists fetch {name} < FILE`")
    } else {
        "it has no version yet; get one with `linkgate lists fetch`".to_owned()
    };
    Ok(LastError { code: "no_version".into(), line: None, text })
}

impl Looked {
    /// Whether it failed for a reason that may pass by itself.
    pub(super) fn may_pass(&self) -> bool {
        match &self.outcome {
            Ok(Outcome::Failed(failure)) => may_pass(&failure.code),
            Ok(_) => false,
            Err(_) => true,
        }
    }

    /// What was wrong.
    fn wrong(&self) -> Option<LastError> {
        match &self.outcome {
            Ok(Outcome::Failed(failure)) => Some(failure.into()),
            Err(error) => Some(error.into()),
            Ok(_) => None,
        }
    }

    /// What is to be told of it although a version answers.
    pub(super) fn told(&self) -> Option<String> {
        match &self.outcome {
            Ok(Outcome::Failed(failure)) => Some(format!("{}: {}", failure.code, failure.text)),
            Ok(Outcome::Taken(Taken::Waits { code })) => {
                Some(format!("{code}: a version waits for approval; see `linkgate lists preview {}`", self.name))
            }
            Ok(Outcome::Taken(Taken::Refused)) => Some(
                "refused: the version in the file is one that somebody refused or went back from; change it, or see \
                 `linkgate lists rollback --to`"
                    .to_owned(),
            ),
            Err(error) => Some(format!("{}: {}", error.code(), in_words(error))),
            Ok(_) => None,
        }
    }
}
