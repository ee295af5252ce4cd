//! Links that are followed from the command line: a follower from the configuration, and checks that wait for it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::time::Instant;

use crate::check::{Checker, DeepChecker, Post, Report};
use crate::config::{CacheSetting, FetchSetting};
use crate::fetch::{
    Asked, ClientOptions, Follow, Follower, FollowerOptions, Guard, Lifetimes, Second, SharedOptions, Shorteners,
};
use crate::index::StateKey;
use crate::telemetry::metrics::Fetches;

use super::args::{Arguments, Depth};
use super::session::{Session, Settings, random_key};

/// What there is to wait for beyond the chain itself.
const SPARE: Duration = Duration::from_secs(1);

/// A session, whose checks follow links if that is wanted.
pub(super) struct Deep {
    session: Session,
    following: Option<Following>,
}

/// What follows links, and how long.
#[derive(Clone)]
pub(super) struct Following {
    pub(super) deep: DeepChecker,
    pub(super) patience: Duration,
}

impl Deep {
    /// Opens everything; `given` are the sources of `--lists`.
    pub(super) fn open(arguments: &Arguments, given: &[String], depth: Depth) -> anyhow::Result<Self> {
        let settings = Settings::load(arguments)?;
        let session = Session::of(&settings, arguments, given)?;
        if depth == Depth::Lists {
            return Ok(Self { session, following: None });
        }
        let following = Following::of(&settings)?;
        let session = Session { checker: following.asking(&session.checker), ..session };
        Ok(Self { session, following: Some(following) })
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

impl Following {
    /// As the configuration says; hosts of the table at least, since it was asked for.
    pub(super) fn of(settings: &Settings) -> anyhow::Result<Self> {
        let setting = &settings.loaded.config.fetch;
        let follow = if setting.follow == Follow::None { Follow::Known } else { setting.follow };
        let deep = deep(settings, follow, Fetches::default())?;
        Ok(Self { deep, patience: Duration::from_millis(setting.chain_timeout_ms) + SPARE })
    }

    /// The same checker, which leaves links to be asked.
    pub(super) fn asking(&self, checker: &Checker) -> Checker {
        asking(checker, self.deep.follower().asked())
    }

    /// Waits for whatever links lead to.
    fn check(&self, checker: &Checker, post: &Post<'_>, now: i64) -> Report {
        let view = checker.view();
        let (draft, _) = view.draft(post, now);
        if draft.leads.is_empty() {
            return draft.settled();
        }
        let begun = self.deep.begin(view.snapshot(), draft, now, Second::IfOdd);
        self.deep.follower().block_on(begun.end(Instant::now() + self.patience)).report
    }
}

/// The same checker, which leaves links to these hosts to be asked.
pub(super) fn asking(checker: &Checker, asked: &Asked) -> Checker {
    checker.judging_by(checker.snapshot().as_ref().clone().following(asked.clone()))
}

/// Follows links of these hosts as the configuration says.
pub(super) fn deep(settings: &Settings, follow: Follow, figures: Fetches) -> anyhow::Result<DeepChecker> {
    let (fetch, cache) = (&settings.loaded.config.fetch, &settings.loaded.config.cache);
    let shared = shared(settings, cache)?;
    // Servers that share find each other's hops under the same digests.
    let key = shared.as_ref().map_or_else(random_key, |shared| Ok(shared.key.clone()))?;
    let ms = Duration::from_millis;
    let options = FollowerOptions {
        client: client(fetch, cache)?,
        asked: Asked::new(follow, Arc::new(shorteners(settings)?)),
        extractor: Arc::new(settings.extractor(settings.extract_options())),
        hops_max: fetch.hops_max,
        chain_timeout: ms(fetch.chain_timeout_ms),
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
