//! The updater of a server: keeps the lists that it downloads up to date, on a thread of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};

use crate::audit::Audit;
use crate::config::{FetchSetting, GuardSetting, IfMissing, ListSetting};
use crate::lists::LastError;
use crate::sample::Sampler;
use crate::serve::{Bell, Kept, KeptList};
use crate::store::{Store, StoreError, Taken};
use crate::telemetry::clock;
use crate::telemetry::metrics::{self, Metrics};
use crate::update::{self, Outcome, Prompts};

use super::answering::may_pass;
use super::kept::{self, Looked};
use super::publishers::{WithFiles, with_files};
use super::session::Settings;
use super::subscriptions::unusable;
use super::{audit, decisions};

/// What updates lists. It ends when this is dropped.
#[derive(Default)]
pub(super) struct Updater {
    runtime: Option<Runtime>,
    made_by: Option<MadeBy>,
    sampler: Option<Arc<Sampler>>,
    prompts: Prompts,
}

/// The settings that it was made by.
type MadeBy = (Vec<WithFiles>, GuardSetting, FetchSetting);

impl Updater {
    /// Sees to the lists of these settings from now on; what is under way goes on if they are the same.
    pub(super) fn keep(
        &mut self,
        settings: &Settings,
        sampler: Option<Arc<Sampler>>,
        metrics: &Metrics,
        bell: &Bell,
    ) -> anyhow::Result<()> {
        let made_by = Some(made_by(settings));
        let is_same_sample = self.sampler.as_ref().map(Arc::as_ptr) == sampler.as_ref().map(Arc::as_ptr);
        if self.made_by == made_by && is_same_sample {
            return Ok(());
        }
        let has_urls = settings.loaded.config.lists.iter().any(|list| list.url.is_some());
        let prompts = self.prompts.clone();
        let start = || start(settings, sampler.clone(), metrics, (bell, &prompts));
        let runtime = if has_urls { Some(start()?) } else { None };
        let before = std::mem::replace(self, Self { runtime, made_by, sampler, prompts });
        drop(before);
        Ok(())
    }

    /// Has the sources of lists asked of which what is kept cannot be used; those that are asked at all. One that failed comes
    /// to its turn by itself.
    pub(super) fn fetch_again(&self, kept: &Kept, troubles: &BTreeMap<String, Option<LastError>>) {
        let has_failed = |list: &str| {
            kept.store.as_ref().and_then(|store| store.notes(list).ok()).is_some_and(|notes| notes.failures > 0)
        };
        let may_pass = |wrong: &Option<LastError>| wrong.as_ref().is_some_and(|wrong| may_pass(&wrong.code));
        for (list, _) in troubles.iter().filter(|(list, wrong)| may_pass(wrong) && !has_failed(list)) {
            drop(self.prompts.ask(list));
        }
    }

    /// What doors tell of lists of which versions are kept, and do about them; what comes in is held against the sample.
    pub(super) fn kept(
        &self,
        settings: &Settings,
        sampler: Option<Arc<Sampler>>,
        metrics: &Metrics,
    ) -> anyhow::Result<Kept> {
        let kept = settings.kept()?;
        if kept.is_empty() {
            return Ok(Kept::default());
        }
        let list = |setting: &&ListSetting| KeptList {
            name: setting.name.clone(),
            stale_s: kept::stale_s(setting),
            required: setting.required,
        };
        let (store, lists) = (settings.store(IfMissing::Make)?, kept.iter().map(list).collect());
        // Whoever updates lists by then is reached by the same prompts.
        let desk = decisions::desk(settings, store.clone().sampling(sampler), &self.prompts, metrics)?;
        Ok(Kept { store: Some(store), lists, curator: Some(desk) })
    }
}

fn made_by(settings: &Settings) -> MadeBy {
    let config = &settings.loaded.config;
    (config.lists.iter().map(with_files).collect(), config.guards.clone(), config.fetch.clone())
}

