//! One link: the URLs it stands for, their hits in all indexes, the verdict, what is told of it.

use crate::canonical::{self, CanonicalUrl, Located, Outcome, RequestUrl, Spelling, URL_MAX_BYTES, Via};
use crate::extract::Link;
use crate::index::{Hit, Mode};
use crate::verdict::{self, Action, Match, Reason, Status, Verdict, Voice};

use super::Snapshot;
use super::publishers::{Confirmed, PartialHash, Partials};
use super::report::{self, LinkReport, MatchReport};
use super::snapshot::{forbids, names};

/// Buffers that checks share, one after the other. No text of a post stays in them.
#[derive(Default)]
pub struct Scratch {
    urls: Vec<Located>,
    matches: Vec<Match>,
    answers: Answers,
    judged: u64,
    leads: Vec<RequestUrl>,
}

impl Scratch {
    /// How many links were judged with it so far, whether a report tells of them or not; weak ones count if listed.
    pub fn links_judged(&self) -> u64 {
        self.judged
    }

    /// Buffers for links of which this is known.
    pub(super) fn knowing(confirmed: Confirmed) -> Self {
        Self { answers: Answers::knowing(confirmed), ..Self::default() }
    }

    /// What is to be asked about the link that was judged last.
    pub(super) fn take_leads(&mut self) -> std::vec::Drain<'_, RequestUrl> {
        self.leads.drain(..)
    }

    /// What is to be asked of publishers about it.
    pub(super) fn take_partials(&mut self) -> std::vec::Drain<'_, PartialHash> {
        self.answers.partials.open.drain(..)
    }
}

/// What the indexes say of one URL.
#[derive(Default)]
pub(super) struct Answers {
    hits: Vec<Hit>,
    pub(super) found: Vec<Match>,
    pub(super) overrides: Vec<Match>,
    /// Whether any entry is about it, whoever may be told and whenever it holds.
    is_known: bool,
    /// The same of each URL of a link.
    pub(super) known: Vec<bool>,
    pub(super) partials: Partials,
}

impl Answers {
    pub(super) fn knowing(confirmed: Confirmed) -> Self {
        Self { partials: Partials::knowing(confirmed), ..Self::default() }
    }
}

/// What came of a look-up.
pub(super) struct Opinion {
    /// The strictest ruling, if anything matches.
    pub(super) action: Option<Action>,
    /// How many lists agree, where that is to be told.
    pub(super) sources: Option<usize>,
}

impl Snapshot {
    /// The report of one link; `None` if its status is not to be `told`, or if it is a weak one that is not listed.
    ///
    /// What is to be asked about it is left in `scratch`; then it is told in any case.
    pub(super) fn judge(
        &self,
        link: &Link<'_>,
        now: i64,
        scratch: &mut Scratch,
        told: impl Fn(Status) -> bool,
    ) -> Option<LinkReport> {
        let Scratch { urls, matches, answers, judged, leads } = scratch;
        leads.clear();
        if !told(Status::Unlisted) && self.is_surely_unlisted(link) {
            *judged += u64::from(!link.weak);
            return None;
        }
        let outcome = self.tables.resolve_into(&link.url, urls);
        if let Some(other) = &link.other_reading {
            self.tables.resolve_into(other, urls);
        }
        let spelling = urls.first().map(|located| located.url.spelling()).unwrap_or_default();
        matches.clear();
        let Opinion { action, sources } = self.ask_all(urls, now, answers, matches);
        let mut is_cut = false;
        if self.asked.is_some() && !link.weak {
            let found = self.leads([Some(&link.url), link.other_reading.as_deref()], urls, &answers.known);
            is_cut = found.is_cut;
            // What may not be asked, and of which nothing may be told, is tried all the same: whoever follows does not ask it
            // either, and to who checks it is a host that does not answer.
            let is_told = found.is_barred && !matches.is_empty();
            leads.extend(found.urls.into_iter().filter(|_| !is_told));
        }
        urls.clear();
        let reason = unknown(outcome, &link.url, matches).or(is_cut.then_some(Reason::Limit));
        let verdict = verdict::judge_link(action, reason, &self.policy);
        let is_idle = link.weak && verdict.status != Status::Listed;
        *judged += u64::from(!is_idle);
        let is_told = !is_idle && (told(verdict.status) || !leads.is_empty());
        is_told.then(|| LinkReport { sources, ..self.report(link, spelling, verdict, matches) })
    }

    /// Whether nothing can be known of the link, told at a glance: it stands for one URL, on a host of which no list and no
    /// ruling says anything.
    fn is_surely_unlisted(&self, link: &Link<'_>) -> bool {
        let mut indexes = self.indexes.iter().chain(&self.overrides);
        let is_stranger =
            |host: &str| !self.tables.may_know(host) && !indexes.any(|index| index.may_know(host)) && !self.asks(host);
        let host = if link.other_reading.is_none() { canonical::lone_host(&link.url) } else { None };
        host.is_some_and(is_stranger)
    }

