//! Authors who are refused so often that they may be reading the lists out: what of theirs has a link is held from then on.
//!
//! An author is known by the digest of what it shows as its right to post, and by the network it comes from: whoever invents
//! a new token for each guess still comes from somewhere. Both are kept in memory only, keyed anew with each start.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use moka::sync::Cache;
use siphasher::sip::SipHasher13;

use crate::verdict::{Action, Status};

use super::gate::Judgement;

/// Authors and networks that are remembered; the least active are forgotten first.
const AUTHORS_MAX: u64 = 100_000;
const DAY: Duration = Duration::from_hours(24);
/// The part of an address that one customer of a provider usually has.
const NETWORK_BITS_V4: u32 = 24;
const NETWORK_BITS_V6: u32 = 48;

/// How many distinct entries an author may be refused for within a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthorBudget {
    /// With one token; 0 is without end.
    pub refusals_per_day: usize,
    /// From one network, whatever the tokens; 0 is without end.
    pub network_refusals_per_day: usize,
}

/// What is remembered of authors.
pub(super) struct Authors {
    key: [u8; 16],
    refused: Cache<u64, Arc<Mutex<HashSet<u64>>>>,
    /// How many have been over their budget since the start; while it is zero, nobody needs to be looked up.
    spent: AtomicUsize,
}

/// One author, as far as a request shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Author {
    token: Option<u64>,
    network: u64,
}

impl Default for Authors {
    fn default() -> Self {
        let mut key = [0; 16];
        // Without random bytes digests could be guessed; they never leave the process.
        let _ = getrandom::fill(&mut key);
        let refused = Cache::builder().max_capacity(AUTHORS_MAX).time_to_live(DAY).build();
        Self { key, refused, spent: AtomicUsize::new(0) }
    }
}

impl Authors {
    /// The author of a request that a client at this address sent.
    pub(super) fn author(&self, headers: &HeaderMap, client: IpAddr) -> Author {
        let hasher = SipHasher13::new_with_key(&self.key);
        let token = headers.get(AUTHORIZATION).map(|token| hasher.hash(token.as_bytes()));
        let network = match client {
            IpAddr::V4(v4) => hasher.hash(&(v4.to_bits() >> (32 - NETWORK_BITS_V4)).to_be_bytes()),
            IpAddr::V6(v6) => hasher.hash(&(v6.to_bits() >> (128 - NETWORK_BITS_V6)).to_be_bytes()),
        };
        Author { token, network }
    }

    /// Whether anybody is over a budget.
    pub(super) fn any_spent(&self) -> bool {
        self.spent.load(Ordering::Relaxed) > 0
    }

    /// Whether this author is over a budget.
    pub(super) fn is_spent(&self, author: Author, budget: AuthorBudget) -> bool {
        author.budgets(budget).any(|(id, max)| {
            let refused = self.refused.get(&id);
            refused.is_some_and(|refused| refused.lock().unwrap_or_else(PoisonError::into_inner).len() > max)
        })
    }

    /// Counts the entries for which a request was refused; whether that is what took its author over a budget.
    pub(super) fn spend(&self, author: Author, judgement: &Judgement, budget: AuthorBudget) -> bool {
        let hasher = SipHasher13::new_with_key(&self.key);
        let links = judgement.fields.iter().flat_map(|field| &field.report.links);
        let refusing = links.filter(|link| link.status == Status::Listed && link.action >= Action::Hold);
        let matches = refusing.flat_map(|link| &link.matches);
        let entries: Vec<u64> =
            matches.map(|one| hasher.hash(format!("{}\0{}", one.list, one.entry).as_bytes())).collect();
        let mut crossed = false;
        for (id, max) in author.budgets(budget) {
            let refused = self.refused.get_with(id, Arc::default);
            let mut refused = refused.lock().unwrap_or_else(PoisonError::into_inner);
            let before = refused.len();
            // One more than the budget tells that it is spent.
            refused.extend(entries.iter().take((max + 1).saturating_sub(before)));
            crossed |= before <= max && refused.len() > max;
        }
        if crossed {
            self.spent.fetch_add(1, Ordering::Relaxed);
        }
        crossed
    }
}

impl Author {
    /// What is counted, and up to what.
    fn budgets(self, budget: AuthorBudget) -> impl Iterator<Item = (u64, usize)> {
        let token = self.token.map(|token| (token, budget.refusals_per_day));
        let network = Some((self.network, budget.network_refusals_per_day));
        [token, network].into_iter().flatten().filter(|(_, max)| *max > 0)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn networks_and_tokens_tell_authors_apart() {
        let authors = Authors::default();
        let author = |token: &'static str, address: &str| {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, http::HeaderValue::from_static(token))]);
            authors.author(&headers, address.parse().unwrap())
        };
        for (one, other, same_token, same_network) in [
            (("a", "192.0.2.1"), ("a", "192.0.2.200"), true, true),
            (("a", "192.0.2.1"), ("b", "192.0.2.1"), false, true),
            (("a", "192.0.2.1"), ("a", "192.0.3.1"), true, false),
            (("a", "2001:db8:1::1"), ("a", "2001:db8:1:ffff::1"), true, true),
            (("a", "2001:db8:1::1"), ("a", "2001:db8:2::1"), true, false),
        ] {
            let (one, other) = (author(one.0, one.1), author(other.0, other.1));
            assert_eq!((one.token == other.token, one.network == other.network), (same_token, same_network));
        }
        assert_eq!(authors.author(&HeaderMap::new(), Ipv4Addr::LOCALHOST.into()).token, None);
    }
}
