//! Checks that also follow links and ask publishers: as long as there is time, and no longer.
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

use super::publishers::{Confirmed, PartialHash, Publishers};
use super::trail::{Lookout, Newest, Scout};
use super::{Draft, Lead, Report, Snapshot, Trail};

/// Follows what checks leave to be asked. Clones share everything.
#[derive(Clone)]
pub struct DeepChecker {
    follower: Follower,
    publishers: Publishers,
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
    /// With `redirect_unfinished` where a chain is still followed, `prefix_unconfirmed` where a publisher has not answered.
    pub report: Report,
    /// The same without those, and what is to be asked about them, if there are any: to be finished later.
    pub pending: Option<Draft>,
}

/// How the leads of one post are followed.
struct Errand {
    snapshot: Arc<Snapshot>,
    now: i64,
    second: Second,
    places: Arc<Semaphore>,
    /// What publishers told so far.
    confirmed: Confirmed,
}

/// A draft about which others are asked.
pub struct Begun {
    deep: DeepChecker,
    errand: Errand,
    /// With what publishers are asked, without what is followed.
    draft: Draft,
    questions: Vec<JoinHandle<Option<bool>>>,
    searches: Vec<(Lead, Search)>,
}

impl DeepChecker {
    /// Follows with `follower`, and remembers what up to `trails_max` links came to, under a key that nobody else knows.
    pub fn new(follower: Follower, trails_max: u64, key: [u8; 16]) -> Self {
        let publishers = Publishers::default();
        Self { follower, publishers, known: Cache::new(trails_max), newest: Newest::default(), key }
    }

    /// The same which asks these publishers; they have to be made where chains are followed ([`Follower::make`]).
    #[must_use]
    pub fn confirming(self, publishers: Publishers) -> Self {
        Self { publishers, ..self }
    }

    /// A snapshot that leaves to be asked what this asks.
    #[must_use]
    pub fn asking(&self, snapshot: Snapshot) -> Snapshot {
        snapshot.following(self.follower.asked().clone()).confirming(self.publishers.lists().cloned())
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

    /// Begins to ask what a draft leaves to be asked; `now` is in seconds since the Unix epoch.
    pub fn begin(&self, snapshot: &Arc<Snapshot>, mut draft: Draft, now: i64, second: Second) -> Begun {
        let (snapshot, places) = (Arc::clone(snapshot), Arc::new(Semaphore::new(POST_CHAINS_MAX)));
        let errand = Errand { snapshot, now, second, places, confirmed: Confirmed::new() };
        draft.partials.sort_unstable();
        draft.partials.dedup();
        let ask = |partial: &PartialHash| {
            let (publishers, partial) = (self.publishers.clone(), partial.clone());
            self.follower.spawn(async move { publishers.ask(&partial).await })
        };
        let questions = draft.partials.iter().map(ask).collect();
        let leads = std::mem::take(&mut draft.leads).into_iter();
        let searches = leads.map(|lead| self.search(lead, &errand)).collect();
        Begun { deep: self.clone(), errand, draft, questions, searches }
    }

    fn search(&self, lead: Lead, errand: &Errand) -> (Lead, Search) {
        let Errand { snapshot, now, second, .. } = errand;
        let remembered = if *second == Second::IfOdd { self.remembered(snapshot, &lead, *now) } else { None };
        let search = remembered.map_or_else(|| Search::UnderWay(self.follow(&lead, errand)), Search::Known);
        (lead, search)
    }

    fn remembered(&self, snapshot: &Arc<Snapshot>, lead: &Lead, now: i64) -> Option<Arc<Trail>> {
        let known = self.known.get(&self.digest(snapshot, lead))?;
        let is_same = known.snapshot.as_ptr() == Arc::as_ptr(snapshot);
        (is_same && (known.from..known.until).contains(&now)).then_some(known.trail)
    }

    /// It goes on, and is remembered, also if nobody waits for it any more.
    fn follow(&self, lead: &Lead, errand: &Errand) -> JoinHandle<Option<Arc<Trail>>> {
        let Errand { now, second, .. } = *errand;
        let lookout = Lookout {
            snapshot: Arc::clone(&errand.snapshot),
            newest: Arc::clone(&self.newest),
            publishers: self.publishers.clone(),
            confirmed: errand.confirmed.clone(),
        };
        let scout = Scout::new(lookout, now);
        let snapshot = Arc::downgrade(&errand.snapshot);
        let (known, digest, places) = (self.known.clone(), self.digest(&errand.snapshot, lead), errand.places.clone());
        let (follower, url) = (self.follower.clone(), lead.url.clone());
        self.follower.spawn(async move {
            let place = places.acquire_owned().await.ok()?;
            let (chain, scout) = follower.follow(url, second, scout).await.ok()?;
            drop(place);
            let edge = scout.snapshot.next_edge(now).unwrap_or(i64::MAX);
            let was_told = scout.was_told();
            let trail = Arc::new(scout.trail(&chain));
            if !trail.may_change() && !was_told {
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
    /// What it began to follow, to begin with another time; nothing if it follows nothing.
    pub fn again(&self) -> Option<Draft> {
        let leads: Vec<Lead> = self.searches.iter().map(|(lead, _)| lead.clone()).collect();
        (!leads.is_empty()).then(|| Draft { leads, ..self.draft.clone() })
    }

    /// Waits, but not beyond that moment.
    pub async fn end(mut self, until: Instant) -> Finished {
        self.learn(until).await;
        let Self { errand, mut draft, searches, .. } = self;
        let mut unfinished = Vec::new();
        for (lead, search) in searches {
            let trail = search.end(&errand.snapshot, until).await;
            if trail.may_change() {
                unfinished.push((lead, trail));
            } else {
                draft.put(lead.link, &trail);
            }
        }
        if unfinished.is_empty() && draft.partials.is_empty() {
            return Finished { report: draft.settled(), pending: None };
        }
        let mut told = draft.clone();
        for (lead, trail) in unfinished {
            told.put(lead.link, &trail);
            draft.leads.push(lead);
        }
        Finished { report: told.settled(), pending: Some(draft) }
    }

    /// Judges everything again by what publishers tell in time, and goes on from there.
    async fn learn(&mut self, until: Instant) {
        for (partial, question) in self.draft.partials.iter().zip(std::mem::take(&mut self.questions)) {
            let told = timeout_at(until, question).await.ok().and_then(Result::ok).flatten();
            self.errand.confirmed.extend(told.map(|is_listed| (partial.clone(), is_listed)));
        }
        let Errand { snapshot, now, confirmed, .. } = &self.errand;
        let Some(found) = self.draft.found.clone().filter(|_| !confirmed.is_empty()) else { return };
        self.draft = snapshot.judge_knowing(&found, self.draft.keep, *now, confirmed.clone());
        let mut before = std::mem::take(&mut self.searches);
        for lead in std::mem::take(&mut self.draft.leads) {
            let same = before.iter().position(|(other, _)| other.url == lead.url);
            let search = same.map(|at| before.swap_remove(at).1);
            self.searches.push(match search {
                Some(search) => (lead, search),
                None => self.deep.search(lead, &self.errand),
            });
        }
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
