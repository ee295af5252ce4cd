//! `linkgate serve`: the doors, as the configuration has them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

use crate::check::{Checker, Snapshot};
use crate::config::{Config, KeySetting, OnFailure, ProxySetting, RefusalSetting};
use crate::lists::SourceState;
use crate::serve::{
    Api, AuthorBudget, Budget, FailPolicies, Gate, Generic, Hosts, Inherited, Key, Keys, Ledger, Live, Platform, Proxy,
    Refusal, Route, Server, Tls, Upstream,
};
use crate::telemetry::metrics::{self, Metrics};
use crate::telemetry::{clock, log};

use super::args::{Arguments, ServeArguments};
use super::session::{KeyFor, Session, Settings, warn};
use super::watch::Watch;
use super::{Exit, lists, telemetry, usage};

/// Bodies beyond this are not for buffers.
const BODY_MAX_BYTES: usize = 64 << 20;

pub(super) fn run(arguments: &Arguments, given: &ServeArguments) -> anyhow::Result<Exit> {
    let watch = Watch::default();
    watch.begin(arguments);
    let settings = load(arguments)?;
    watch.follow(&settings, arguments, &given.lists);
    let config = &settings.loaded.config;
    let listen = given.listen.unwrap_or(config.serve.listen);
    let inherited = Inherited::take(&names_of_sockets())?;
    may_listen(listen, &inherited, config)?;
    telemetry::may_tell(&config.telemetry, &inherited)?;
    log::begin(telemetry::level(config.telemetry.log));
    let _tracing = telemetry::tracing(&config.telemetry)?;
    // What is wrong with it is no matter of lists.
    Tls::load(&config.tls, clock::now())?;
    let metrics = Metrics::default();
    let ledger = Ledger::default();
    let lists = match Lists::load(&settings, arguments, &given.lists) {
        // Lists on the command line were typed just now: a slip is better told at once.
        Err(error) if given.lists.is_empty() => Lists::missing(&settings, &error)?,
        lists => lists?,
    };
    let live = doors(&settings, lists, &ledger)?;
    telemetry::tell(&metrics, &live.api);
    let limits = config.serve.limits.clone();
    ensure!(
        limits.body_max_bytes <= BODY_MAX_BYTES,
        "serve.limits.body_max_bytes is above {} MiB",
        BODY_MAX_BYTES >> 20
    );
    let mut server = Server::new(live, limits, metrics.clone(), inherited);
    open(&mut server, listen, config)?;
    if config.serve.watch_ms > 0 {
        watch.ring(server.bell(), Duration::from_millis(config.serve.watch_ms))?;
    }
    let threads = match config.serve.threads {
        0 => available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    tracing::info!(version = env!("CARGO_PKG_VERSION"), pid = std::process::id(), threads, "started");
    let (arguments, lists) = (arguments.clone(), given.lists.clone());
    let running = Running { ledger, metrics, watch };
    server.run(threads, move || reload(&arguments, &lists, &running))?;
    Ok(Exit::Quiet)
}

/// Opens the doors, and says where.
fn open(server: &mut Server, listen: SocketAddr, config: &Config) -> anyhow::Result<()> {
    let scheme = if config.tls.cert_file.is_some() { "https" } else { "http" };
    let cannot = |address: SocketAddr| format!("{address} cannot be listened on");
    let figures = match config.telemetry.listen {
        Some(address) => {
            let watchers = telemetry::watchers(&config.telemetry);
            server.open_telemetry(address, watchers).with_context(|| cannot(address))?
        }
        None => Vec::new(),
    };
    for api in server.open_api(listen).with_context(|| cannot(listen))? {
        warn(&format!("check API on {scheme}://{api}"));
    }
    if let Some(address) = config.proxy.listen {
        let upstream = config.proxy.upstream.as_deref().unwrap_or_default();
        for proxy in server.open_proxy(address).with_context(|| cannot(address))? {
            warn(&format!("proxy on {scheme}://{proxy}, in front of {upstream}"));
        }
    }
    for address in figures {
        warn(&format!("figures and health on {scheme}://{address}"));
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "it says what was handed over, and is no setting")]
fn names_of_sockets() -> String {
    std::env::var("LISTEN_FDNAMES").unwrap_or_default()
}

/// What a reload carries over.
struct Running {
    ledger: Ledger,
    metrics: Metrics,
    watch: Watch,
}

fn load(arguments: &Arguments) -> anyhow::Result<Settings> {
    let settings = Settings::load(arguments)?;
    // Ids of entries must not change with every reload.
    let key_for = if settings.loaded.config.lists.is_empty() { KeyFor::OneRun } else { KeyFor::ManyRuns };
    Ok(settings.with_key_for(key_for))
}

/// What is in place after a reload; nothing if what is there now has to stay.
fn reload(arguments: &Arguments, given: &[String], running: &Running) -> Option<Live> {
    let Running { ledger, metrics, watch } = running;
    watch.begin(arguments);
    let loaded = load(arguments).and_then(|settings| {
        watch.follow(&settings, arguments, given);
        let lists = Lists::load(&settings, arguments, given)?;
        doors(&settings, lists, ledger)
    });
    let outcome = if loaded.is_ok() { "done" } else { "failed" };
    metrics.reloads.get_or_create(&metrics::Outcome { outcome }).inc();
    metrics.reload_succeeded.set(i64::from(loaded.is_ok()));
    match loaded {
        Ok(live) => {
            telemetry::tell(metrics, &live.api);
            tracing::info!(generation = live.api.checker.snapshot().generation, "reloaded");
            Some(live)
        }
        Err(error) => {
            tracing::error!(generation = metrics.lists.generation.get(), "not reloaded");
            warn(&format!("not reloaded, the former configuration stays: {error:#}"));
            None
        }
    }
}

/// Without keys everybody who can reach the address could read the lists out, one guess at a time.
fn may_listen(configured: SocketAddr, inherited: &Inherited, config: &Config) -> anyhow::Result<()> {
    if inherited.has_proxy() && config.proxy.listen.is_none() {
        warn("a socket for the proxy was handed over and is not used, since proxy.listen is not set");
    }
    let mut addresses: Vec<SocketAddr> = inherited.api().collect();
    if addresses.is_empty() {
        addresses.push(configured);
    }
    match addresses.iter().find(|address| !address.ip().is_loopback()) {
        Some(address) if config.keys.is_empty() => Err(usage(format!(
            "{address} can be reached from other machines, and there are no keys; make one with `linkgate keys new NAME`"
        ))),
        _ => Ok(()),
    }
}

/// What answers, and what is known of its lists.
struct Lists {
    checker: Checker,
    written_at: BTreeMap<String, i64>,
    /// Those that have to be there.
    required: Vec<String>,
    unused: Vec<SourceState>,
}

impl Lists {
    fn load(settings: &Settings, arguments: &Arguments, given: &[String]) -> anyhow::Result<Self> {
        let Session { checker, written_at } = Session::of(settings, arguments, given)?;
        let configured = settings.loaded.config.lists.iter().filter(|_| given.is_empty());
        let required = configured.map(|list| list.name.clone()).collect();
        Ok(Self { checker, written_at, required, unused: Vec::new() })
    }

    /// What there is while the lists cannot be read: the fail policies say what becomes of posts.
    fn missing(settings: &Settings, error: &anyhow::Error) -> anyhow::Result<Self> {
        warn(&format!("nothing can be checked until a reload finds the lists: {error:#}"));
        let policy = settings.loaded.config.policy.clone();
        let snapshot = Snapshot::new(Arc::clone(&settings.tables), Vec::new(), policy);
        let checker = Checker::new(settings.extractor(settings.extract_options()), snapshot);
        let required = settings.loaded.config.lists.iter().map(|list| list.name.clone()).collect();
        let unused = lists::states(settings, &[])?.into_iter().map(|state| SourceState { state: "missing", ..state });
        Ok(Self { checker, written_at: BTreeMap::new(), required, unused: unused.collect() })
    }
}

fn doors(settings: &Settings, lists: Lists, ledger: &Ledger) -> anyhow::Result<Live> {
    let config = &settings.loaded.config;
    let Lists { checker, written_at, required, unused } = lists;
    let keys = keys(config, &checker, ledger)?;
    let proxy = proxy(config, &checker, &required)?;
    let hosts = Hosts(config.api.hosts.clone());
    let uris_search = config.api.uris_search;
    let tls = Tls::load(&config.tls, clock::now())?;
    Ok(Live { api: Api { checker, keys, hosts, required, written_at, unused, uris_search }, proxy, tls })
}

/// Whether the doors could be opened with these settings and lists.
pub(super) fn check(settings: &Settings, snapshot: Snapshot) -> anyhow::Result<()> {
    let checker = Checker::new(settings.extractor(settings.extract_options()), snapshot);
    keys(&settings.loaded.config, &checker, &Ledger::default())?;
    proxy(&settings.loaded.config, &checker, &[])?;
    Ok(())
}

fn keys(config: &Config, checker: &Checker, ledger: &Ledger) -> anyhow::Result<Keys> {
    let mut keys = Keys::default();
    for setting in &config.keys {
        let about = || format!("key {:?}", setting.name);
        let hex = data_encoding::HEXLOWER_PERMISSIVE.decode(setting.sha256.as_bytes()).ok();
        let sha256 = hex.and_then(|bytes| bytes.try_into().ok());
        let key = Key {
            sha256: sha256.context("`sha256` is not 64 hex digits").with_context(about)?,
            scopes: setting.scopes.clone(),
            ends: setting.expires.map(jiff::Timestamp::as_second),
            checker: checker.judging_by(snapshot_for(setting, config, checker).with_context(about)?),
            account: ledger.account(setting.tenant(), budget(setting.tenant(), &config.keys)?),
        };
        ensure!(keys.add(key).is_ok(), "key {:?}: another key has the same `sha256`", setting.name);
    }
    Ok(keys)
}

/// Lists and policy of one key.
fn snapshot_for(setting: &KeySetting, config: &Config, checker: &Checker) -> anyhow::Result<Snapshot> {
    let policy = setting.policy_over(&config.policy)?;
    let snapshot = checker.snapshot().as_ref().clone().with_policy(policy);
    let Some(names) = &setting.lists else { return Ok(snapshot) };
    // While lists cannot be read nothing is answered at all.
    let is_there = |name: &String| snapshot.indexes.is_empty() || snapshot.lists().any(|list| list.name == *name);
    if let Some(stranger) = names.iter().find(|name| !is_there(name)) {
        let known: Vec<&str> = snapshot.lists().map(|list| &*list.name).collect();
        bail!("there is no list {stranger:?}; there are: {}", known.join(", "));
    }
    Ok(snapshot.limited_to(names))
}

/// The budget of a tenant, which any of its keys may give.
fn budget(tenant: &str, keys: &[KeySetting]) -> anyhow::Result<Budget> {
    let own = || keys.iter().filter(|key| key.tenant() == tenant);
    Ok(Budget {
        requests_per_minute: agreed(tenant, "requests_per_minute", own().map(|key| key.requests_per_minute))?,
        links_per_day: agreed(tenant, "links_per_day", own().map(|key| key.links_per_day))?,
        hits_per_day: agreed(tenant, "hits_per_day", own().map(|key| key.hits_per_day))?,
    })
}

fn agreed<T: PartialEq + Copy>(
    tenant: &str,
    name: &str,
    mut values: impl Iterator<Item = Option<T>>,
) -> anyhow::Result<Option<T>> {
    let first = values.by_ref().flatten().next();
    if values.flatten().any(|other| Some(other) != first) {
        bail!("the keys of tenant {tenant:?} share one budget, and give more than one `{name}`");
    }
    Ok(first)
}

fn proxy(config: &Config, checker: &Checker, required: &[String]) -> anyhow::Result<Option<Proxy>> {
    let ProxySetting { listen: Some(_), upstream, platform, .. } = &config.proxy else { return Ok(None) };
    let setting = &config.proxy;
    let upstream = upstream.as_deref().context("proxy.listen is set and proxy.upstream is not")?;
    let [answer, idle] = [setting.upstream_timeout_ms, setting.upstream_idle_ms].map(Duration::from_millis);
    let upstream = Upstream::new(upstream, answer, idle, setting.upstream_connections_max)?;
    let platform = Platform::preset(platform, &generic(setting)?)
        .with_context(|| format!("proxy.platform is {platform:?}; known are: {}", Platform::PRESETS.join(", ")))?;
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
        required: required.to_vec(),
        trusted_proxies: setting.trusted_proxies.clone(),
    }))
}

fn generic(setting: &ProxySetting) -> anyhow::Result<Generic> {
    let routes = |key: &str, texts: &[String]| -> anyhow::Result<Vec<Route>> {
        texts.iter().map(|text| Route::parse(text).with_context(|| format!("proxy.{key}: {text:?}"))).collect()
    };
    Ok(Generic {
        html: setting.html.clone(),
        markdown: setting.markdown.clone(),
        links: setting.links.clone(),
        pass: routes("pass", &setting.pass)?,
        uploads: routes("uploads", &setting.uploads)?,
        upgrades: routes("upgrades", &setting.upgrades)?,
        refusal: refusal(&setting.refusal)?,
        pass_imports: setting.pass_imports,
    })
}

fn refusal(setting: &RefusalSetting) -> anyhow::Result<Option<Refusal>> {
    let Some(template) = &setting.template else { return Ok(None) };
    let status = setting.status.unwrap_or(422);
    ensure!((400..500).contains(&status), "proxy.refusal.status is not between 400 and 499");
    Ok(Some(Refusal {
        status: http::StatusCode::from_u16(status)?,
        content_type: setting.content_type.clone().unwrap_or_else(|| "application/json".to_owned()),
        template: template.clone(),
    }))
}
