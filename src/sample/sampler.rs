//! Takes links into the sample while others are checked: nobody waits for it.

use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use siphasher::sip::SipHasher13;

use crate::canonical::Tables;
use crate::index::{Keys, Probe, StateKey};

use super::file::SampleFile;
use super::{Sample, SampleError};

/// What counts as lately is this long, and up to twice as long.
const HALF_DAY_S: u64 = 12 * 60 * 60;
/// It is not written for fewer new links than one in so many.
const WRITTEN_PART: u64 = 64;

/// The sample of one installation, which fills while it is used.
pub struct Sampler {
    keys: Keys,
    tables: Arc<Tables>,
    file: SampleFile,
    /// Nobody outside can tell which links are taken.
    dice: SipHasher13,
    /// Of each half day.
    links_max: u64,
    seen: AtomicU64,
    began: AtomicI64,
    kept: Mutex<Sample>,
    /// Links that came in since it was written last.
    fresh: AtomicU64,
}

impl Sampler {
    /// A sample of up to `links_max` links, that goes on where the file in a state directory ends. If that cannot be used
    /// the sample begins anew, and the error says why.
    pub fn open(state_dir: &Path, key: &StateKey, tables: &Arc<Tables>, links_max: u32) -> (Self, Option<SampleError>) {
        let file = SampleFile::in_dir(state_dir, key, tables);
        let links_max = u64::from(links_max.min(super::LINKS_MAX) / 2);
        let (mut sample, error) = match file.read() {
            Ok(sample) => (sample, None),
            Err(error) => (Sample::default(), Some(error)),
        };
        sample.now.truncate(links_max as usize);
        sample.before.truncate(links_max as usize);
        let mut dice = [0; 16];
        // Without chance it is predictable, and a sample all the same.
        let _ = getrandom::fill(&mut dice);
        let sampler = Self {
            keys: Keys::derive(key),
            tables: Arc::clone(tables),
            file,
            dice: SipHasher13::new_with_key(&dice),
            links_max,
            seen: sample.seen.into(),
            began: sample.began.into(),
            kept: sample.into(),
            fresh: 0.into(),
        };
        (sampler, error)
    }

    /// Looks at the links of a check at `now`, in seconds since the Unix epoch: each with its readings.
    pub fn see<'l>(&self, links: impl Iterator<Item = [Option<&'l str>; 2]>, now: i64) {
        if now.abs_diff(self.began.load(Ordering::Relaxed)) >= HALF_DAY_S {
            self.turn(now);
        }
        for readings in links {
            let number = self.seen.fetch_add(1, Ordering::Relaxed);
            let place = self.place(number);
            if place < self.links_max {
                self.take(place, readings);
            }
        }
    }

    /// What was checked lately.
    pub fn sample(&self) -> Sample {
        Sample { seen: self.seen.load(Ordering::Relaxed), ..self.lock().clone() }
    }

    /// Writes it down if enough has changed since the last time.
    ///
    /// # Errors
    /// If it cannot be sealed or written.
    pub fn keep(&self) -> Result<(), SampleError> {
        let least = self.lock().len() as u64 / WRITTEN_PART;
        if self.fresh.load(Ordering::Relaxed) > least { self.keep_all() } else { Ok(()) }
    }

    /// Writes it down if anything has changed.
    ///
    /// # Errors
    /// If it cannot be sealed or written.
    pub fn keep_all(&self) -> Result<(), SampleError> {
        let fresh = self.fresh.swap(0, Ordering::Relaxed);
        if fresh == 0 {
            return Ok(());
        }
        let written = self.file.write(&self.sample());
        if written.is_err() {
            self.fresh.fetch_add(fresh, Ordering::Relaxed);
        }
        written
    }

    /// A place among all links so far: the first ones have their own, later ones a random one.
    fn place(&self, number: u64) -> u64 {
        if number < self.links_max { number } else { self.dice.hash(&number.to_le_bytes()) % (number + 1) }
    }

    fn take(&self, place: u64, readings: [Option<&str>; 2]) {
        let mut urls = Vec::new();
        for link in readings.into_iter().flatten() {
            self.tables.resolve_into(link, &mut urls);
        }
        let probe = Probe::of(urls.iter().map(|located| &located.url), &self.keys, &self.tables);
        // Whoever checks does not wait: while it is being copied a link is lost to the sample.
        let Some(mut kept) = self.try_lock() else { return };
        let is_full = kept.now.len() as u64 >= self.links_max;
        match kept.now.get_mut(place as usize) {
            Some(former) if is_full => *former = probe,
            _ if is_full => return,
            _ => kept.now.push(probe),
        }
        self.fresh.fetch_add(1, Ordering::Relaxed);
    }

    fn turn(&self, now: i64) {
        let Some(mut kept) = self.try_lock() else { return };
        if now.abs_diff(kept.began) < HALF_DAY_S {
            return;
        }
        kept.turn(now);
        self.began.store(now, Ordering::Relaxed);
        self.seen.store(0, Ordering::Relaxed);
        self.fresh.fetch_add(1, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Sample> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_lock(&self) -> Option<MutexGuard<'_, Sample>> {
        match self.kept.try_lock() {
            Ok(kept) => Some(kept),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}
