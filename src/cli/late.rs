//! What `serve` follows links with, what it tells late, and where that is kept.

use std::time::Duration;

use anyhow::Context as _;

use crate::check::{Checker, DeepChecker};
use crate::config::{CacheSetting, FetchSetting};
use crate::fetch::Follow;
use crate::outbox::{self, Courier, Limits, Outbox, OutboxError};
use crate::serve::{Deep, Late, LateOptions};
use crate::telemetry::metrics::Metrics;

use super::follow::{self, Pace};
use super::session::{Settings, warn};

/// What a reload carries over as long as its settings stay.
#[derive(Clone)]
pub(super) struct Followers {
    deep: Option<DeepChecker>,
    late: Late,
    made_by: MadeBy,
}

/// The settings that it was made by.
/// The last is the text of the table of shorteners, if it is not the one in the program.
type MadeBy = (FetchSetting, CacheSetting, Option<String>);

/// Between two attempts to open what a predecessor still holds.
const OPENING_PAUSE: Duration = Duration::from_millis(250);

impl Followers {
    /// Starts what the configuration asks for.
    pub(super) fn start(settings: &Settings, metrics: &Metrics) -> anyhow::Result<Self> {
        let fetch = &settings.loaded.config.fetch;
        anyhow::ensure!(
            (0.0..=1.0).contains(&fetch.second_look_share),
            "fetch.second_look_share is not between 0.0 and 1.0"
        );
        let late = Late::new(LateOptions {
            attempts_max: fetch.attempts_max,
            second_look_share: fetch.second_look_share,
            second_look_after: Duration::from_millis(fetch.second_look_after_ms),
        });
        let late = late.map_err(|_| anyhow::anyhow!("the operating system gives no random bytes"))?;
        let followers = Self { deep: follower(settings, metrics)?, late, made_by: made_by(settings) };
        followers.open_outbox(settings, metrics)?;
        Ok(followers)
    }

    /// The same after a reload; what is under way goes on.
    pub(super) fn again(&self, settings: &Settings, metrics: &Metrics) -> anyhow::Result<Self> {
        if self.made_by == made_by(settings) {
            return Ok(self.clone());
        }
        Ok(Self { deep: follower(settings, metrics)?, late: self.late.clone(), made_by: made_by(settings) })
    }

    /// The checker, which leaves links to be asked if they are followed.
    pub(super) fn asking(&self, checker: Checker) -> Checker {
        match &self.deep {
            None => checker,
            Some(deep) => {
                let checker = follow::asking(&checker, deep.follower().asked());
                // Before they are in place: nothing on them is asked from here on.
                deep.lists_are(checker.snapshot());
                checker
            }
        }
    }

    /// What a door follows links with.
    pub(super) fn door(&self, deadline_ms: u64) -> Option<Deep> {
        let budget = Duration::from_millis(deadline_ms);
        self.deep.clone().map(|checker| Deep { checker, budget, late: Some(self.late.clone()) })
    }

    /// Opens what is kept between runs, where anything is kept; as soon as a predecessor lets go of it.
    fn open_outbox(&self, settings: &Settings, metrics: &Metrics) -> anyhow::Result<()> {
        let config = &settings.loaded.config;
        let is_wanted = config.webhook.webhook().is_some() || !config.lists.is_empty() || config.state.dir.is_some();
        let Some(deep) = self.deep.as_ref().filter(|_| is_wanted) else { return Ok(()) };
        let (courier, dir, key) = (courier(settings)?, settings.state_dir()?, settings.key()?);
        let (late, metrics) = (self.late.clone(), metrics.clone());
        let open = move || Outbox::open(&dir, &key, Limits::default(), &metrics);
        // What the first post is promised must be kept already.
        let first = open();
        if let Ok(outbox) = &first {
            late.keep_in(outbox.clone());
        }
        drop(deep.follower().spawn(async move {
            match opened(first, open).await {
                Ok(outbox) => {
                    late.keep_in(outbox.clone());
                    if let Some(courier) = courier {
                        outbox::run(outbox, courier, std::future::pending()).await;
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "nothing is told later");
                    warn(&format!("nothing can be told later: {error}"));
                }
            }
        }));
        Ok(())
    }
}

fn made_by(settings: &Settings) -> MadeBy {
    let config = &settings.loaded.config;
    // A table that cannot be read is told of where it is used.
    let table = config.tables.shorteners.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
    (config.fetch.clone(), config.cache.clone(), table)
}

fn follower(settings: &Settings, metrics: &Metrics) -> anyhow::Result<Option<DeepChecker>> {
    let follow = settings.loaded.config.fetch.follow;
    (follow != Follow::None)
        .then(|| follow::deep(settings, follow, metrics.fetches.clone(), Pace::Configured))
        .transpose()
}

/// The outbox, as soon as it can be opened.
async fn opened(
    first: Result<Outbox, OutboxError>,
    open: impl Fn() -> Result<Outbox, OutboxError>,
) -> Result<Outbox, OutboxError> {
    let mut opened = first;
    if let Err(error) = &opened {
        tracing::warn!(%error, "nothing is told later until the outbox can be opened");
    }
    // A predecessor holds it, or there is no room: both pass.
    while let Err(OutboxError::Open { .. } | OutboxError::Storage { .. }) = opened {
        tokio::time::sleep(OPENING_PAUSE).await;
        opened = open();
    }
    opened
}

fn courier(settings: &Settings) -> anyhow::Result<Option<Courier>> {
    let webhook = settings.loaded.config.webhook.webhook();
    webhook.map(|webhook| Courier::new(&webhook).context("[webhook]")).transpose()
}
