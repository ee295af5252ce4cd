//! `linkgate serve`: the doors, as the configuration has them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::check::{Canary, Checker, Snapshot};
use crate::config::{Config, OnFailure, ProxySetting, Telemetry};
use crate::serve::{
    Api, AuthorBudget, Bell, FailPolicies, Gate, Hosts, Inherited, Kept, Ledger, Live, Proxy, Server, Signals, Tls,
    Unseen, Upstream,
};
use crate::telemetry::metrics::{self, Metrics};
use crate::telemetry::trace::{self, Tracing};
use crate::telemetry::{clock, log};

use super::account;
use super::answering::{Before, Used};
use super::args::{Arguments, ServeArguments};
use super::canaries::{Lookout, Watchman};
use super::entrances::{may_serve, may_tell, names_of_sockets, open, reachable};
use super::hits::HitsKeeper;
use super::in_use::{Lists, tell};
use super::kept::Looked;
use super::late::Followers;
use super::prove::{Credentials, Doors, Places, Unarmed};
use super::sampling::{self, Sampling, SharedSampling};
use super::session::{KeyFor, Settings, warn};
use super::updater::{self, Updater};
use super::watch::Watch;
use super::{Exit, holders, platform};

/// Bodies beyond this are not for buffers.
const BODY_MAX_BYTES: usize = 64 << 20;

pub(super) fn run(arguments: &Arguments, given: &ServeArguments) -> anyhow::Result<Exit> {
    account::reads_once(&given.lists, Some("what a reload reads again; set `path = \"-\"` in `[[lists]]`"))?;
    let signals = Signals::listen()?;
    let watch = Watch::default();
    watch.begin(arguments);
    let settings = load(arguments)?;
    // What it writes is nothing new to whoever reads it afterwards.
    let looked = settings.look_at_files(&given.lists, &Sampling::default());
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
    let mut lists = Lists { checker: sampling.of(lists.checker), ..lists };
    let former = Mutex::new(std::mem::take(&mut lists.used));
    let mut updater = Updater::default();
    let mut live =
        doors(&settings, lists, &ledger, (&followers, updater.kept(&settings, sampling.sampler(), &metrics)?))?;
    tell(&metrics, &live.api);
    let watchman = Watchman::start(&metrics)?;
    live.api.unseen = watchman.unseen();
    let (checker, canaries) = (live.api.checker.clone(), live.api.canaries.clone());
    let limits = config.serve.limits.clone();
    may_begin(config, &live.api, &inherited)?;
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

/// Whether a server may begin like this.
fn may_begin(config: &Config, api: &Api, inherited: &Inherited) -> anyhow::Result<()> {
    let is_small = config.serve.limits.body_max_bytes <= BODY_MAX_BYTES;
    ensure!(is_small, "serve.limits.body_max_bytes is above {} MiB", BODY_MAX_BYTES >> 20);
    ensure!(
        api.is_ready() || !inherited.predecessor_is_ready(),
        "not every list that has to be there answers here, and in the predecessor they do; see `linkgate lists status`"
    );
    Ok(())
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
    former: Mutex<Vec<Used>>,
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
    let loaded = load(arguments).and_then(|settings| {
        let settings = settings.not_before(metrics.lists.generation.get());
        let looked = settings.look_at_files(given, &sampling.now());
        watch.follow(&settings, arguments, given);
        may_serve(*reachable, &settings.loaded.config)?;
        let looked = looked?;
        updater::tell_looked(metrics, &looked);
        if looked.iter().any(Looked::may_pass) {
            watch.try_again();
        }
        let place = former.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut lists = Lists::load(&settings, arguments, given, (Before { looked: &looked, former: &place }, watch))?;
        let used = std::mem::take(&mut lists.used);
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
        updater.fetch_again(&live.api.kept, &live.api.troubles);
        next.take_over(&settings, metrics)?;
        *followers = next;
        sampling.put(sampled);
        watchman.look_from(lookout);
        Ok((live, used))
    });
    let outcome = if loaded.is_ok() { "done" } else { "failed" };
    metrics.reloads.get_or_create(&metrics::Outcome { outcome }).inc();
    metrics.reload_succeeded.set(i64::from(loaded.is_ok()));
    match loaded {
        Ok((live, used)) => {
            tell(metrics, &live.api);
            *former.lock().unwrap_or_else(PoisonError::into_inner) = used;
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

fn doors(
    settings: &Settings,
    lists: Lists,
    ledger: &Ledger,
    (followers, kept): (&Followers, Kept),
) -> anyhow::Result<Live> {
    let config = &settings.loaded.config;
    let Lists { checker, written_at, required, canaries, unused, troubles, .. } = lists;
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
            troubles,
            deep,
            late,
            uris_search,
        },
        proxy,
        tls,
    })
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
