//! Where a link leads, looked up hop by hop against one snapshot.

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::canonical::{Located, Outcome, RequestUrl, Via};
use crate::fetch::{Chain, Place, Stop, Visitor};
use crate::verdict::{self, Action, Match, Reason, Verdict};

use super::judge::Answers;
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
}

/// The lists in place now, which may be newer than those a chain is judged by.
pub(super) type Newest = Arc<ArcSwapOption<Snapshot>>;

/// Looks up every place of a chain.
pub(super) struct Scout {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) now: i64,
    newest: Newest,
    answers: Answers,
    matches: Vec<Match>,
    action: Option<Action>,
    sources: Option<usize>,
    reason: Option<Reason>,
}

impl Scout {
    pub(super) fn new(snapshot: Arc<Snapshot>, newest: Newest, now: i64) -> Self {
        let (answers, matches) = (Answers::default(), Vec::new());
        Self { snapshot, now, newest, answers, matches, action: None, sources: None, reason: None }
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
            chain: Told { redirect, is_unstable: chain.is_unstable },
        }
    }
}

impl Trail {
    /// What is told of a lead that nobody asked, or not to its end.
    pub(super) fn unfinished(snapshot: &Snapshot, stop: Stop) -> Self {
        let verdict = verdict::judge_link(None, Some(Reason::RedirectUnfinished), &snapshot.policy);
        let chain = Told { redirect: Redirect::unasked(stop), is_unstable: false };
        Self { verdict, matches: Vec::new(), sources: None, chain }
    }

    /// Why it ended, as it is told.
    pub fn stop(&self) -> Stop {
        self.chain.redirect.stop
    }
}

impl Visitor for Scout {
    fn visit(&mut self, link: &str) -> Place {
        let Self { snapshot, now, answers, matches, action, sources, reason, .. } = self;
        let mut urls: Vec<Located> = Vec::new();
        let outcome = snapshot.tables.resolve_into(link, &mut urls);
        let before = matches.len();
        let opinion = snapshot.ask_all(&urls, *now, answers, matches);
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
        let mut urls: Vec<Located> = Vec::new();
        snapshot.tables.resolve_into(url.expose().as_str(), &mut urls);
        !urls.iter().any(|located| located.via != Via::Nested && snapshot.knows(&located.url))
    }
}