    /// Looks all up that a link stands for: appends what matches, notes what is known, and gives back what comes of it.
    pub(super) fn ask_all(
        &self,
        urls: &[Located],
        now: i64,
        answers: &mut Answers,
        matches: &mut Vec<Match>,
    ) -> Opinion {
        let before = matches.len();
        let mut action = self.ask_each((urls, now), usize::MAX, answers, matches);
        let fresh = matches.get(before..).unwrap_or_default();
        let sources = verdict::sources(fresh);
        let mut is_told = sources > 1;
        // How many agree is known only now: rare enough to look again.
        if fresh.iter().any(|one| self.policy.wants_more(one, sources)) {
            matches.truncate(before);
            let agreed = self.ask_each((urls, now), sources, answers, matches);
            is_told |= agreed != action;
            action = agreed;
        }
        Opinion { action, sources: is_told.then_some(sources) }
    }

    /// The strictest ruling over all URLs, if so many sources agree.
    fn ask_each(
        &self,
        (urls, now): (&[Located], i64),
        sources: usize,
        answers: &mut Answers,
        matches: &mut Vec<Match>,
    ) -> Option<Action> {
        answers.known.clear();
        let mut action = None;
        for Located { url, via } in urls {
            self.ask(url, *via, now, answers);
            answers.known.push(answers.is_known);
            let Answers { found, overrides, .. } = &*answers;
            action = action.max(verdict::judge_url(found, overrides, &self.policy, sources, matches));
        }
        action
    }

    /// Collects the hits of one URL in all indexes, and in the overrides.
    pub(super) fn ask(&self, url: &CanonicalUrl, via: Via, now: i64, answers: &mut Answers) {
        let Answers { hits, found, overrides, is_known, partials, .. } = answers;
        found.clear();
        overrides.clear();
        *is_known = false;
        for (number, index) in self.indexes.iter().enumerate() {
            hits.clear();
            index.look_up_ever(url, now, hits);
            self.confirm((index, url), hits, partials);
            *is_known |= hits.iter().any(names);
            let list_of = |hit: &Hit| index.lists().get(usize::from(hit.list));
            hits.retain(|hit| hit.holds && list_of(hit).is_some_and(|list| self.shows(&list.name)));
            found.extend(hits.iter().map(|&hit| Match {
                hit,
                mode: list_of(&hit).map(|list| index.mode(list, url.host())).unwrap_or_default(),
                by_list: list_of(&hit).and_then(|list| self.actions.get(&list.name)?.of(hit.category)),
                index: number,
                via: if hit.alias && via == Via::Itself { Via::Alias } else { via },
                voice: Voice::List,
            }));
        }
        if let Some(rulings) = &self.overrides {
            hits.clear();
            rulings.look_up_ever(url, now, hits);
            *is_known |= hits.iter().any(forbids);
            let own = hits.iter().filter(|hit| hit.holds && !hit.alias);
            let index = self.indexes.len();
            overrides.extend(own.map(|&hit| {
                let voice = if hit.disputed { Voice::OnePerson } else { Voice::Operator };
                Match { hit, mode: Mode::Enforce, by_list: None, index, via, voice }
            }));
        }
    }

    /// Each match once.
    pub(super) fn told(&self, matches: &[Match]) -> Vec<MatchReport> {
        let mut told: Vec<MatchReport> = Vec::with_capacity(matches.len());
        for one in matches {
            let report = self.match_report(one);
            if !told.contains(&report) {
                told.push(report);
            }
        }
        told
    }

    fn report(&self, link: &Link<'_>, spelling: Spelling, verdict: Verdict, matches: &[Match]) -> LinkReport {
        let told = self.told(matches);
        LinkReport {
            span: link.span.clone().map(|span| [span.start, span.end]),
            kind: link.kind,
            status: verdict.status,
            action: verdict.action,
            reason: verdict.reason,
            matches: told,
            sources: None,
            flags: report::flags(link.written, spelling),
            redirect: None,
            raw: None,
        }
    }

    fn match_report(&self, one: &Match) -> MatchReport {
        let index = self.indexes.get(one.index).or(self.overrides.as_ref());
        let details = index.map(|index| index.details(&one.hit)).unwrap_or_default();
        let list = index.and_then(|index| index.lists().get(usize::from(one.hit.list)));
        MatchReport {
            list: list.map(|list| list.name.clone()).unwrap_or_default(),
            entry: details.entry,
            scope: one.hit.scope,
            category: one.hit.category,
            via: one.via,
            mode: Some(one.mode).filter(|&mode| mode == Mode::Report),
            // That somebody has yet to agree with an override is the operator's own matter.
            disputed: one.hit.disputed && one.voice == Voice::List,
            source_ref: details.source_ref,
        }
    }
}

/// Why it cannot be told whether the link is listed, if so.
fn unknown(outcome: Outcome, link: &str, matches: &[Match]) -> Option<Reason> {
    let unconfirmed = matches.iter().any(|one| one.hit.partial_hash);
    match outcome {
        Outcome::Whole => unconfirmed.then_some(Reason::PrefixUnconfirmed),
        Outcome::Cut => Some(Reason::Limit),
        Outcome::NotCanonical if link.len() > URL_MAX_BYTES => Some(Reason::Limit),
        Outcome::NotCanonical => Some(Reason::NotCanonical),
    }
}
