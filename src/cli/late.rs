//! What `serve` follows links with, what it tells late, of checks and of lists, and where that is kept.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::check::{Checker, DeepChecker};
use crate::config::{CacheSetting, FetchSetting};
use crate::fetch::Follow;
use crate::outbox::{self, Courier, Limits, Outbox, OutboxError, Webhook};
use crate::serve::{Deep, Late, LateOptions};
use crate::telemetry::metrics::Metrics;

use super::announce::{self, Announcer};
use super::follow::{self, Pace};
use super::publishers;
use super::session::{Settings, warn};

/// What a reload carries over as long as its settings stay.
#[derive(Clone)]
pub(super) struct Followers {
    deep: Option<DeepChecker>,
    made_by: MadeBy,
    late: Late,
    mail: Mail,
    /// Who tells of changes of lists, if they are told.
    announcer: Option<Arc<Announcer>>,
    /// Set once somebody opens the outbox.
    opening: Arc<OnceLock<()>>,
    /// To whatever delivers.
    mails: watch::Sender<Mail>,
    /// To whatever tells of changes: with each there may be some.
    announcers: watch::Sender<Option<Arc<Announcer>>>,
}

/// The settings that it was made by.
/// The text is that of the table of shorteners, if it is not the one in the program.
type MadeBy = (FetchSetting, CacheSetting, Option<String>, publishers::MadeBy);

/// Who delivers events, if they are delivered.
#[derive(Clone)]
struct Mail {
    courier: Option<Courier>,
    made_by: MailMadeBy,
}

/// Settings, and what is in the files that they name.
type MailMadeBy = (Option<Webhook>, [Option<Vec<u8>>; 2]);

/// Between two attempts to open what a predecessor still holds; twice as long after each one.
const OPENING_PAUSE: Duration = Duration::from_millis(250);
const OPENING_PAUSE_MAX: Duration = Duration::from_secs(8);
/// How often it is told that it cannot be opened.
const TOLD_EVERY: Duration = Duration::from_mins(1);
/// A link may stand in a post twice, in two readings, and each byte of it may take six where it is kept; with it goes what is
/// known of how it was written.
const TASK_BYTES_FOR_EACH: usize = 12;
const TASK_BYTES_BESIDES: usize = 1 << 20;

impl Followers {
    /// Starts what the configuration asks for; `given` lists stand in place of those in it.
    pub(super) fn start(settings: &Settings, given: &[String], metrics: &Metrics) -> anyhow::Result<Self> {
        let mail = Mail::new(settings)?;
        let followers = Self {
            deep: follower(settings, given, metrics)?,
            made_by: made_by(settings, given),
            late: Late::start(options(settings)?).context("checks cannot be finished later")?,
            opening: Arc::default(),
            mails: watch::Sender::new(mail.clone()),
            mail,
            announcer: Announcer::of(settings, given)?,
            announcers: watch::Sender::new(None),
        };
        followers.take_over(settings, metrics)?;
        Ok(followers)
    }

    /// The same after a reload, to take over from these; what is under way goes on.
    pub(super) fn again(&self, settings: &Settings, given: &[String], metrics: &Metrics) -> anyhow::Result<Self> {
        let made_by = made_by(settings, given);
        let deep = if self.made_by == made_by { self.deep.clone() } else { follower(settings, given, metrics)? };
        let mail = if self.mail.made_by == mail_made_by(settings) { self.mail.clone() } else { Mail::new(settings)? };
        let (late, announcer) = (self.late.with(options(settings)?), Announcer::of(settings, given)?);
        Ok(Self { deep, made_by, late, mail, announcer, ..self.clone() })
    }

    /// The checker, which leaves links to be asked if they are followed.
    pub(super) fn asking(&self, checker: Checker) -> Checker {
        match &self.deep {
            None => checker,
            Some(deep) => {
                let checker = follow::asking(&checker, deep);
                // Before they are in place: nothing on them is asked from here on.
                deep.lists_are(checker.snapshot());
                checker
            }
        }
    }

    /// What a door follows links with.
    pub(super) fn door(&self, deadline_ms: u64) -> Option<Deep> {
        let budget = Duration::from_millis(deadline_ms);
        self.deep.clone().map(|checker| Deep { checker, budget, late: Some(self.late()) })
    }

    /// What is told later.
    pub(super) fn late(&self) -> Late {
        self.late.clone()
    }

    /// Delivers by these settings from now on, and opens what is kept between runs, where anything is kept and that was not
    /// done before.
    pub(super) fn take_over(&self, settings: &Settings, metrics: &Metrics) -> anyhow::Result<()> {
        if self.is_wanted(settings) && self.opening.get().is_none() {
            self.open_outbox(settings, metrics)?;
            let _ = self.opening.set(());
        }
        self.mails.send_if_modified(|now| {
            let is_other = now.made_by != self.mail.made_by;
            if is_other {
                now.clone_from(&self.mail);
            }
            is_other
        });
        self.announcers.send_replace(self.announcer.clone());
        Ok(())
    }

    /// Whether there is an outbox: one of before is emptied although no links are followed any more.
    fn is_wanted(&self, settings: &Settings) -> bool {
        let config = &settings.loaded.config;
        let keeps = config.webhook.webhook().is_some() || !config.lists.is_empty() || config.state.dir.is_some();
        let tells = self.deep.is_some() || self.announcer.is_some();
        keeps && (tells || settings.state_dir().is_ok_and(|dir| Outbox::is_in(&dir)))
    }

