//! What was checked lately: a bounded sample of links as keyed digests, against which new versions of lists are held.
//!
//! ```text
//! links of checks ─► Sampler: is it one of the sample? ─► Probe ─► this half day's ─► the last half day's ─► forgotten
//!                    counted, never waited for                     └────── Sample ──────┘
//!                                                                  file, sealed │ held against an index
//! ```
//!
//! Each half day has a sample of its own, to which each of its links belongs with the same chance (Vitter, "Random Sampling
//! with a Reservoir", 1985, algorithm R). A ring of the newest links would hold seconds of a busy server, and would have to
//! be filled anew all the time; this one takes `n / i` of the `i`th link, so that it costs less and less.
//!
//! It keeps no link, and no digest without key: who has not the key can neither read nor guess what is in it.

mod file;
mod sampler;

use crate::index::{Index, Probe};

pub use file::SampleError;
pub use sampler::Sampler;

/// More links are not kept: each may take two kilobytes.
pub const LINKS_MAX: u32 = 100_000;

/// Links of this half day and the last.
#[derive(Clone, Default)]
pub struct Sample {
    /// When this half day began, in seconds since the Unix epoch.
    began: i64,
    /// Links of this half day that could have been taken.
    seen: u64,
    now: Vec<Probe>,
    before: Vec<Probe>,
}

/// What an index would newly match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Foreseen {
    /// Links that were held against it.
    pub links: u64,
    /// Of those, how many it matches and the one in use does not.
    pub newly_matched: u64,
}

impl Sample {
    /// Holds a new index against the one in use, if there is one, at `now`. Both have to be under the key of the sample.
    pub fn foresee(&self, new: &Index, live: Option<&Index>, now: i64) -> Foreseen {
        let matches = |index: &Index, probe: &Probe| index.would_match(probe, now);
        let newly = |probe: &&Probe| matches(new, probe) && !live.is_some_and(|live| matches(live, probe));
        Foreseen { links: self.len() as u64, newly_matched: self.links().filter(newly).count() as u64 }
    }

    /// How many links it holds.
    pub fn len(&self) -> usize {
        self.now.len() + self.before.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn links(&self) -> impl Iterator<Item = &Probe> {
        self.before.iter().chain(&self.now)
    }

    /// From now on it is another half day.
    fn turn(&mut self, now: i64) {
        self.before = std::mem::take(&mut self.now);
        (self.began, self.seen) = (now, 0);
    }
}

#[cfg(test)]
mod tests;
