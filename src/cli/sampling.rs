//! The sample of checks that a server takes, written down in the state directory at a slow pace and at its end.

use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::ensure;

use crate::check::Checker;
use crate::index::StateKey;
use crate::sample::{LINKS_MAX, SampleError, Sampler};

use super::session::{Settings, warn};

/// How often it is written down.
const PACE: Duration = Duration::from_mins(1);

impl Settings {
    /// What was checked lately, for commands that hold versions against it.
    pub(super) fn sampler(&self) -> anyhow::Result<Option<Arc<Sampler>>> {
        let made_by = MadeBy::of(self)?;
        Ok(made_by.map(|made_by| Arc::new(open(self, &made_by))))
    }
}

/// How many links a sample may have.
pub(super) fn links_max(settings: &Settings) -> anyhow::Result<u32> {
    let links_max = settings.loaded.config.guards.sample_links;
    ensure!(links_max <= LINKS_MAX, "guards.sample_links is above {LINKS_MAX}");
    Ok(links_max)
}

/// What a sample depends on.
struct MadeBy {
    dir: PathBuf,
    key: StateKey,
    rules: [u8; 32],
    links_max: u32,
}

impl MadeBy {
    /// Nothing where no versions of lists are kept, or the operator wants no sample.
    fn of(settings: &Settings) -> anyhow::Result<Option<Self>> {
        let links_max = links_max(settings)?;
        if links_max == 0 || settings.kept()?.is_empty() {
            return Ok(None);
        }
        let (dir, key) = (settings.state_dir()?, settings.key()?);
        Ok(Some(Self { dir, key, rules: settings.tables.id(), links_max }))
    }

    fn is_as(&self, other: &Self) -> bool {
        let all = |one: &Self| (one.dir.clone(), *one.key.expose(), one.rules, one.links_max);
        all(self) == all(other)
    }
}

fn open(settings: &Settings, made_by: &MadeBy) -> Sampler {
    let MadeBy { dir, key, links_max, .. } = made_by;
    let (sampler, error) = Sampler::open(dir, key, &settings.tables, *links_max);
    if let Some(error) = error {
        warn(&format!("what was checked lately is not known: {error}"));
    }
    sampler
}

/// A sample that is taken. Clones are the same; what is left is written when the last is dropped.
#[derive(Clone, Default)]
pub(super) struct Sampling(Option<Arc<Keeper>>);

/// The one that is taken now, for whoever outlives reloads. Clones share it.
#[derive(Clone, Default)]
pub(super) struct SharedSampling(Arc<Mutex<Sampling>>);

struct Keeper {
    made_by: MadeBy,
    sampler: Arc<Sampler>,
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sampling {
    /// Begins to take one if these settings say so; the one of before goes on if they are the same.
    pub(super) fn again(&self, settings: &Settings, given: &[String]) -> anyhow::Result<Self> {
        // A list on the command line stands in place of all others.
        let made_by = if given.is_empty() { MadeBy::of(settings)? } else { None };
        let Some(made_by) = made_by else { return Ok(Self(None)) };
        if let Some(former) = &self.0 {
            if former.made_by.is_as(&made_by) {
                return Ok(self.clone());
            }
            self.keep();
        }
        Ok(Self(Some(Arc::new(Keeper::start(settings, made_by)?))))
    }

    /// The checker, whose links are seen.
    pub(super) fn of(&self, checker: Checker) -> Checker {
        checker.shown_to(self.sampler())
    }

    /// Writes it down now, for a successor.
    pub(super) fn keep(&self) {
        if let Some(keeper) = &self.0 {
            keep(keeper.sampler.keep_all());
        }
    }

    /// What was checked lately, for whoever holds versions against it by these settings; if they are others, as it was written.
    pub(super) fn by(&self, settings: &Settings) -> anyhow::Result<Option<Arc<Sampler>>> {
        match (&self.0, MadeBy::of(settings)?) {
            (Some(keeper), Some(made_by)) if keeper.made_by.is_as(&made_by) => Ok(Some(Arc::clone(&keeper.sampler))),
            _ => settings.sampler(),
        }
    }

    /// What was checked lately.
    pub(super) fn sampler(&self) -> Option<Arc<Sampler>> {
        self.0.as_ref().map(|keeper| Arc::clone(&keeper.sampler))
    }
}

impl SharedSampling {
    pub(super) fn new(sampling: Sampling) -> Self {
        Self(Arc::new(Mutex::new(sampling)))
    }

    pub(super) fn now(&self) -> Sampling {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn put(&self, next: Sampling) {
        let former = std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), next);
        // Its last links are written, and nobody waits for that with the lock held.
        drop(former);
    }
}

impl Keeper {
    fn start(settings: &Settings, made_by: MadeBy) -> anyhow::Result<Self> {
        let sampler = Arc::new(open(settings, &made_by));
        let (end, ends) = mpsc::channel::<()>();
        let kept = Arc::clone(&sampler);
        let write = move || {
            while ends.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) {
                keep(kept.keep());
            }
            keep(kept.keep_all());
        };
        let thread = thread::Builder::new().name("linkgate-sample".into()).spawn(write)?;
        Ok(Self { made_by, sampler, end: Some(end), thread: Some(thread) })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // It has nothing to give back.
            let _ = thread.join();
        }
    }
}

fn keep(written: Result<(), SampleError>) {
    if let Err(error) = written {
        tracing::warn!(%error, "what was checked lately cannot be written down");
    }
}
