//! Canaries of lists, looked for by a server after each reload and from time to time: by itself, and at its own doors.

use std::collections::HashSet;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use crate::check::{Canary, Checker};
use crate::config::Config;
use crate::serve::Unseen;
use crate::telemetry::clock;
use crate::telemetry::metrics::{self, Metrics};

use super::probe::Asker;
use super::prove::{CHECKER, Doors, Proof};

/// What doors say is believed when they have said it so often: a reload, or a predecessor that ends, may be under way.
const TRIES: u32 = 4;
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// As long as something is wrong, doors are asked at least so often: nothing is to be unready for longer than it must.
const WRONG_AGAIN: Duration = Duration::from_secs(30);

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
    pub(super) doors: Doors,
}

/// Tells whoever looks for canaries what is in place now. Looking ends when this is dropped.
pub(super) struct Watchman {
    lookouts: Sender<Lookout>,
    unseen: Unseen,
}

impl Watchman {
    /// Begins to look.
    pub(super) fn start(metrics: &Metrics) -> anyhow::Result<Self> {
        let (lookouts, receive) = mpsc::channel::<Lookout>();
        let unseen = Unseen::default();
        let mut teller = Teller { metrics: metrics.clone(), unseen: unseen.clone(), told: HashSet::new() };
        let asker = Asker::new()?;
        let watch = move || {
            let (mut lookout, mut tries): (Option<Lookout>, u32) = (None, 0);
            let mut pause = Duration::MAX;
            loop {
                match receive.recv_timeout(pause) {
                    Ok(newer) => (lookout, tries) = (Some(newer), 0),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
                let Some(lookout) = &lookout else { continue };
                (pause, tries) = teller.look(lookout, &asker, tries);
            }
        };
        thread::Builder::new().name("linkgate-canary".into()).spawn(watch)?;
        Ok(Self { lookouts, unseen })
    }

    /// Looks at once, and from then on in this place.
    pub(super) fn look_from(&self, lookout: Lookout) {
        // It is there as long as this is.
        drop(self.lookouts.send(lookout));
    }

    /// What doors do not see, as whoever tells of readiness reads it.
    pub(super) fn unseen(&self) -> Unseen {
        self.unseen.clone()
    }
}

/// Tells figures, log and readiness what was seen.
struct Teller {
    metrics: Metrics,
    unseen: Unseen,
    /// Of which lists at which doors there are figures.
    told: HashSet<metrics::Canary>,
}

impl Teller {
    /// Looks once, after so many tries that were not believed; when it is to be done again, and with how many tries then.
    fn look(&mut self, lookout: &Lookout, asker: &Asker, tries: u32) -> (Duration, u32) {
        let Lookout { checker, canaries, doors, period_s } = lookout;
        if *period_s == 0 {
            self.forget_all_but(HashSet::new());
            self.unseen.all_seen();
            return (Duration::MAX, 0);
        }
        // The library answers at once, and doors may not.
        Doors::default().prove(asker, checker, canaries).iter().for_each(|proof| drop(self.count(proof)));
        let proofs = doors.prove(asker, checker, canaries);
        let is_wrong = proofs.iter().any(|proof| proof.door != CHECKER && !proof.is_right());
        if is_wrong && tries + 1 < TRIES {
            return (TRY_AGAIN, tries + 1);
        }
        let told = proofs.iter().filter_map(|proof| self.tell(proof)).collect();
        self.forget_all_but(told);
        // What could not be asked, for whatever reason, says nothing of lists.
        let is_required = |list: &str| canaries.iter().any(|canary| canary.is_required && canary.list == list);
        let is_missed = |proof: &Proof| proof.door != CHECKER && proof.seen == Some(false) && is_required(&proof.list);
        if proofs.iter().any(is_missed) {
            self.unseen.missed();
        } else {
            self.unseen.all_seen();
        }
        self.metrics.lists.self_test_at.set(clock::now());
        let period = Duration::from_secs(*period_s);
        if is_wrong { (period.min(WRONG_AGAIN), TRIES) } else { (period, 0) }
    }

    fn tell(&mut self, proof: &Proof) -> Option<metrics::Canary> {
        if !proof.is_right() {
            let Proof { list, door, error, .. } = proof;
            tracing::warn!(list, door, error, "the canary of a list is not as it must be");
        }
        self.count(proof)
    }

    /// The figure of a proof, if it is one.
    fn count(&mut self, proof: &Proof) -> Option<metrics::Canary> {
        if !proof.tells() {
            return None;
        }
        let label = metrics::Canary { list: proof.list.clone(), door: proof.door };
        self.metrics.lists.canary_seen.get_or_create(&label).set(i64::from(proof.is_right()));
        self.told.insert(label.clone());
        Some(label)
    }

    /// What is not looked for any more has no figure. Others are there all the time: alarms count on it.
    fn forget_all_but(&mut self, kept: HashSet<metrics::Canary>) {
        for label in self.told.difference(&kept) {
            self.metrics.lists.canary_seen.remove(label);
        }
        self.told = kept;
    }
}