impl Drop for Updater {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn start(
    settings: &Settings,
    sampler: Option<Arc<Sampler>>,
    metrics: &Metrics,
    (bell, prompts): (&Bell, &Prompts),
) -> anyhow::Result<Runtime> {
    let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("linkgate-lists").enable_all().build()?;
    let inside = runtime.enter();
    let subscriptions = settings.subscriptions();
    drop(inside);
    let store = settings.store(IfMissing::Make)?.sampling(sampler);
    let audit = Audit::in_dir(&settings.state_dir()?, &settings.key()?);
    let tell = Tell { audit: audit.into(), store: store.clone(), metrics: metrics.clone(), bell: bell.clone() };
    let mut usable = Vec::new();
    for (name, subscription) in subscriptions {
        match subscription {
            Ok(subscription) => usable.push(subscription),
            Err(error) => tell.tell(&name, &unusable(&store, &name, &error)),
        }
    }
    runtime.spawn(update::run(store, usable, prompts.clone(), move |name, outcome| tell.tell(name, outcome)));
    Ok(runtime)
}

/// Tells log, figures, record and server of an attempt.
#[derive(Clone)]
struct Tell {
    audit: Arc<Audit>,
    store: Store,
    metrics: Metrics,
    bell: Bell,
}

impl Tell {
    fn tell(&self, list: &str, outcome: &Result<Outcome, StoreError>) {
        count(&self.metrics, list, outcome);
        tell_waiting(&self.metrics, &self.store, list);
        if matches!(outcome, Ok(Outcome::Unchanged | Outcome::Taken(_))) {
            let seen_at = self.store.notes(list).ok().and_then(|notes| notes.checked_at);
            let label = metrics::List { list: list.to_owned() };
            seen_at.map(|at| self.metrics.lists.written_at.get_or_create(&label).set(at));
        }
        if matches!(outcome, Ok(Outcome::Taken(Taken::Live))) {
            self.record(list);
            self.bell.ring();
        }
    }

    fn record(&self, list: &str) {
        if let Err(error) = audit::put_update(&self.audit, &self.store, list) {
            tracing::error!(list, %error, "an update is not on the record");
        }
    }
}

/// Tells figures what waits for people.
pub(super) fn tell_waiting(metrics: &Metrics, store: &Store, list: &str) {
    let state = store.state(list, None, clock::now());
    let label = metrics::List { list: list.to_owned() };
    let held = i64::try_from(state.held).unwrap_or(i64::MAX);
    metrics.lists.pending.get_or_create(&label).set(i64::from(state.pending.is_some()));
    metrics.lists.held.get_or_create(&label).set(held);
}

/// Counts an attempt, and writes it to the log.
pub(super) fn count(metrics: &Metrics, list: &str, outcome: &Result<Outcome, StoreError>) {
    let code = outcome.as_ref().map_or_else(|error| error.code(), Outcome::code);
    let labels = metrics::ListUpdate { list: list.to_owned(), outcome: code.to_owned() };
    metrics.lists.updates.get_or_create(&labels).inc();
    match outcome {
        Ok(Outcome::Taken(Taken::Live)) => tracing::info!(list, "list updated"),
        Ok(Outcome::Taken(Taken::Refused)) => {
            tracing::warn!(list, "an update is not taken that somebody refused before");
        }
        Ok(Outcome::Taken(Taken::Waits { code })) => tracing::warn!(list, code, "an update waits for approval"),
        Ok(Outcome::Unchanged | Outcome::Taken(Taken::Same)) => tracing::debug!(list, "list unchanged"),
        Ok(Outcome::Failed(failure)) => tracing::warn!(list, code = failure.code, "list not updated"),
        Err(error) => tracing::error!(list, code = error.code(), "the state of a list cannot be kept"),
    }
}

/// The same of lists in files, which are looked at with every reload.
pub(super) fn tell_looked(metrics: &Metrics, looked: &[Looked]) {
    for one in looked {
        count(metrics, &one.name, &one.outcome);
    }
}
