//! `linkgate serve`: the doors, as the configuration has them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tracing::level_filters::LevelFilter;

use crate::check::{Checker, Snapshot};
use crate::config::{Config, KeySetting, LogLevel, ProxySetting, RefusalSetting, Telemetry};
use crate::lists::Source;
use crate::serve::{
    Api, Budget, Gate, Generic, Hosts, Keys, Live, Platform, Proxy, Refusal, Route, Server, Tenant, Upstream, Watchers,
};
use crate::telemetry::metrics::{self, Metrics};
use crate::telemetry::trace::{self, Tracing};
use crate::telemetry::{clock, log};

use super::args::{Arguments, ServeArguments};
use super::session::{KeyFor, Session, Settings, warn};
use super::{Exit, usage};

/// Bodies beyond this are not for buffers.
const BODY_MAX_BYTES: usize = 64 << 20;

pub(super) fn run(arguments: &Arguments, given: &ServeArguments) -> anyhow::Result<Exit> {
    let settings = load(arguments)?;
    let config = &settings.loaded.config;
    let listen = given.listen.unwrap_or(config.serve.listen);
    may_listen(listen, config)?;
    may_tell(&config.telemetry)?;
    log::begin(level(config.telemetry.log));
    let _tracing = tracing(&config.telemetry)?;
    let metrics = Metrics::default();
    let live = match live(&settings, arguments, &given.lists) {
        // Lists on the command line were typed just now: a slip is better told at once.
        Err(error) if given.lists.is_empty() => without_lists(&settings, &error)?,
        live => live?,
    };
    tell(&metrics, &live.api.checker, &settings.sources(&given.lists)?);
    let limits = config.serve.limits.clone();
    ensure!(
        limits.body_max_bytes <= BODY_MAX_BYTES,
        "serve.limits.body_max_bytes is above {} MiB",
        BODY_MAX_BYTES >> 20
    );
    let mut server = Server::new(live, limits, metrics.clone());
    let cannot = |address: SocketAddr| format!("{address} cannot be listened on");
    let figures = config
        .telemetry
        .listen
        .map(|address| server.open_telemetry(address, watchers(&config.telemetry)).with_context(|| cannot(address)));
    let figures = figures.transpose()?;
    let api = server.open_api(listen).with_context(|| cannot(listen))?;
    warn(&format!("check API on http://{api}"));
    if let Some(address) = config.proxy.listen {
        let proxy = server.open_proxy(address).with_context(|| cannot(address))?;
        warn(&format!("proxy on http://{proxy}, in front of {}", config.proxy.upstream.as_deref().unwrap_or_default()));
    }
    if let Some(address) = figures {
        warn(&format!("figures and health on http://{address}"));
    }
    let threads = match config.serve.threads {
        0 => available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    tracing::info!(version = env!("CARGO_PKG_VERSION"), pid = std::process::id(), threads, "started");
    let (arguments, lists) = (arguments.clone(), given.lists.clone());
    server.run(threads, move || reload(&arguments, &lists, &metrics))?;
    Ok(Exit::Quiet)
}

fn load(arguments: &Arguments) -> anyhow::Result<Settings> {
    let settings = Settings::load(arguments)?;
    // Ids of entries must not change with every reload.
    let key_for = if settings.loaded.config.lists.is_empty() { KeyFor::OneRun } else { KeyFor::ManyRuns };
    Ok(settings.with_key_for(key_for))
}

/// What is in place after a reload; nothing if what is there now has to stay.
fn reload(arguments: &Arguments, lists: &[String], metrics: &Metrics) -> Option<Live> {
    let loaded =
        load(arguments).and_then(|settings| Ok((live(&settings, arguments, lists)?, settings.sources(lists)?)));
    let outcome = if loaded.is_ok() { "done" } else { "failed" };
    metrics.reloads.get_or_create(&metrics::Outcome { outcome }).inc();
    metrics.reload_succeeded.set(i64::from(loaded.is_ok()));
    match loaded {
        Ok((live, sources)) => {
            tell(metrics, &live.api.checker, &sources);
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
fn may_listen(address: SocketAddr, config: &Config) -> anyhow::Result<()> {
    if address.ip().is_loopback() || !config.keys.is_empty() {
        return Ok(());
    }
    Err(usage(format!(
        "{address} can be reached from other machines, and there are no keys; make one with `linkgate keys new NAME`"
    )))
}

/// Figures have no key in front of them: that others reach them has to be said.
fn may_tell(telemetry: &Telemetry) -> anyhow::Result<()> {
    match telemetry.listen {
        Some(address) if !address.ip().is_loopback() && !telemetry.allow_remote => Err(usage(format!(
            "telemetry.listen is {address}, which can be reached from other machines without a key; \
             if that is wanted, set allow_remote = true below [telemetry]"
        ))),
        _ => Ok(()),
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

fn watchers(telemetry: &Telemetry) -> Watchers {
    if telemetry.allow_remote { Watchers::Anywhere } else { Watchers::Here }
}

fn live(settings: &Settings, arguments: &Arguments, given: &[String]) -> anyhow::Result<Live> {
    let checker = Session::of(settings, arguments, given)?.checker;
    doors(settings, checker, given)
}

/// What is served while the lists cannot be read: the fail policies say what becomes of posts.
fn without_lists(settings: &Settings, error: &anyhow::Error) -> anyhow::Result<Live> {
    warn(&format!("nothing can be checked until a reload (SIGHUP) finds the lists: {error:#}"));
    let snapshot = Snapshot::new(Arc::clone(&settings.tables), Vec::new(), settings.loaded.config.policy.clone());
    doors(settings, Checker::new(settings.extractor(settings.extract_options()), snapshot), &[])
}

fn doors(settings: &Settings, checker: Checker, given: &[String]) -> anyhow::Result<Live> {
    let config = &settings.loaded.config;
    let required = required(settings, given)?;
    let keys = keys(&config.keys, &checker)?;
    let proxy = proxy(config, &checker, &required)?;
    let hosts = Hosts(config.api.hosts.clone());
    Ok(Live { api: Api { checker, keys, hosts, required }, proxy })
}

/// Lists without which nothing is ready. One that is compiled already names what is in it by itself.
fn required(settings: &Settings, given: &[String]) -> anyhow::Result<Vec<String>> {
    if !given.is_empty() || settings.loaded.config.lists.is_empty() {
        return Ok(Vec::new());
    }
    let sources = settings.sources(given)?;
    Ok(sources.into_iter().filter(|source| !source.is_compiled()).map(|source| source.name).collect())
}

fn keys(settings: &[KeySetting], checker: &Checker) -> anyhow::Result<Keys> {
    let mut keys = Keys::default();
    for setting in settings {
        let hex = data_encoding::HEXLOWER_PERMISSIVE.decode(setting.sha256.as_bytes()).ok();
        let sha256 = hex.and_then(|bytes| bytes.try_into().ok());
        let sha256 = sha256.with_context(|| format!("key {:?}: `sha256` is not 64 hex digits", setting.name))?;
        let budget = Budget { requests_per_minute: setting.requests_per_minute, hits_per_day: setting.hits_per_day };
        let checker = match &setting.lists {
            Some(names) => checker.judging_by(checker.snapshot().as_ref().clone().limited_to(names)),
            None => checker.clone(),
        };
        keys.add(sha256, Tenant::new(&setting.name, &setting.scopes, checker, budget));
    }
    Ok(keys)
}

fn proxy(config: &Config, checker: &Checker, required: &[String]) -> anyhow::Result<Option<Proxy>> {
    let ProxySetting { listen: Some(_), upstream, platform, .. } = &config.proxy else { return Ok(None) };
    let setting = &config.proxy;
    let upstream = upstream.as_deref().context("proxy.listen is set and proxy.upstream is not")?;
    let timeout = Duration::from_millis(setting.upstream_timeout_ms);
    let upstream = Upstream::new(upstream, timeout, setting.upstream_connections_max)?;
    let platform = Platform::preset(platform, &generic(setting)?)
        .with_context(|| format!("proxy.platform is {platform:?}; known are: {}", Platform::PRESETS.join(", ")))?;
    let body_max_bytes = config.serve.limits.body_max_bytes;
    Ok(Some(Proxy {
        gate: Gate { checker: checker.clone(), platform: Arc::new(platform), body_max_bytes },
        upstream,
        on_system_failure: setting.on_system_failure,
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

/// Tells figures and the log what is in use.
fn tell(metrics: &Metrics, checker: &Checker, sources: &[Source]) {
    let (snapshot, now) = (checker.snapshot(), clock::now());
    let written_at = written_at(&snapshot, sources);
    metrics.lists.generation.set(snapshot.generation);
    metrics.lists.clear();
    for list in snapshot.indexes.iter().flat_map(|index| index.lists()) {
        let entries: u64 = list.entries.values().sum();
        let label = metrics::List { list: list.name.clone() };
        metrics.lists.entries.get_or_create(&label).set(i64::try_from(entries).unwrap_or(i64::MAX));
        metrics.lists.read_at.get_or_create(&label).set(now);
        let written_at = written_at.get(&*list.name);
        if let Some(&written_at) = written_at {
            metrics.lists.written_at.get_or_create(&label).set(written_at);
        }
        let age_s = written_at.map(|written_at| now - written_at);
        tracing::info!(list = list.name, generation = snapshot.generation, entries, age_s, "list in use");
    }
}

/// When the file of each list was written. One that is compiled already may hold several lists.
fn written_at<'s>(snapshot: &'s Snapshot, sources: &'s [Source]) -> BTreeMap<&'s str, i64> {
    let (compiled, texts): (Vec<&Source>, Vec<&Source>) = sources.iter().partition(|source| source.is_compiled());
    // All texts are in one index, which comes first.
    let opened = snapshot.indexes.iter().skip(usize::from(!texts.is_empty()));
    let of_texts = texts.iter().map(|source| (&*source.name, source.written_at()));
    let of_compiled = compiled.iter().zip(opened).flat_map(|(source, index)| {
        let written_at = source.written_at();
        index.lists().iter().map(move |list| (&*list.name, written_at))
    });
    of_texts.chain(of_compiled).filter_map(|(name, written_at)| Some((name, written_at?))).collect()
}

fn level(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}
