//! Links that are followed from the command line: a follower from the configuration, and checks that wait for it.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use crate::check::{Checker, DeepChecker, PatientChecker, Post, Report};
use crate::config::{CacheSetting, FetchSetting};
use crate::fetch::{
    Asked, ClientOptions, Follow, Follower, FollowerOptions, Guard, Lifetimes, SharedOptions, Shorteners,
};
use crate::index::StateKey;
use crate::telemetry::metrics::Fetches;
use anyhow::Context as _;

use super::args::{Arguments, Depth};
use super::publishers;
use super::session::{Session, Settings, random_key};

/// What there is to wait for beyond the chain itself.
const SPARE: Duration = Duration::from_secs(1);

/// A session, whose checks follow links if that is wanted.
pub(super) struct Deep {
    session: Session,
    following: Option<PatientChecker>,
}

impl Deep {
    /// Opens everything; `given` are the sources of `--lists`.
    pub(super) fn open(arguments: &Arguments, given: &[String], depth: Depth) -> anyhow::Result<Self> {
        let settings = Settings::load(arguments)?;
        let session = Session::whole(&settings, arguments, given)?;
        if depth == Depth::Lists {
            return Ok(Self { session, following: None });
        }
        let following = patient(&settings, given, Pace::Configured)?;
        let checker = asking(&session.checker, &following.deep);
        Ok(Self { session: Session { checker, ..session }, following: Some(following) })
    }

    pub(super) fn checker(&self) -> &Checker {
        &self.session.checker
    }

    pub(super) fn check(&self, post: &Post<'_>, now: i64) -> Report {
        match &self.following {
            None => self.checker().check(post, now),
            Some(following) => following.check(self.checker(), post, now),
        }
    }
}

/// As the configuration says; hosts of the table at least, since it was asked for.
pub(super) fn patient(settings: &Settings, given: &[String], pace: Pace) -> anyhow::Result<PatientChecker> {
    let setting = &settings.loaded.config.fetch;
    let follow = if setting.follow == Follow::None { Follow::Known } else { setting.follow };
    let deep = deep(settings, follow, Fetches::default(), pace)?;
    let deep = publishers::confirming(deep, settings, given, Fetches::default())?;
    Ok(PatientChecker { deep, patience: pace.chain_timeout(setting) + SPARE })
}

/// How fast hosts are asked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pace {
    /// As the configuration says.
    Configured,
    /// So many requests a second, for as long as it takes.
    Steady(NonZeroU32),
}

/// Among a million links one waits for its turn longer than a person would.
const STEADY_CHAIN_TIMEOUT: Duration = Duration::from_hours(24);

impl Pace {
    fn chain_timeout(self, setting: &FetchSetting) -> Duration {
        match self {
            Self::Configured => Duration::from_millis(setting.chain_timeout_ms),
            Self::Steady(_) => STEADY_CHAIN_TIMEOUT,
        }
    }

    fn requests_per_s(self, setting: &FetchSetting) -> Option<NonZeroU32> {
        match self {
            Self::Configured => NonZeroU32::new(setting.requests_per_s),
            Self::Steady(rate) => Some(rate),
        }
    }
}

/// The same checker, which leaves to be asked what `deep` asks.
pub(super) fn asking(checker: &Checker, deep: &DeepChecker) -> Checker {
    checker.judging_by(deep.asking(checker.snapshot().as_ref().clone()))
}

