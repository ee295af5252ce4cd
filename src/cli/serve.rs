//! `linkgate serve`: the doors, as the configuration has them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::check::{Canary, Checker, Snapshot};
use crate::config::{Config, OnFailure, ProxySetting, Telemetry};
use crate::lists::SourceState;
use crate::serve::{
    Api, AuthorBudget, Bell, FailPolicies, Gate, Hosts, Inherited, Kept, Ledger, Live, Proxy, Server, Signals, Tls,
    Unseen, Upstream,
};
use crate::telemetry::metrics::{self, Metrics};
use crate::telemetry::trace::{self, Tracing};
use crate::telemetry::{clock, log};

use super::account;
use super::args::{Arguments, ServeArguments};
use super::canaries::{self, Lookout, Watchman};
use super::entrances::{may_serve, may_tell, names_of_sockets, open, reachable};
use super::hits::HitsKeeper;
use super::kept::{Before, Looked};
use super::late::Followers;
use super::prove::{Credentials, Doors, Places, Unarmed};
use super::sampling::{self, Sampling, SharedSampling};
use super::session::{KeyFor, Session, Settings, warn};
use super::updater::{self, Updater};
use super::watch::Watch;
use super::{Exit, holders, lists, platform};

/// Bodies beyond this are not for buffers.
const BODY_MAX_BYTES: usize = 64 << 20;

