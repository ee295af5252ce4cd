//! Checks that also follow links: as long as there is time, and no longer.
//!
//! What a chain came to is remembered for the snapshot it was looked up in, until its hops or the next entry change.

use std::hash::Hasher as _;
use std::sync::{Arc, Weak};

use moka::sync::Cache;
use siphasher::sip128::{Hasher128 as _, SipHasher13};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::fetch::{Follower, Second, Stop};

use super::trail::{Newest, Scout};
use super::{Draft, Lead, Report, Snapshot, Trail};

/// Follows what checks leave to be asked. Clones share everything.
#[derive(Clone)]
pub struct DeepChecker {
    follower: Follower,
    known: Cache<u128, Remembered>,
    newest: Newest,
    key: [u8; 16],
}

#[derive(Clone)]
struct Remembered {
    trail: Arc<Trail>,
    /// Weak, so that what is remembered does not keep an old list in memory.
    snapshot: Weak<Snapshot>,
    from: i64,
    /// Exclusive.
    until: i64,
}

/// Links of one post that are followed at once; its others wait, so that those of other posts need not.
const POST_CHAINS_MAX: usize = 16;

/// A report, and what was not told in time.
#[derive(Debug, Clone)]
pub struct Finished {
    /// With `redirect_unfinished` where a chain is still followed.
    pub report: Report,
    /// The same without those chains, and the leads to them, if there are any: to be finished later.
    pub pending: Option<Draft>,
}

/// How one lead is followed.
struct Errand {
    now: i64,
    second: Second,
    places: Arc<Semaphore>,
}

/// A draft whose leads are followed.
pub struct Begun {
    draft: Draft,
    snapshot: Arc<Snapshot>,
    searches: Vec<(Lead, Search)>,
}

impl DeepChecker {
    /// Follows with `follower`, and remembers what up to `trails_max` links came to, under a key that nobody else knows.
    pub fn new(follower: Follower, trails_max: u64, key: [u8; 16]) -> Self {
        Self { follower, known: Cache::new(trails_max), newest: Newest::default(), key }
    }

    /// Says which lists are in place from now on: what they have is asked by no chain any more, also by none under way.
    pub fn lists_are(&self, snapshot: Arc<Snapshot>) {
        self.newest.store(Some(snapshot));
    }

    /// What follows.
    pub fn follower(&self) -> &Follower {
        &self.follower
    }

    /// Puts in what is remembered of a draft's leads; those of which nothing is stay.
    pub fn recall(&self, snapshot: &Arc<Snapshot>, draft: &mut Draft, now: i64) {
        for lead in std::mem::take(&mut draft.leads) {
            match self.remembered(snapshot, &lead, now) {
                Some(trail) => draft.put(lead.link, &trail),
                None => draft.leads.push(lead),
            }
        }
    }

    /// Begins to follow what a draft leaves to be asked; `now` is in seconds since the Unix epoch.
    pub fn begin(&self, snapshot: &Arc<Snapshot>, mut draft: Draft, now: i64, second: Second) -> Begun {
        let places = Arc::new(Semaphore::new(POST_CHAINS_MAX));
        let leads = std::mem::take(&mut draft.leads);
        let searches = leads.into_iter().map(|lead| {
            let remembered = if second == Second::IfOdd { self.remembered(snapshot, &lead, now) } else { None };
            let follow = || self.follow(snapshot, &lead, Errand { now, second, places: Arc::clone(&places) });
            let search = remembered.map_or_else(|| Search::UnderWay(follow()), Search::Known);
            (lead, search)
        });
        let searches = searches.collect();
        Begun { draft, snapshot: Arc::clone(snapshot), searches }
    }

    fn remembered(&self, snapshot: &Arc<Snapshot>, lead: &Lead, now: i64) -> Option<Arc<Trail>> {
        let known = self.known.get(&self.digest(snapshot, lead))?;
        let is_same = known.snapshot.as_ptr() == Arc::as_ptr(snapshot);
        (is_same && (known.from..known.until).contains(&now)).then_some(known.trail)
    }

    /// It goes on, and is remembered, also if nobody waits for it any more.
    fn follow(&self, snapshot: &Arc<Snapshot>, lead: &Lead, errand: Errand) -> JoinHandle<Option<Arc<Trail>>> {
        let Errand { now, second, places } = errand;
        let scout = Scout::new(Arc::clone(snapshot), Arc::clone(&self.newest), now);
        let (known, digest, snapshot) = (self.known.clone(), self.digest(snapshot, lead), Arc::downgrade(snapshot));
        let (follower, url) = (self.follower.clone(), lead.url.clone());
        self.follower.spawn(async move {
            let place = places.acquire_owned().await.ok()?;
            let (chain, scout) = follower.follow(url, second, scout).await.ok()?;
            drop(place);
            let edge = scout.snapshot.next_edge(now).unwrap_or(i64::MAX);
            let trail = Arc::new(scout.trail(&chain));
            if !trail.stop().may_change() {
                let kept_s = i64::try_from(chain.kept.as_secs()).unwrap_or(i64::MAX);
                let until = edge.min(now.saturating_add(kept_s));
                known.insert(digest, Remembered { trail: Arc::clone(&trail), snapshot, from: now, until });
            }
            Some(trail)
        })
    }

    fn digest(&self, snapshot: &Arc<Snapshot>, lead: &Lead) -> u128 {
        let mut hasher = SipHasher13::new_with_key(&self.key);
        hasher.write(lead.url.expose().as_str().as_bytes());
        hasher.write_usize(Arc::as_ptr(snapshot).addr());
        hasher.finish128().as_u128()
    }
}

impl Begun {
    /// What it began from, to begin with another time.
    pub fn again(&self) -> Draft {
        let leads = self.searches.iter().map(|(lead, _)| lead.clone()).collect();
        Draft { leads, ..self.draft.clone() }
    }

    /// Waits, but not beyond that moment.
    pub async fn end(self, until: Instant) -> Finished {
        let Self { mut draft, snapshot, searches } = self;
        let mut unfinished = Vec::new();
        for (lead, search) in searches {
            let trail = search.end(&snapshot, until).await;
            if trail.stop().may_change() {
                unfinished.push((lead, trail));
            } else {
                draft.put(lead.link, &trail);
            }
        }
        if unfinished.is_empty() {
            return Finished { report: draft.settled(), pending: None };
        }
        let mut told = draft.clone();
        for (lead, trail) in unfinished {
            told.put(lead.link, &trail);
            draft.leads.push(lead);
        }
        Finished { report: told.settled(), pending: Some(draft) }
    }
}

/// A lead that is followed, or was.
enum Search {
    Known(Arc<Trail>),
    UnderWay(JoinHandle<Option<Arc<Trail>>>),
}

impl Search {
    async fn end(self, snapshot: &Snapshot, until: Instant) -> Arc<Trail> {
        let ended = match self {
            Self::Known(trail) => return trail,
            Self::UnderWay(following) => timeout_at(until, following).await,
        };
        match ended {
            Ok(Ok(Some(trail))) => trail,
            Ok(_) => Arc::new(Trail::unfinished(snapshot, Stop::Network)),
            Err(_) => Arc::new(Trail::unfinished(snapshot, Stop::Deadline)),
        }
    }
}
