//! Hosts that are asked: few requests at once to each, and none for a while to one that fails again and again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use moka::sync::Cache;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::FetchError;

/// How hosts are spared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sparing {
    /// Requests at once to one host.
    pub(super) at_once_max: usize,
    /// Failures in a row until it is left alone.
    pub(super) failures_max: u32,
    /// How long the first time; twice as long each time after.
    pub(super) pause: Duration,
}

/// Longer pauses help nobody.
const PAUSE_MAX: Duration = Duration::from_mins(10);
/// So many hosts are remembered.
const HOSTS_MAX: u64 = 10_000;
const REMEMBERED: Duration = Duration::from_hours(1);
/// A host that has answered since then has trouble with single pages, which anybody can post, and not as a whole.
const LATELY: Duration = Duration::from_mins(1);

/// All hosts that were asked lately.
#[derive(Clone)]
pub(super) struct Hosts {
    known: Cache<String, Arc<Host>>,
    sparing: Sparing,
}

struct Host {
    places: Arc<Semaphore>,
    record: Mutex<Record>,
}

#[derive(Debug, Default)]
struct Record {
    failures: u32,
    pauses: u32,
    until: Option<Instant>,
    answered: Option<Instant>,
}

/// Leave to ask a host once. What becomes of it is to be told.
pub(super) struct Leave {
    host: Arc<Host>,
    sparing: Sparing,
    _place: OwnedSemaphorePermit,
}

impl Hosts {
    pub(super) fn new(sparing: Sparing) -> Self {
        let known = Cache::builder().max_capacity(HOSTS_MAX).time_to_idle(REMEMBERED).build();
        Self { known, sparing }
    }

    /// Waits for a place; fails at once if the host is left alone.
    pub(super) async fn enter(&self, host: &str) -> Result<Leave, FetchError> {
        let places = || Arc::new(Semaphore::new(self.sparing.at_once_max.max(1)));
        let host = self.known.get_with_by_ref(host, || Arc::new(Host { places: places(), record: Mutex::default() }));
        let is_left_alone = || host.with(|record| record.until.is_some_and(|until| Instant::now() < until));
        if is_left_alone() {
            return Err(FetchError::LeftAlone);
        }
        let place = Arc::clone(&host.places).acquire_owned().await.map_err(|_| FetchError::Busy)?;
        // Those before may have failed meanwhile.
        if is_left_alone() {
            return Err(FetchError::LeftAlone);
        }
        Ok(Leave { host, sparing: self.sparing, _place: place })
    }
}

impl Host {
    fn with<T>(&self, read: impl FnOnce(&mut Record) -> T) -> T {
        read(&mut self.record.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Leave {
    /// Remembers how it went.
    pub(super) fn tell<T>(self, outcome: &Result<T, FetchError>) {
        let failed = outcome.as_ref().err().is_some_and(|error| error.is_the_hosts_fault());
        self.host.with(|record| {
            if !failed {
                *record = Record { answered: Some(Instant::now()), ..Record::default() };
                return;
            }
            let is_page = matches!(outcome, Err(FetchError::Status(_)));
            if is_page && record.answered.is_some_and(|answered| answered.elapsed() < LATELY) {
                return;
            }
            record.failures += 1;
            if record.failures >= self.sparing.failures_max {
                let pause = self.sparing.pause.saturating_mul(1 << record.pauses.min(10)).min(PAUSE_MAX);
                // After it one attempt is made, and one failure is enough for the next, longer one.
                *record = Record {
                    failures: self.sparing.failures_max.saturating_sub(1),
                    pauses: record.pauses + 1,
                    until: Some(Instant::now() + pause),
                    answered: None,
                };
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILED: Result<(), FetchError> = Err(FetchError::Connect);

    #[tokio::test]
    async fn who_fails_again_and_again_is_left_alone_for_longer_each_time() {
        let pause = Duration::from_millis(40);
        let hosts = Hosts::new(Sparing { at_once_max: 2, failures_max: 3, pause });
        for _ in 0..3 {
            hosts.enter("a.example").await.ok().unwrap().tell(&FAILED);
        }
        assert_eq!(hosts.enter("a.example").await.err(), Some(FetchError::LeftAlone));
        assert!(hosts.enter("b.example").await.is_ok());
        tokio::time::sleep(pause * 3 / 2).await;
        hosts.enter("a.example").await.ok().unwrap().tell(&FAILED);
        tokio::time::sleep(pause * 3 / 2).await;
        assert_eq!(hosts.enter("a.example").await.err(), Some(FetchError::LeftAlone));
        tokio::time::sleep(pause).await;
        hosts.enter("a.example").await.ok().unwrap().tell(&Ok(()));
        hosts.enter("a.example").await.ok().unwrap().tell(&FAILED);
        assert!(hosts.enter("a.example").await.is_ok());
    }

    #[tokio::test]
    async fn pages_with_trouble_do_not_shut_a_host_that_answers() {
        let hosts = Hosts::new(Sparing { at_once_max: 2, failures_max: 2, pause: Duration::from_mins(1) });
        let trouble: Result<(), _> = Err(FetchError::Status(503));
        hosts.enter("a.example").await.ok().unwrap().tell(&Ok(()));
        for _ in 0..5 {
            hosts.enter("a.example").await.ok().unwrap().tell(&trouble);
        }
        for _ in 0..2 {
            hosts.enter("b.example").await.ok().unwrap().tell(&trouble);
        }
        assert!(hosts.enter("a.example").await.is_ok());
        assert_eq!(hosts.enter("b.example").await.err(), Some(FetchError::LeftAlone));
    }

    #[tokio::test]
    async fn few_at_once() {
        let hosts = Hosts::new(Sparing { at_once_max: 1, failures_max: 3, pause: Duration::from_secs(1) });
        let first = hosts.enter("a.example").await.ok().unwrap();
        let second = tokio::time::timeout(Duration::from_millis(20), hosts.enter("a.example"));
        assert!(second.await.is_err());
        first.tell(&Ok(()));
        assert!(hosts.enter("a.example").await.is_ok());
    }
}