    fn open_outbox(&self, settings: &Settings, metrics: &Metrics) -> anyhow::Result<()> {
        let (dir, key) = (settings.state_dir()?, settings.key()?);
        let (late, metrics) = (self.late(), metrics.clone());
        let limits = limits(settings);
        let open = move || Outbox::open(&dir, &key, limits.clone(), &metrics);
        // What the first post is promised must be kept already.
        let first = open();
        if let Ok(outbox) = &first {
            late.keep_in(outbox.clone());
        }
        let (mails, announcers) = (self.mails.subscribe(), self.announcers.subscribe());
        self.late.spawn(async move {
            let outbox = opened(first, open).await;
            late.keep_in(outbox.clone());
            tokio::join!(deliver(outbox.clone(), mails), announce::run(outbox, announcers));
        });
        Ok(())
    }
}

/// Delivers what is due by the settings in place, for ever.
async fn deliver(outbox: Outbox, mut mails: watch::Receiver<Mail>) {
    loop {
        let courier = mails.borrow_and_update().courier.clone();
        let changed = async { drop(mails.changed().await) };
        match courier {
            Some(courier) => outbox::run(outbox.clone(), courier, changed).await,
            None => changed.await,
        }
        if mails.has_changed().is_err() {
            return;
        }
    }
}

/// As much as a post may have can be kept of it.
fn limits(settings: &Settings) -> Limits {
    let body_max_bytes = settings.loaded.config.serve.limits.body_max_bytes;
    let task_max_bytes = body_max_bytes.saturating_mul(TASK_BYTES_FOR_EACH).saturating_add(TASK_BYTES_BESIDES);
    Limits { task_max_bytes, ..Limits::default() }
}

fn options(settings: &Settings) -> anyhow::Result<LateOptions> {
    let fetch = &settings.loaded.config.fetch;
    anyhow::ensure!(
        (0.0..=1.0).contains(&fetch.second_look_share),
        "fetch.second_look_share is not between 0.0 and 1.0"
    );
    Ok(LateOptions {
        attempts_max: fetch.attempts_max,
        second_look_share: fetch.second_look_share,
        second_look_after: Duration::from_millis(fetch.second_look_after_ms),
        chains_max: fetch.chains_max,
    })
}

fn made_by(settings: &Settings, given: &[String]) -> MadeBy {
    let config = &settings.loaded.config;
    // A table that cannot be read is told of where it is used.
    let table = config.tables.shorteners.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
    (config.fetch.clone(), config.cache.clone(), table, settings.publishers_made_by(given))
}

/// What asks others, if anybody is asked.
fn follower(settings: &Settings, given: &[String], metrics: &Metrics) -> anyhow::Result<Option<DeepChecker>> {
    let follow = settings.loaded.config.fetch.follow;
    if follow == Follow::None && settings.full_hashes(given)?.is_empty() {
        return Ok(None);
    }
    let deep = follow::deep(settings, follow, metrics.fetches.clone(), Pace::Configured)?;
    publishers::confirming(deep, settings, given, metrics.fetches.clone()).map(Some)
}

/// The outbox, as soon as it can be opened; that it cannot is told at once and then from time to time.
async fn opened(first: Result<Outbox, OutboxError>, open: impl Fn() -> Result<Outbox, OutboxError>) -> Outbox {
    let mut error = match first {
        Ok(outbox) => return outbox,
        Err(error) => error,
    };
    let mut attempts = Attempts { pause: OPENING_PAUSE, tells_at: Instant::now() };
    loop {
        if attempts.are_told(Instant::now()) {
            tracing::error!(%error, "nothing is told later until the outbox can be opened");
            warn(&format!("nothing is told later until the outbox can be opened: {error}"));
        }
        // Whatever it is passes when somebody sees to it: a predecessor ends, there is room, the file is moved away.
        tokio::time::sleep(attempts.next_pause()).await;
        match open() {
            Ok(outbox) => {
                tracing::info!("the outbox is open");
                return outbox;
            }
            Err(next) => error = next,
        }
    }
}

/// How often the outbox is tried to be opened, and that told.
struct Attempts {
    pause: Duration,
    tells_at: Instant,
}

impl Attempts {
    fn are_told(&mut self, now: Instant) -> bool {
        let are_told = now >= self.tells_at;
        if are_told {
            self.tells_at = now + TOLD_EVERY;
        }
        are_told
    }

    fn next_pause(&mut self) -> Duration {
        let pause = self.pause;
        self.pause = (pause * 2).min(OPENING_PAUSE_MAX);
        pause
    }
}

impl Mail {
    fn new(settings: &Settings) -> anyhow::Result<Self> {
        let made_by = mail_made_by(settings);
        let courier = made_by.0.as_ref().map(|webhook| Courier::new(webhook).context("[webhook]")).transpose()?;
        Ok(Self { courier, made_by })
    }
}

fn mail_made_by(settings: &Settings) -> MailMadeBy {
    let webhook = settings.loaded.config.webhook.webhook();
    // A file that cannot be read is told of where it is used.
    let read = |path: Option<&PathBuf>| path.and_then(|path| std::fs::read(path).ok());
    let files = webhook.as_ref().map(|webhook| [webhook.secret_file.as_ref(), webhook.ca_file.as_ref()].map(read));
    (webhook, files.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_tried_every_few_seconds_and_told_every_minute() {
        let began = Instant::now();
        let mut attempts = Attempts { pause: OPENING_PAUSE, tells_at: began };
        let (mut now, mut tried, mut told) = (began, 0, Vec::new());
        while now <= began + Duration::from_mins(10) {
            if attempts.are_told(now) {
                told.push((now - began).as_secs());
            }
            now += attempts.next_pause();
            tried += 1;
        }
        assert_eq!((told.first(), told.len()), (Some(&0), 10), "{told:?}");
        assert!(told.windows(2).all(|pair| (60..70).contains(&(pair[1] - pair[0]))), "{told:?}");
        assert!((75..90).contains(&tried), "{tried}");
    }
}