/// Follows links of these hosts as the configuration says.
pub(super) fn deep(settings: &Settings, follow: Follow, figures: Fetches, pace: Pace) -> anyhow::Result<DeepChecker> {
    let (fetch, cache) = (&settings.loaded.config.fetch, &settings.loaded.config.cache);
    let shared = shared(settings, cache)?;
    // Servers that share find each other's hops under the same digests.
    let key = shared.as_ref().map_or_else(random_key, |shared| Ok(shared.key.clone()))?;
    let options = FollowerOptions {
        client: ClientOptions { requests_per_s: pace.requests_per_s(fetch), ..client(fetch, cache)? },
        asked: Asked::new(follow, Arc::new(shorteners(settings)?)),
        extractor: Arc::new(settings.extractor(settings.extract_options())),
        hops_max: fetch.hops_max,
        chain_timeout: pace.chain_timeout(fetch),
        chains_max: fetch.chains_max,
        cached_hops_max: cache.hops_max,
        key: key.derive("linkgate 2026 digests of hops"),
        shared,
    };
    let follower = Follower::start(options, figures).context("[fetch]")?;
    let [key, _] = halves(random_key()?.derive("linkgate 2026 digests of leads"));
    Ok(DeepChecker::new(follower, cache.trails_max, key))
}

fn client(fetch: &FetchSetting, cache: &CacheSetting) -> anyhow::Result<ClientOptions> {
    let (ms, s) = (Duration::from_millis, Duration::from_secs);
    anyhow::ensure!(cache.min_s <= cache.max_s, "cache.min_s is above cache.max_s");
    let options = ClientOptions {
        guard: Guard::new(fetch.ports.clone()),
        resolvers: fetch.resolvers.clone(),
        egress_proxy: fetch.proxy.clone(),
        ca_file: fetch.ca_file.clone(),
        user_agent: fetch.user_agent.clone(),
        request_timeout: ms(fetch.request_timeout_ms),
        page_max_bytes: fetch.page_max_bytes,
        requests_max: fetch.requests_max,
        requests_per_s: None,
        host_requests_max: fetch.host_requests_max,
        host_failures_max: fetch.host_failures_max,
        host_pause: ms(fetch.host_pause_ms),
        lifetimes: Lifetimes {
            min: s(cache.min_s),
            max: s(cache.max_s),
            redirect: s(cache.redirect_s),
            negative: s(cache.negative_s),
        },
    };
    #[cfg(feature = "test-hooks")]
    let options = steered(options)?;
    Ok(options)
}

/// As tests say: another resolver, and networks that count as public.
#[cfg(feature = "test-hooks")]
fn steered(options: ClientOptions) -> anyhow::Result<ClientOptions> {
    let variable = |name| super::session::variable(name).map(|value| value.to_string_lossy().into_owned());
    let mut options = options;
    if let Some(resolver) = variable("LINKGATE_TEST_RESOLVER") {
        options.resolvers = vec![resolver.parse().context("LINKGATE_TEST_RESOLVER")?];
    }
    if let Some(networks) = variable("LINKGATE_TEST_ALLOW_NET") {
        let networks = networks.split(',').map(|network| network.trim().parse());
        options.guard = options.guard.allowing(networks.collect::<Result<_, _>>().context("LINKGATE_TEST_ALLOW_NET")?);
    }
    Ok(options)
}

fn shorteners(settings: &Settings) -> anyhow::Result<Shorteners> {
    match &settings.loaded.config.tables.shorteners {
        None => Ok(Shorteners::shipped()),
        Some(path) => {
            let text = super::session::read_table(path)?;
            Shorteners::parse(&text).with_context(|| format!("the table {} cannot be used", path.display()))
        }
    }
}

fn shared(settings: &Settings, cache: &CacheSetting) -> anyhow::Result<Option<SharedOptions>> {
    let Some(path) = &cache.redis_url_file else { return Ok(None) };
    let url = std::fs::read_to_string(path)
        .with_context(|| format!("cache.redis_url_file: {} cannot be read", path.display()))?;
    Ok(Some(SharedOptions { url: url.trim().to_owned(), key: settings.key()? }))
}

fn halves(bytes: [u8; StateKey::LEN]) -> [[u8; 16]; 2] {
    let (mut first, mut second) = ([0; 16], [0; 16]);
    first.iter_mut().chain(&mut second).zip(bytes).for_each(|(to, from)| *to = from);
    [first, second]
}
