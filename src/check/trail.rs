//! Where a link leads, looked up hop by hop against one snapshot.

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::canonical::{Located, Outcome, RequestUrl, Via};
use crate::fetch::{Chain, Place, Stop, Visitor};
use crate::verdict::{self, Action, Match, Reason, Verdict};

use super::judge::Answers;
use super::publishers::{Confirmed, Publishers};
use super::report::{MatchReport, PassedReport, Redirect};
use super::{Snapshot, masked};

/// What following a link came to.
#[derive(Debug, Clone)]
pub struct Trail {
    /// The strictest over everything it leads to.
    pub verdict: Verdict,
    /// What matches there.
    pub matches: Vec<MatchReport>,
    /// How many lists agree on one place there, where that is told.
    pub sources: Option<usize>,
    /// How it went.
    pub(super) chain: Told,
}

/// How it went.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) redirect: Redirect,
    pub(super) is_unstable: bool,
    /// Whether a publisher may tell more of it later.
    pub(super) is_unconfirmed: bool,
}

/// The lists in place now, which may be newer than those a chain is judged by.
pub(super) type Newest = Arc<ArcSwapOption<Snapshot>>;

/// Looks up every place of a chain.
pub(super) struct Scout {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) now: i64,
    newest: Newest,
    publishers: Publishers,
    answers: Answers,
    matches: Vec<Match>,
    action: Option<Action>,
    sources: Option<usize>,
    reason: Option<Reason>,
    is_unconfirmed: bool,
}

/// By what a chain is looked up.
pub(super) struct Lookout {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) newest: Newest,
    pub(super) publishers: Publishers,
    /// What is known already.
    pub(super) confirmed: Confirmed,
}

impl Scout {
    pub(super) fn new(lookout: Lookout, now: i64) -> Self {
        let Lookout { snapshot, newest, publishers, confirmed } = lookout;
        Self {
            snapshot,
            now,
            newest,
            publishers,
            answers: Answers::knowing(confirmed),
            matches: Vec::new(),
            action: None,
            sources: None,
            reason: None,
            is_unconfirmed: false,
        }
    }

    /// Whether it was led by what publishers told, which they may take back sooner than anything else ends.
    pub(super) fn was_told(&self) -> bool {
        !self.answers.partials.confirmed.is_empty()
    }

    /// What the chain came to.
    pub(super) fn trail(self, chain: &Chain) -> Trail {
        let snapshot = &*self.snapshot;
        // What may not be asked, and of which nothing may be told, is to be told from no host that does not answer.
        let is_hidden = chain.stop == Stop::Listed && self.matches.is_empty();
        let is_known = chain.stop.is_finished() && !is_hidden;
        let reason = self.reason.or((!is_known).then_some(Reason::RedirectUnfinished));
        let masked = |url: &str| masked(url, snapshot.tables.suffixes());
        let passed =
            chain.hops.iter().map(|hop| PassedReport { masked: masked(hop.url.expose().as_str()), status: hop.status });
        let stop = if is_hidden { Stop::Network } else { chain.stop };
        let redirect = Redirect { stop, hops: chain.hops.len(), passed: passed.collect() };
        Trail {
            verdict: verdict::judge_link(self.action, reason, &snapshot.policy),
            matches: snapshot.told(&self.matches),
            sources: self.sources,
            chain: Told { redirect, is_unstable: chain.is_unstable, is_unconfirmed: self.is_unconfirmed },
        }
    }
}

impl Trail {
    /// What is told of a lead that nobody asked, or not to its end.
    pub(super) fn unfinished(snapshot: &Snapshot, stop: Stop) -> Self {
        let verdict = verdict::judge_link(None, Some(Reason::RedirectUnfinished), &snapshot.policy);
        let chain = Told { redirect: Redirect::unasked(stop), is_unstable: false, is_unconfirmed: false };
        Self { verdict, matches: Vec::new(), sources: None, chain }
    }

    /// Why it ended, as it is told.
    pub fn stop(&self) -> Stop {
        self.chain.redirect.stop
    }

    /// Whether it may well come to something else when it is followed again.
    pub(super) fn may_change(&self) -> bool {
        self.stop().may_change() || self.chain.is_unconfirmed
    }
}

impl Visitor for Scout {
    async fn visit(&mut self, link: &str) -> Place {
        let Self { snapshot, now, publishers, answers, matches, action, sources, reason, is_unconfirmed, .. } = self;
        let mut urls: Vec<Located> = Vec::new();
        let outcome = snapshot.tables.resolve_into(link, &mut urls);
        let before = matches.len();
        let mut opinion = snapshot.ask_all(&urls, *now, answers, matches);
        let open = std::mem::take(&mut answers.partials.open);
        if !open.is_empty() {
            // Whoever stops waiting here finds nothing that is half known, and may come again.
            matches.truncate(before);
            let was_unconfirmed = std::mem::replace(is_unconfirmed, true);
            for partial in open {
                let told = publishers.ask(&partial).await;
                answers.partials.confirmed.extend(told.map(|is_listed| (partial, is_listed)));
            }
            opinion = snapshot.ask_all(&urls, *now, answers, matches);
            *is_unconfirmed = was_unconfirmed || !std::mem::take(&mut answers.partials.open).is_empty();
        }
        *action = (*action).max(opinion.action);
        *sources = (*sources).max(opinion.sources);
        let fresh = matches.iter_mut().skip(before);
        fresh.for_each(|one| one.via = Via::Redirect);
        let leads = snapshot.leads([Some(link), None], &urls, &answers.known);
        if matches.iter().any(|one| one.hit.partial_hash) {
            *reason = Some(Reason::PrefixUnconfirmed);
        } else if outcome == Outcome::Cut || leads.is_cut {
            *reason = Some(Reason::Limit);
        }
        // A place that is not asked in any case is judged as if it had been posted itself.
        let listed = leads.is_barred || matches.len() > before;
        Place { listed, leads: if leads.is_barred { Vec::new() } else { leads.urls } }
    }

    fn may_ask(&mut self, url: &RequestUrl) -> bool {
        let newest = self.newest.load();
        let snapshot = newest.as_ref().unwrap_or(&self.snapshot);
        let confirmed = &self.answers.partials.confirmed;
        let mut urls: Vec<Located> = Vec::new();
        snapshot.tables.resolve_into(url.expose().as_str(), &mut urls);
        !urls.iter().any(|located| located.via != Via::Nested && snapshot.knows_besides(&located.url, confirmed))
    }
}
