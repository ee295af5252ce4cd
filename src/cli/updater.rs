//! The updater of a server: keeps its subscribed lists up to date, on a thread of its own.

use tokio::runtime::{Builder, Runtime};

use crate::audit::Audit;
use crate::config::{FetchSetting, GuardSetting, IfMissing, ListSetting};
use crate::serve::{Bell, Kept, KeptList};
use crate::store::{Store, StoreError, Taken};
use crate::telemetry::clock;
use crate::telemetry::metrics::{self, Metrics};
use crate::update::{self, Outcome, Prompts};

use super::session::Settings;
use super::{audit, decisions};

/// What updates lists. It ends when this is dropped.
#[derive(Default)]
pub(super) struct Updater {
    runtime: Option<Runtime>,
    made_by: Option<MadeBy>,
    prompts: Prompts,
}

/// The settings that it was made by.
type MadeBy = (Vec<ListSetting>, GuardSetting, FetchSetting);

impl Updater {
    /// Sees to the lists of these settings from now on; what is under way goes on if they are the same.
    pub(super) fn keep(&mut self, settings: &Settings, metrics: &Metrics, bell: &Bell) -> anyhow::Result<()> {
        let made_by = Some(made_by(settings));
        if self.made_by == made_by {
            return Ok(());
        }
        let prompts = self.prompts.clone();
        let runtime =
            if settings.subscribed()?.is_empty() { None } else { Some(start(settings, metrics, bell, &prompts)?) };
        let before = std::mem::replace(self, Self { runtime, made_by, prompts });
        drop(before);
        Ok(())
    }

    /// What doors tell of subscribed lists, and do about them.
    pub(super) fn kept(&self, settings: &Settings) -> anyhow::Result<Kept> {
        let subscribed = settings.subscribed()?;
        if subscribed.is_empty() {
            return Ok(Kept::default());
        }
        let list = |setting: &&ListSetting| KeptList {
            name: setting.name.clone(),
            stale_s: setting.stale_s,
            required: setting.required,
        };
        let (store, lists) = (settings.store(IfMissing::Make)?, subscribed.iter().map(list).collect());
        // Whoever updates lists by then is reached by the same prompts.
        Ok(Kept { store: Some(store), lists, curator: Some(decisions::desk(settings, &self.prompts)?) })
    }
}

fn made_by(settings: &Settings) -> MadeBy {
    let config = &settings.loaded.config;
    (config.lists.clone(), config.guards.clone(), config.fetch.clone())
}

impl Drop for Updater {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn start(settings: &Settings, metrics: &Metrics, bell: &Bell, prompts: &Prompts) -> anyhow::Result<Runtime> {
    let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("linkgate-lists").enable_all().build()?;
    let inside = runtime.enter();
    let subscriptions = settings.subscriptions()?;
    drop(inside);
    let store = settings.store(IfMissing::Make)?;
    let audit = Audit::in_dir(&settings.state_dir()?, &settings.key()?);
    let tell = Tell { audit: audit.into(), store: store.clone(), metrics: metrics.clone(), bell: bell.clone() };
    runtime.spawn(update::run(store, subscriptions, prompts.clone(), move |name, outcome| tell.tell(name, outcome)));
    Ok(runtime)
}

/// Tells log, figures, record and server of an attempt.
#[derive(Clone)]
struct Tell {
    audit: std::sync::Arc<Audit>,
    store: Store,
    metrics: Metrics,
    bell: Bell,
}

impl Tell {
    fn tell(&self, list: &str, outcome: &Result<Outcome, StoreError>) {
        let code = outcome.as_ref().map_or_else(|error| error.code(), Outcome::code);
        let labels = metrics::ListUpdate { list: list.to_owned(), outcome: code.to_owned() };
        self.metrics.lists.updates.get_or_create(&labels).inc();
        if matches!(outcome, Ok(Outcome::Unchanged | Outcome::Taken(_))) {
            let label = metrics::List { list: list.to_owned() };
            self.metrics.lists.written_at.get_or_create(&label).set(clock::now());
        }
        match outcome {
            Ok(Outcome::Taken(Taken::Live)) => {
                tracing::info!(list, "list updated");
                self.record(list);
                self.bell.ring();
            }
            Ok(Outcome::Taken(Taken::Waits { code })) => tracing::warn!(list, code, "an update waits for approval"),
            Ok(Outcome::Unchanged | Outcome::Taken(Taken::Same)) => tracing::debug!(list, "list unchanged"),
            Ok(Outcome::Failed(failure)) => tracing::warn!(list, code = failure.code, "list not updated"),
            Err(error) => tracing::error!(list, code = error.code(), "the state of a list cannot be kept"),
        }
    }

    fn record(&self, list: &str) {
        if let Err(error) = audit::put_update(&self.audit, &self.store, list) {
            tracing::error!(list, %error, "an update is not on the record");
        }
    }
}
