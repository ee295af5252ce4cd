//! The lists that a server answers from, and what is told of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::check::{Canary, Checker, Snapshot};
use crate::config::ListSetting;
use crate::lists::{LastError, SourceState};
use crate::serve::Api;
use crate::telemetry::clock;
use crate::telemetry::metrics::{self, Metrics};

use super::answering::{Answering, Before, Used};
use super::args::Arguments;
use super::kept::Looked;
use super::session::{Session, Settings, warn};
use super::watch::Watch;
use super::{canaries, lists, updater};

/// What answers, and what is known of its lists.
pub(super) struct Lists {
    pub(super) checker: Checker,
    pub(super) written_at: BTreeMap<String, i64>,
    /// Those that have to be there.
    pub(super) required: Vec<String>,
    pub(super) canaries: Vec<Canary>,
    pub(super) unused: Vec<SourceState>,
    /// What answers of the lists of the configuration.
    pub(super) used: Vec<Used>,
    /// Why each of them does not answer as it should, if it does not.
    pub(super) troubles: BTreeMap<String, Option<LastError>>,
}

impl Lists {
    /// What there is at the start: where lists cannot be read the fail policies say what becomes of posts.
    pub(super) fn first(
        settings: &Settings,
        arguments: &Arguments,
        given: &[String],
        looked: anyhow::Result<Vec<Looked>>,
        watch: &Watch,
    ) -> anyhow::Result<Self> {
        let load = |looked: Vec<Looked>| {
            Self::load(settings, arguments, given, (Before { looked: &looked, former: &[] }, watch))
        };
        match looked.and_then(load) {
            // Lists on the command line were typed just now: a slip is better told at once.
            Err(error) if given.is_empty() => Self::missing(settings, &error, watch),
            lists => lists,
        }
    }

    pub(super) fn load(
        settings: &Settings,
        arguments: &Arguments,
        given: &[String],
        (before, watch): (Before<'_>, &Watch),
    ) -> anyhow::Result<Self> {
        let Session { checker, written_at, lists } = Session::after_a_look(settings, arguments, given, before)?;
        if lists.may_pass() {
            watch.try_again();
        }
        let absent = |(name, wrong): (&str, &LastError)| {
            warn(&format!("list {name:?}: {}", wrong.text));
            SourceState { last_error: Some(wrong.clone()), ..SourceState::missing(name) }
        };
        let unused = lists.absent().map(absent).collect();
        let Answering { live: used, troubles } = lists;
        Ok(Self {
            checker,
            written_at,
            required: required(settings, given, &used),
            canaries: canaries::of(&settings.loaded.config, given),
            unused,
            used,
            troubles,
        })
    }

    /// What there is while the lists cannot be read: the fail policies say what becomes of posts.
    fn missing(settings: &Settings, error: &anyhow::Error, watch: &Watch) -> anyhow::Result<Self> {
        watch.try_again();
        warn(&format!("nothing can be checked until a reload finds the lists: {error:#}"));
        let policy = settings.loaded.config.policy.clone();
        let snapshot = Snapshot::new(Arc::clone(&settings.tables), Vec::new(), policy);
        let checker = Checker::new(settings.extractor(settings.extract_options()), snapshot);
        let required = required(settings, &[], &[]);
        let unused = lists::states(settings, &[])?.into_iter().map(|state| SourceState { state: "missing", ..state });
        let unused: Vec<SourceState> = unused.collect();
        let unread =
            LastError { code: "unread".into(), line: None, text: "nothing is read until all lists can be".into() };
        let wrong = |state: &SourceState| state.last_error.clone().unwrap_or_else(|| unread.clone());
        let troubles = unused.iter().map(|state| (state.name.clone(), Some(wrong(state)))).collect();
        Ok(Self {
            checker,
            written_at: BTreeMap::new(),
            required,
            canaries: Vec::new(),
            unused,
            used: Vec::new(),
            troubles,
        })
    }
}

/// Lists without which nothing is ready, as they are called where they answer.
fn required(settings: &Settings, given: &[String], used: &[Used]) -> Vec<String> {
    let lists = settings.loaded.config.lists.iter().filter(|list| list.required && given.is_empty());
    let names = |list: &ListSetting| {
        let used = used.iter().find(|used| used.name == list.name);
        used.map_or_else(|| vec![list.name.clone()], Used::in_it)
    };
    lists.flat_map(names).collect()
}

/// Tells figures and the log what is in use.
pub(super) fn tell(metrics: &Metrics, api: &Api) {
    let (snapshot, now) = (api.checker.snapshot(), clock::now());
    metrics.lists.generation.set(snapshot.generation);
    metrics.lists.clear();
    for (store, list) in api.kept.store.iter().flat_map(|store| api.kept.lists.iter().map(move |list| (store, list))) {
        updater::tell_waiting(metrics, store, &list.name);
    }
    for (list, trouble) in &api.troubles {
        let label = metrics::List { list: list.clone() };
        metrics.lists.impaired.get_or_create(&label).set(trouble.is_some().into());
    }
    for list in snapshot.indexes.iter().flat_map(|index| index.lists()) {
        let entries: u64 = list.entries.values().sum();
        let label = metrics::List { list: list.name.clone() };
        metrics.lists.entries.get_or_create(&label).set(i64::try_from(entries).unwrap_or(i64::MAX));
        metrics.lists.read_at.get_or_create(&label).set(now);
        let written_at = api.written_at.get(&*list.name);
        if let Some(&written_at) = written_at {
            metrics.lists.written_at.get_or_create(&label).set(written_at);
        }
        let age_s = written_at.map(|written_at| now - written_at);
        tracing::info!(list = list.name, generation = snapshot.generation, entries, age_s, "list in use");
    }
}
