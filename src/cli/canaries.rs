//! Canaries of lists, looked for by a server after each reload and from time to time.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use crate::check::{Canary, Checker};
use crate::config::Config;
use crate::telemetry::clock;
use crate::telemetry::metrics::{self, Metrics};

/// The canaries of configured lists; a list on the command line has none.
pub(super) fn of(config: &Config, given: &[String]) -> Vec<Canary> {
    let canary = |list: &crate::config::ListSetting| Canary {
        list: list.name.clone(),
        is_required: list.required,
        link: list.canary.clone(),
        anti_link: list.anti_canary.clone(),
    };
    config.lists.iter().filter(|_| given.is_empty()).map(canary).collect()
}

/// What is looked for, and where.
pub(super) struct Lookout {
    pub(super) checker: Checker,
    pub(super) canaries: Vec<Canary>,
    /// How often, in seconds; 0 is never.
    pub(super) period_s: u64,
}

/// Tells whoever looks for canaries what is in place now. Looking ends when this is dropped.
pub(super) struct Watchman(Sender<Lookout>);

impl Watchman {
    /// Begins to look.
    pub(super) fn start(metrics: &Metrics) -> std::io::Result<Self> {
        let (send, receive) = mpsc::channel::<Lookout>();
        let metrics = metrics.clone();
        let watch = move || {
            let mut lookout: Option<Lookout> = None;
            loop {
                let period_s = lookout.as_ref().map_or(0, |lookout| lookout.period_s);
                let period = if period_s == 0 { Duration::MAX } else { Duration::from_secs(period_s) };
                match receive.recv_timeout(period) {
                    Ok(newer) => lookout = Some(newer),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
                if let Some(lookout) = &lookout {
                    lookout.look(&metrics);
                }
            }
        };
        thread::Builder::new().name("linkgate-canary".into()).spawn(watch)?;
        Ok(Self(send))
    }

    /// Looks at once, and from then on in this place.
    pub(super) fn look_from(&self, lookout: Lookout) {
        // It is there as long as this is.
        drop(self.0.send(lookout));
    }
}

impl Lookout {
    fn look(&self, metrics: &Metrics) {
        metrics.lists.canary_seen.clear();
        if self.period_s == 0 {
            return;
        }
        let now = clock::now();
        for canary in self.canaries.iter().filter(|canary| canary.link.is_some() || canary.anti_link.is_some()) {
            let is_right = canary.sight(&self.checker, now).is_right();
            let label = metrics::List { list: canary.list.clone() };
            metrics.lists.canary_seen.get_or_create(&label).set(i64::from(is_right));
            if !is_right {
                tracing::warn!(list = canary.list, "the canary of a list is not as it must be");
            }
        }
        metrics.lists.self_test_at.set(now);
    }
}
