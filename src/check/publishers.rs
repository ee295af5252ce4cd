//! Lists of prefixes: which of them tell whole hashes, what is asked of them, and what they answered.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::canonical::CanonicalUrl;
use crate::fetch::FullHashes;
use crate::index::{Hit, Index};
use crate::telemetry::metrics::{Fetches, WholeHash};

use super::Snapshot;

/// A hash of a link, of which a list has no more than the beginning.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartialHash {
    list: String,
    hash: [u8; 32],
    len: usize,
}

impl PartialHash {
    /// What the list has of it, and nothing more is told to anybody.
    fn prefix(&self) -> &[u8] {
        self.hash.get(..self.len).unwrap_or(&self.hash)
    }
}

impl fmt::Debug for PartialHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartialHash").field("list", &self.list).finish_non_exhaustive()
    }
}

/// Whether lists have these hashes as a whole, as far as their publishers answered.
pub(super) type Confirmed = BTreeMap<PartialHash, bool>;

/// What is known of partial hashes, and what is to be asked.
#[derive(Default)]
pub(super) struct Partials {
    pub(super) confirmed: Confirmed,
    pub(super) open: Vec<PartialHash>,
}

/// A link begins as few entries do; what one has beyond that stays unconfirmed.
const OPEN_MAX: usize = 8;

impl Partials {
    pub(super) fn knowing(confirmed: Confirmed) -> Self {
        Self { confirmed, open: Vec::new() }
    }

    /// Whether one of these hashes is listed; nothing as long as that is not known of all.
    fn any(&self, hashes: &[PartialHash]) -> Option<bool> {
        let known = || hashes.iter().map(|one| self.confirmed.get(one).copied());
        if known().any(|is_listed| is_listed == Some(true)) {
            Some(true)
        } else {
            known().all(|one| one.is_some()).then_some(false)
        }
    }

    fn ask(&mut self, hashes: Vec<PartialHash>) {
        for one in hashes {
            let is_new = !self.confirmed.contains_key(&one) && !self.open.contains(&one);
            if is_new && self.open.len() < OPEN_MAX {
                self.open.push(one);
            }
        }
    }
}

impl Snapshot {
    /// Makes of hits of partial hashes what their publishers answered: whole ones, or none. Notes what is still to be asked.
    pub(super) fn confirm(&self, (index, url): (&Index, &CanonicalUrl), hits: &mut Vec<Hit>, partials: &mut Partials) {
        if self.publishers.is_empty() || !hits.iter().any(|hit| hit.partial_hash) {
            return;
        }
        hits.retain_mut(|hit| {
            let list = index.lists().get(usize::from(hit.list)).filter(|_| hit.partial_hash);
            let Some(list) = list.filter(|list| self.publishers.contains(&list.name)) else { return true };
            let begun = index.begun_like(url, hit).into_iter();
            let hashes: Vec<_> = begun.map(|(hash, len)| PartialHash { list: list.name.clone(), hash, len }).collect();
            let told = partials.any(&hashes);
            hit.partial_hash = told.is_none();
            // Of what may not be told nobody is asked.
            if told.is_none() && hit.holds && self.shows(&list.name) {
                partials.ask(hashes);
            }
            told.unwrap_or(true)
        });
    }
}

/// Publishers of prefixes that tell whole hashes, by the name of their list. Clones share everything.
#[derive(Clone, Default)]
pub struct Publishers {
    by_list: Arc<BTreeMap<String, FullHashes>>,
    figures: Fetches,
}

impl Publishers {
    /// Asks these, and counts what they tell.
    pub fn new(by_list: BTreeMap<String, FullHashes>, figures: Fetches) -> Self {
        for list in by_list.keys() {
            for outcome in [CONFIRMED, REFUTED] {
                drop(figures.whole_hashes.get_or_create(&WholeHash { list: list.clone(), outcome }));
            }
        }
        Self { by_list: by_list.into(), figures }
    }

    /// The lists.
    pub fn lists(&self) -> impl Iterator<Item = &String> {
        self.by_list.keys()
    }

    /// Whether the list has the whole hash; nothing if its publisher does not tell.
    pub(super) async fn ask(&self, partial: &PartialHash) -> Option<bool> {
        let hashes = self.by_list.get(&partial.list)?;
        let is_listed = hashes.confirm(partial.prefix()).await.map(|whole| whole.contains(&partial.hash));
        let outcome = match is_listed {
            Ok(true) => CONFIRMED,
            Ok(false) => REFUTED,
            Err(error) => error.code(),
        };
        self.figures.whole_hashes.get_or_create(&WholeHash { list: partial.list.clone(), outcome }).inc();
        is_listed.ok()
    }
}

const CONFIRMED: &str = "confirmed";
const REFUTED: &str = "refuted";

#[cfg(test)]
mod tests {
    use super::*;

    fn partial(number: u8) -> PartialHash {
        PartialHash { list: "l".into(), hash: [number; 32], len: 4 }
    }

    #[test]
    fn one_listed_hash_is_enough_and_all_must_be_known_to_be_none() {
        let partials =
            Partials::knowing(Confirmed::from([(partial(1), true), (partial(2), false), (partial(3), false)]));
        for (numbers, expected) in [
            (&[1][..], Some(true)),
            (&[2, 1], Some(true)),
            (&[9, 1], Some(true)),
            (&[2], Some(false)),
            (&[2, 3], Some(false)),
            (&[2, 9], None),
            (&[9], None),
        ] {
            let hashes: Vec<_> = numbers.iter().copied().map(partial).collect();
            assert_eq!(partials.any(&hashes), expected, "{numbers:?}");
        }
    }

    #[test]
    fn what_is_asked_of_one_link_is_limited_and_told_to_nobody() {
        let mut partials = Partials::knowing(Confirmed::from([(partial(200), false)]));
        let most = u8::try_from(OPEN_MAX).unwrap();
        partials.ask((0..most).chain(0..most).chain([200]).map(partial).collect());
        assert_eq!(partials.open, (0..most).map(partial).collect::<Vec<_>>());
        partials.ask(vec![partial(most)]);
        assert_eq!(partials.open.len(), OPEN_MAX, "one more");
        assert_eq!(format!("{:?}", partial(7)), "PartialHash { list: \"l\", .. }");
        assert_eq!(partial(7).prefix(), [7; 4]);
    }
}
