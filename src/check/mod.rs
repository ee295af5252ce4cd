//! One post, the whole way: links, canonical URLs, hits, verdict, action.
//!
//! [`Checker`] is pure: it reads no clock, does no input or output beyond the details of a hit, and cannot fail.
//! [`CachedChecker`] remembers the verdicts of posts that come again. The [front page](crate) has an example.
//!
//! It does not follow redirects and keeps no record of posts.

mod cache;
mod report;
mod snapshot;

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::canonical::{CanonicalUrl, Located, Outcome, Spelling, URL_MAX_BYTES, Via};
use crate::extract::{Extraction, Extractor, Link, LinkKind, TextFormat};
use crate::index::{Hit, Mode};
use crate::verdict::{self, Action, Match, Reason, Status, Verdict};

pub use cache::{CacheStats, CachedChecker};
pub use report::{Flag, LinkReport, MatchReport, Report};
pub use snapshot::{OlderGeneration, Snapshot};

/// Longer attached links are taken as they are; no platform's link field holds a disguise of that length.
const DISGUISED_MAX_BYTES: usize = 64 << 10;

/// A post as its author wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Post<'p> {
    /// The text.
    pub text: &'p str,
    /// How the text is marked up.
    pub format: TextFormat,
    /// Links given beside the text: facets, embeds, cards.
    pub attached: &'p [&'p str],
}

/// Checks posts. Clones share what they check against.
#[derive(Clone)]
pub struct Checker {
    extractor: Arc<Extractor>,
    current: Arc<ArcSwap<Snapshot>>,
}

impl Checker {
    /// A checker that finds links as `extractor` does and judges them by `snapshot`.
    pub fn new(extractor: Extractor, snapshot: Snapshot) -> Self {
        Self { extractor: Arc::new(extractor), current: Arc::new(ArcSwap::from_pointee(snapshot)) }
    }

    /// What posts are checked against now. Checks under way keep what they began with.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Puts a newer snapshot in place, in one step for all clones.
    ///
    /// # Errors
    /// If the generation does not rise.
    pub fn replace(&self, newer: Snapshot) -> Result<(), OlderGeneration> {
        let newer = Arc::new(newer);
        let mut current = self.current.load_full();
        loop {
            if newer.generation <= current.generation {
                return Err(OlderGeneration { current: current.generation, offered: newer.generation });
            }
            let previous = self.current.compare_and_swap(&current, Arc::clone(&newer));
            if Arc::ptr_eq(&previous, &current) {
                return Ok(());
            }
            current = Arc::clone(&previous);
        }
    }

    /// Checks a post at `now`, in seconds since the Unix epoch.
    pub fn check(&self, post: &Post<'_>, now: i64) -> Report {
        self.check_against(&self.current.load(), post, now)
    }

    /// The links that a check of this post looks at, weak ones included, attached ones last.
    ///
    /// For whoever may show links: a report says where each stood, this says what it was.
    pub fn links<'p>(&self, post: &Post<'p>) -> Vec<Link<'p>> {
        self.extract(post).links
    }

    fn extract<'p>(&self, post: &Post<'p>) -> Extraction<'p> {
        let mut found = self.extractor.links(post.text, post.format);
        let links_max = self.extractor.options().links_max;
        let room = links_max.saturating_sub(found.links.len());
        found.overflow |= post.attached.len() > room;
        found.links.extend(post.attached.iter().take(room).map(|url| self.attached(url)));
        found
    }

    /// A link given beside the text. If it is disguised, what the text of it shows is its other reading.
    fn attached<'p>(&self, url: &'p str) -> Link<'p> {
        let text = if url.len() <= DISGUISED_MAX_BYTES { url } else { "" };
        let inside = self.extractor.links(text, TextFormat::Plain).links.into_iter().find(|link| !link.weak);
        Link {
            span: None,
            url: url.into(),
            written: inside.as_ref().map(|link| link.written).unwrap_or_default(),
            other_reading: inside.map(|link| link.url).filter(|inside| inside != url),
            kind: LinkKind::Attached,
            weak: false,
        }
    }

    fn check_against(&self, snapshot: &Snapshot, post: &Post<'_>, now: i64) -> Report {
        let found = self.extract(post);
        let mut scratch = Scratch::default();
        let judged = found.links.iter().filter_map(|link| snapshot.judge(link, now, &mut scratch)).collect();
        Report::new(snapshot, judged, found.overflow.then_some(Reason::TooManyLinks))
    }
}

/// Buffers that one post's links share.
#[derive(Default)]
struct Scratch {
    urls: Vec<Located>,
    hits: Vec<Hit>,
    found: Vec<Match>,
    overrides: Vec<Match>,
}

impl Snapshot {
    /// The report of one link; `None` for a weak one that is not listed.
    fn judge(&self, link: &Link<'_>, now: i64, scratch: &mut Scratch) -> Option<LinkReport> {
        scratch.urls.clear();
        let outcome = self.tables.resolve_into(&link.url, &mut scratch.urls);
        if let Some(other) = &link.other_reading {
            self.tables.resolve_into(other, &mut scratch.urls);
        }
        let spelling = scratch.urls.first().map(|located| located.url.spelling()).unwrap_or_default();
        let mut matches = Vec::new();
        let mut action = None;
        for Located { url, via } in std::mem::take(&mut scratch.urls) {
            self.ask(&url, via, now, scratch);
            let ruled = verdict::judge_url(&scratch.found, &scratch.overrides, &self.policy, &mut matches);
            action = action.max(ruled);
        }
        let verdict = verdict::judge_link(action, unknown(outcome, &link.url, &matches), &self.policy);
        if link.weak && verdict.status != Status::Listed {
            return None;
        }
        Some(self.report(link, spelling, verdict, &matches))
    }

    /// Collects the hits of one URL in all indexes, and in the overrides.
    fn ask(&self, url: &CanonicalUrl, via: Via, now: i64, scratch: &mut Scratch) {
        scratch.found.clear();
        scratch.overrides.clear();
        for (number, index) in self.indexes.iter().enumerate() {
            scratch.hits.clear();
            index.look_up(url, now, &mut scratch.hits);
            scratch.found.extend(scratch.hits.iter().map(|&hit| Match {
                hit,
                mode: index.lists().get(usize::from(hit.list)).map(|list| list.mode).unwrap_or_default(),
                index: number,
                via: if hit.alias && via == Via::Itself { Via::Alias } else { via },
            }));
        }
        if let Some(overrides) = &self.overrides {
            scratch.hits.clear();
            overrides.look_up(url, now, &mut scratch.hits);
            let own = scratch.hits.iter().filter(|hit| !hit.alias);
            let index = self.indexes.len();
            scratch.overrides.extend(own.map(|&hit| Match { hit, mode: Mode::Enforce, index, via }));
        }
    }

    fn report(&self, link: &Link<'_>, spelling: Spelling, verdict: Verdict, matches: &[Match]) -> LinkReport {
        let mut told: Vec<MatchReport> = Vec::with_capacity(matches.len());
        for one in matches {
            let report = self.match_report(one);
            if !told.contains(&report) {
                told.push(report);
            }
        }
        LinkReport {
            span: link.span.clone().map(|span| [span.start, span.end]),
            kind: link.kind,
            status: verdict.status,
            action: verdict.action,
            reason: verdict.reason,
            matches: told,
            flags: report::flags(link.written, spelling),
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
            disputed: one.hit.disputed,
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

/// The strictest action of a post.
fn strictest(links: &[LinkReport], post: Action) -> Action {
    links.iter().map(|link| link.action).fold(post, Action::max)
}