pub(super) fn run(arguments: &Arguments, given: &ServeArguments) -> anyhow::Result<Exit> {
    account::reads_once(&given.lists, Some("what a reload reads again; set `path = \"-\"` in `[[lists]]`"))?;
    let signals = Signals::listen()?;
    let watch = Watch::default();
    watch.begin(arguments);
    let settings = load(arguments)?;
    // What it writes is nothing new to whoever reads it afterwards.
    let looked = settings.look_at_files(&given.lists);
    watch.follow(&settings, arguments, &given.lists);
    let config = &settings.loaded.config;
    let listen = given.listen.unwrap_or(config.serve.listen);
    let inherited = Inherited::take(&names_of_sockets())?;
    if inherited.has_proxy() && config.proxy.listen.is_none() {
        warn("a socket for the proxy was handed over and is not used, since proxy.listen is not set");
    }
    let reachable = reachable(listen, &inherited);
    may_serve(reachable, config)?;
    may_tell(&config.telemetry)?;
    log::begin(config.telemetry.log.filter());
    let _tracing = tracing(&config.telemetry)?;
    // What is wrong with it is no matter of lists.
    Tls::load(&config.tls, clock::now())?;
    let metrics = Metrics::default();
    let ledger = Ledger::default();
    let looked = looked.inspect(|looked| updater::tell_looked(&metrics, looked));
    let lists = Lists::first(&settings, arguments, &given.lists, looked, &watch)?;
    let followers = Followers::start(&settings, &given.lists, &metrics)?;
    let sampling = Sampling::default().again(&settings, &given.lists)?;
    let lists = Lists { checker: sampling.of(lists.checker), ..lists };
    let mut updater = Updater::default();
    let mut live =
        doors(&settings, lists, &ledger, (&followers, updater.kept(&settings, sampling.sampler(), &metrics)?))?;
    tell(&metrics, &live.api);
    let watchman = Watchman::start(&metrics)?;
    live.api.unseen = watchman.unseen();
    let (checker, canaries) = (live.api.checker.clone(), live.api.canaries.clone());
    let former = Mutex::new(Some(checker.snapshot()));
    let limits = config.serve.limits.clone();
    ensure!(
        limits.body_max_bytes <= BODY_MAX_BYTES,
        "serve.limits.body_max_bytes is above {} MiB",
        BODY_MAX_BYTES >> 20
    );
    let mut server = Server::new(live, limits, metrics.clone(), inherited);
    let places = open(&mut server, listen, config)?;
    watchman.look_from(lookout(config, places, checker, canaries)?);
    if config.serve.watch_ms > 0 {
        watch.ring(server.bell(), Duration::from_millis(config.serve.watch_ms))?;
    }
    let threads = match config.serve.threads {
        0 => available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    tracing::info!(version = env!("CARGO_PKG_VERSION"), pid = std::process::id(), threads, "started");
    let (arguments, lists) = (arguments.clone(), given.lists.clone());
    let bell = server.bell();
    // A list on the command line stands in place of all others.
    if given.lists.is_empty() {
        updater.keep(&settings, sampling.sampler(), &metrics, &bell)?;
    }
    let _hits = HitsKeeper::start(&settings, &metrics)?;
    let sampling = SharedSampling::new(sampling);
    let (handed_over, kept) = (sampling.clone(), sampling.clone());
    server.before_handover(move || handed_over.now().keep());
    let (followers, updater) = (Mutex::new(followers), Mutex::new(updater));
    let running =
        Running { ledger, metrics, watch, reachable, followers, sampling, updater, watchman, places, former, bell };
    let outcome = server.run(threads, signals, move || reload(&arguments, &lists, &running));
    // A reload under way may hold the rest for longer than the process lives.
    kept.now().keep();
    outcome?;
    Ok(Exit::Quiet)
}

/// What a reload carries over.
struct Running {
    ledger: Ledger,
    metrics: Metrics,
    watch: Watch,
    reachable: Option<SocketAddr>,
    followers: Mutex<Followers>,
    sampling: SharedSampling,
    updater: Mutex<Updater>,
    watchman: Watchman,
    places: Places,
    /// What answers now: of a list that cannot be opened any more it answers on.
    former: Mutex<Option<Arc<Snapshot>>>,
    bell: Bell,
}

fn load(arguments: &Arguments) -> anyhow::Result<Settings> {
    let settings = Settings::load(arguments)?;
    // Ids of entries must not change with every reload.
    let key_for = if settings.loaded.config.lists.is_empty() { KeyFor::OneRun } else { KeyFor::ManyRuns };
    Ok(settings.with_key_for(key_for))
}

/// What is in place after a reload; nothing if what is there now has to stay.
fn reload(arguments: &Arguments, given: &[String], running: &Running) -> Option<Live> {
    let Running { ledger, metrics, watch, reachable, followers, sampling, updater, watchman, places, former, bell } =
        running;
    watch.begin(arguments);
    let mut is_to_look_again = false;
    let loaded = load(arguments).and_then(|settings| {
        let settings = settings.not_before(metrics.lists.generation.get());
        let looked = settings.look_at_files(given);
        watch.follow(&settings, arguments, given);
        may_serve(*reachable, &settings.loaded.config)?;
        let looked = looked?;
        updater::tell_looked(metrics, &looked);
        is_to_look_again = looked.iter().any(Looked::may_pass);
        let place = former.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let lists = Lists::load(&settings, arguments, given, Before { looked: &looked, former: place.as_deref() })?;
        let mut followers = followers.lock().unwrap_or_else(PoisonError::into_inner);
        let next = followers.again(&settings, given, metrics)?;
        let sampled = sampling.now().again(&settings, given)?;
        let lists = Lists { checker: sampled.of(lists.checker), ..lists };
        let mut updater = updater.lock().unwrap_or_else(PoisonError::into_inner);
        let mut live = doors(&settings, lists, ledger, (&next, updater.kept(&settings, sampled.sampler(), metrics)?))?;
        live.api.unseen = watchman.unseen();
        let (checker, canaries) = (live.api.checker.clone(), live.api.canaries.clone());
        let lookout = lookout(&settings.loaded.config, *places, checker, canaries)?;
        updater.keep(&settings, sampled.sampler(), metrics, bell)?;
        next.take_over(&settings, metrics)?;
        *followers = next;
        sampling.put(sampled);
        watchman.look_from(lookout);
        Ok(live)
    });
    let outcome = if loaded.is_ok() { "done" } else { "failed" };
    metrics.reloads.get_or_create(&metrics::Outcome { outcome }).inc();
    metrics.reload_succeeded.set(i64::from(loaded.is_ok()));
    match loaded {
        Ok(live) => {
            tell(metrics, &live.api);
            if is_to_look_again {
                watch.try_again();
            }
            *former.lock().unwrap_or_else(PoisonError::into_inner) = Some(live.api.checker.snapshot());
            tracing::info!(generation = live.api.checker.snapshot().generation, "reloaded");
            Some(live)
        }
        Err(error) => {
            watch.try_again();
            tracing::error!(generation = metrics.lists.generation.get(), "not reloaded");
            warn(&format!("not reloaded, the former configuration stays: {error:#}"));
            None
        }
    }
}

/// Begins to send traces, if that is wanted.
fn tracing(telemetry: &Telemetry) -> anyhow::Result<Option<Tracing>> {
    let Some(endpoint) = &telemetry.otlp_endpoint else { return Ok(None) };
    let ratio = telemetry.otlp_ratio;
    ensure!((0.0..=1.0).contains(&ratio), "telemetry.otlp_ratio is not between 0.0 and 1.0");
    let options = trace::Options { endpoint: endpoint.clone(), ratio };
    Tracing::begin(&options).context("telemetry.otlp_endpoint").map(Some)
}

/// What answers, and what is known of its lists.
struct Lists {
    checker: Checker,
    written_at: BTreeMap<String, i64>,
    /// Those that have to be there.
    required: Vec<String>,
    canaries: Vec<Canary>,
    unused: Vec<SourceState>,
}

impl Lists {
    /// What there is at the start: where lists cannot be read the fail policies say what becomes of posts.
    fn first(
        settings: &Settings,
        arguments: &Arguments,
        given: &[String],
        looked: anyhow::Result<Vec<Looked>>,
        watch: &Watch,
    ) -> anyhow::Result<Self> {
        let load =
            |looked: Vec<Looked>| Self::load(settings, arguments, given, Before { looked: &looked, former: None });
        match looked.and_then(load) {
            // Lists on the command line were typed just now: a slip is better told at once.
            Err(error) if given.is_empty() => Self::missing(settings, &error, watch),
            lists => lists,
        }
    }

    fn load(settings: &Settings, arguments: &Arguments, given: &[String], before: Before<'_>) -> anyhow::Result<Self> {
        let Session { checker, written_at, absent } = Session::after_a_look(settings, arguments, given, before)?;
        for absent in &absent {
            warn(&absent.why);
        }
        Ok(Self {
            checker,
            written_at,
            required: required(settings, given)?,
            canaries: canaries::of(&settings.loaded.config, given),
            unused: Vec::new(),
        })
    }

    /// What there is while the lists cannot be read: the fail policies say what becomes of posts.
    fn missing(settings: &Settings, error: &anyhow::Error, watch: &Watch) -> anyhow::Result<Self> {
        watch.try_again();
        warn(&format!("nothing can be checked until a reload finds the lists: {error:#}"));
        let policy = settings.loaded.config.policy.clone();
        let snapshot = Snapshot::new(Arc::clone(&settings.tables), Vec::new(), policy);
        let checker = Checker::new(settings.extractor(settings.extract_options()), snapshot);
        let required = required(settings, &[])?;
        let unused = lists::states(settings, &[])?.into_iter().map(|state| SourceState { state: "missing", ..state });
        Ok(Self { checker, written_at: BTreeMap::new(), required, canaries: Vec::new(), unused: unused.collect() })
    }
}

fn doors(
    settings: &Settings,
    lists: Lists,
    ledger: &Ledger,
    (followers, kept): (&Followers, Kept),
) -> anyhow::Result<Live> {
    let config = &settings.loaded.config;
    let Lists { checker, written_at, required, canaries, unused, .. } = lists;
    let checker = followers.asking(checker);
    let keys = holders::keys(config, &checker, ledger)?;
    let proxy = proxy(config, &checker, &required)?;
    let proxy = proxy.map(|proxy| Proxy { deep: followers.door(config.proxy.deadline_ms), ..proxy });
    let deep = followers.door(config.api.deadline_ms);
    let hosts = Hosts(config.api.hosts.clone());
    let uris_search = config.api.uris_search;
    let tls = Tls::load(&config.tls, clock::now())?;
    let late = Some(followers.late());
    Ok(Live {
        api: Api {
            checker,
            keys,
            hosts,
            required,
            written_at,
            canaries,
            unseen: Unseen::default(),
            unused,
            kept,
            deep,
            late,
            uris_search,
        },
        proxy,
        tls,
    })
}

/// Lists without which nothing is ready. One that is compiled already names what is in it by itself.
fn required(settings: &Settings, given: &[String]) -> anyhow::Result<Vec<String>> {
    if !given.is_empty() || settings.loaded.config.lists.is_empty() {
        return Ok(Vec::new());
    }
    let required = settings.kept()?.into_iter().filter(|list| list.required);
    Ok(required.map(|list| list.name.clone()).collect())
}

/// Whether the doors could be opened with these settings and lists.
pub(super) fn check(settings: &Settings, snapshot: Snapshot) -> anyhow::Result<()> {
    let checker = Checker::new(settings.extractor(settings.extract_options()), snapshot);
    holders::keys(&settings.loaded.config, &checker, &Ledger::default())?;
    proxy(&settings.loaded.config, &checker, &[])?;
    sampling::links_max(settings)?;
    settings.full_hashes(&[]).map(drop)
}

fn proxy(config: &Config, checker: &Checker, required: &[String]) -> anyhow::Result<Option<Proxy>> {
    let ProxySetting { listen: Some(_), upstream, .. } = &config.proxy else { return Ok(None) };
    let setting = &config.proxy;
    let upstream = upstream.as_deref().context("proxy.listen is set and proxy.upstream is not")?;
    let [answer, idle] = [setting.upstream_timeout_ms, setting.upstream_idle_ms].map(Duration::from_millis);
    let upstream = Upstream::new(upstream, answer, idle, setting.upstream_connections_max)?;
    let platform = platform::of(setting)?;
    let body_max_bytes = config.serve.limits.body_max_bytes;
    let OnFailure { no_index, overload, internal } = setting.on_failure;
    Ok(Some(Proxy {
        gate: Arc::new(Gate { checker: checker.clone(), platform: Arc::new(platform), body_max_bytes }),
        upstream,
        on_failure: FailPolicies { default: setting.on_system_failure, no_index, overload, internal },
        author_budget: AuthorBudget {
            refusals_per_day: setting.refusals_per_day,
            network_refusals_per_day: setting.network_refusals_per_day,
        },
        deep: None,
        required: required.to_vec(),
        trusted_proxies: setting.trusted_proxies.clone(),
    }))
}

/// What is looked for from now on; with credentials as they are on the disk now.
fn lookout(config: &Config, places: Places, checker: Checker, canaries: Vec<Canary>) -> anyhow::Result<Lookout> {
    let doors = Doors::of(config, places, &Credentials::of(config), Unarmed::Skips)?;
    Ok(Lookout { checker, canaries, period_s: config.serve.self_test_s, doors })
}

/// Tells figures and the log what is in use.
fn tell(metrics: &Metrics, api: &Api) {
    let (snapshot, now) = (api.checker.snapshot(), clock::now());
    metrics.lists.generation.set(snapshot.generation);
    metrics.lists.clear();
    for (store, list) in api.kept.store.iter().flat_map(|store| api.kept.lists.iter().map(move |list| (store, list))) {
        updater::tell_waiting(metrics, store, &list.name);
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

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn no_reload_takes_the_last_key_where_other_machines_can_ask() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("linkgate.toml");
        let arguments = Arguments::parse_from(["linkgate", "--config", path.to_str().unwrap(), "serve"]);
        let key = format!("[[keys]]\nname = \"a\"\nsha256 = \"{}\"\n", "0".repeat(64));
        for (config, address, expected) in [
            (&*key, "192.0.2.1:80", true),
            (&*key, "127.0.0.1:80", true),
            ("", "127.0.0.1:80", true),
            ("", "[::1]:80", true),
            ("", "192.0.2.1:80", false),
            ("", "0.0.0.0:80", false),
        ] {
            std::fs::write(&path, config).unwrap();
            let reachable = reachable(address.parse().unwrap(), &Inherited::default());
            let (ledger, metrics, watch) = (Ledger::default(), Metrics::default(), Watch::default());
            let followers = Followers::start(&load(&arguments).unwrap(), &[], &metrics).unwrap().into();
            let (sampling, updater, bell) = (SharedSampling::default(), Mutex::default(), Bell::default());
            let running = Running {
                ledger,
                metrics,
                watch,
                reachable,
                followers,
                sampling,
                updater,
                watchman: Watchman::start(&Metrics::default()).unwrap(),
                places: Places::default(),
                former: Mutex::default(),
                bell,
            };
            assert_eq!(reload(&arguments, &[], &running).is_some(), expected, "{config:?} {address}");
        }
    }
}
