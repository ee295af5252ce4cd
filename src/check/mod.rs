//! One post, the whole way: links, canonical URLs, hits, verdict, action.
//!
//! [`Checker`] is pure: it reads no clock, does no input or output beyond the details of a hit, and cannot fail.
//! [`CachedChecker`] remembers the verdicts of posts that come again; [`Checker::findings`] is for rescans. The
//! [front page](crate) has an example.
//!
//! [`DeepChecker`] also follows links to shorteners and asks publishers for the whole hashes behind prefixes, for as long as
//! there is time. Neither keeps a record of posts.

mod cache;
mod canary;
mod deep;
mod draft;
mod exchange;
mod explain;
mod forms;
mod judge;
mod lead;
mod mask;
mod patient;
mod publishers;
mod report;
mod snapshot;
mod surrogate;
mod trail;

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use crate::extract::{Extraction, Extractor, Link, LinkKind, TextFormat};
use crate::sample::Sampler;
use crate::verdict::{Action, Reason};

use publishers::Confirmed;

pub use cache::{CacheStats, CachedChecker};
pub use canary::{Canary, Sight};
pub use deep::{Begun, DeepChecker, Finished};
pub use draft::{Draft, Keep};
pub use exchange::{Asked, AskedJson, Named, Object, PostJson};
pub use explain::{Explanation, Redacted, RedactedStep, Step};
pub use forms::{Forms, Hashed};
pub use judge::Scratch;
pub use lead::Lead;
pub use mask::masked;
pub use patient::PatientChecker;
pub use publishers::{PartialHash, Publishers};
pub use report::{Flag, LinkReport, MatchReport, PassedReport, Redirect, Report};
pub use snapshot::{OlderGeneration, Snapshot};
pub use surrogate::without_halves;
pub use trail::Trail;

/// Longer attached links are taken as they are; no platform's link field holds a disguise of that length.
const DISGUISED_MAX_BYTES: usize = 64 << 10;

/// By this name reports tell of the operator's own rulings, as if they were a list.
pub const OVERRIDES: &str = "override";

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
    sampler: Option<Arc<Sampler>>,
}

impl Checker {
    /// A checker that finds links as `extractor` does and judges them by `snapshot`.
    pub fn new(extractor: Extractor, snapshot: Snapshot) -> Self {
        let current = Arc::new(ArcSwap::from_pointee(snapshot));
        Self { extractor: Arc::new(extractor), current, sampler: None }
    }

    /// A checker of its own that finds links alike and judges them by another snapshot.
    #[must_use]
    pub fn judging_by(&self, snapshot: Snapshot) -> Self {
        Self { current: Arc::new(ArcSwap::from_pointee(snapshot)), ..self.clone() }
    }

    /// The same, whose drafts are shown to a sampler.
    #[must_use]
    pub fn shown_to(self, sampler: Option<Arc<Sampler>>) -> Self {
        Self { sampler, ..self }
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

    /// The same as [`check`](Self::check) without the links that are unlisted, or `None` if nothing else is to be told: for
    /// rescans, where that is nearly always so.
    ///
    /// An unlisted link never changes what is done about a post, so the action is the same, and without a report `allow`.
    ///
    /// ```
    /// # use linkgate::canonical::Tables;
    /// # use linkgate::check::{Checker, Post, Scratch, Snapshot};
    /// # use linkgate::extract::{Extractor, Options, TopLevels};
    /// # use linkgate::verdict::Policy;
    /// # let extractor = Extractor::new(Options::default(), TopLevels::parse("example"));
    /// # let checker = Checker::new(extractor, Snapshot::new(Tables::shipped()?.into(), vec![], Policy::default()));
    /// let mut scratch = Scratch::default();
    /// for text in ["see https://fine.example/", "nothing here"] {
    ///     let post = Post { text, ..Post::default() };
    ///     assert!(checker.findings(&post, 1_800_000_000, &mut scratch).is_none());
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn findings(&self, post: &Post<'_>, now: i64, scratch: &mut Scratch) -> Option<Report> {
        self.view().findings(post, now, scratch)
    }

    /// The checker as it is now: what is checked through it is all checked against one snapshot.
    pub fn view(&self) -> View<'_> {
        View { checker: self, snapshot: self.current.load() }
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

    /// Shows what is going to be judged to whoever takes samples: links that a report would tell of.
    fn show(&self, found: &Extraction<'_>, now: i64) {
        if let Some(sampler) = &self.sampler {
            let links = found.links.iter().filter(|link| !link.weak);
            sampler.see(links.map(|link| [Some(&*link.url), link.other_reading.as_deref()]), now);
        }
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
        judge_all(snapshot, &self.extract(post), now, &mut Scratch::default(), Keep::All).report
    }
}

/// The report of everything that was found in a post, as far as lists can tell.
fn judge_all(snapshot: &Snapshot, found: &Extraction<'_>, now: i64, scratch: &mut Scratch, keep: Keep) -> Draft {
    let (mut links, mut leads, mut partials) = (Vec::new(), Vec::new(), Vec::new());
    for link in &found.links {
        if let Some(report) = snapshot.judge(link, now, scratch, |status| keep.keeps(status)) {
            leads.extend(scratch.take_leads().map(|url| Lead { link: links.len(), url }));
            links.push(report);
        }
        partials.extend(scratch.take_partials());
    }
    let mut draft = Draft { report: Report::new(snapshot, links, too_many(found)), leads, partials, keep, found: None };
    draft.found = (!draft.is_whole()).then(|| Arc::new(found.to_static()));
    draft
}

impl Snapshot {
    /// Judges what was found in a post before, [`Draft::found`], by these lists.
    pub fn judge_again(&self, found: &Extraction<'_>, keep: Keep, now: i64) -> Draft {
        self.judge_knowing(found, keep, now, Confirmed::new())
    }

    /// The same, where this is known of partial hashes.
    fn judge_knowing(&self, found: &Extraction<'_>, keep: Keep, now: i64, confirmed: Confirmed) -> Draft {
        judge_all(self, found, now, &mut Scratch::knowing(confirmed), keep)
    }
}

/// Why a post as a whole cannot be told, if so.
fn too_many(found: &Extraction<'_>) -> Option<Reason> {
    found.overflow.then_some(Reason::TooManyLinks)
}

/// A checker with one snapshot. Hold it briefly: it keeps the snapshot in memory.
pub struct View<'c> {
    checker: &'c Checker,
    snapshot: Guard<Arc<Snapshot>>,
}

impl View<'_> {
    /// The same as [`Checker::check`].
    pub fn check(&self, post: &Post<'_>, now: i64) -> Report {
        self.checker.check_against(&self.snapshot, post, now)
    }

    /// The same, with what is still to be asked, and how many links were looked up: weak ones too, of which a report tells
    /// only if they are listed.
    pub fn draft(&self, post: &Post<'_>, now: i64) -> (Draft, u64) {
        let found = self.checker.extract(post);
        self.checker.show(&found, now);
        let draft = judge_all(&self.snapshot, &found, now, &mut Scratch::default(), Keep::All);
        (draft, found.links.len() as u64)
    }

    /// The same as [`Checker::findings`].
    pub fn findings(&self, post: &Post<'_>, now: i64, scratch: &mut Scratch) -> Option<Report> {
        self.findings_of(&self.checker.extract(post), now, scratch).and_then(Draft::unasked)
    }

    /// The same, with what is still to be asked.
    pub fn draft_findings(&self, post: &Post<'_>, now: i64, scratch: &mut Scratch) -> Option<Draft> {
        let found = self.checker.extract(post);
        self.checker.show(&found, now);
        self.findings_of(&found, now, scratch)
    }

    fn findings_of(&self, found: &Extraction<'_>, now: i64, scratch: &mut Scratch) -> Option<Draft> {
        if found.links.is_empty() && !found.overflow {
            return None;
        }
        let draft = judge_all(&self.snapshot, found, now, scratch, Keep::Findings);
        (found.overflow || !draft.report.links.is_empty() || !draft.is_whole()).then_some(draft)
    }

    /// What is checked against.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }
}

/// The strictest action of a post.
fn strictest(links: &[LinkReport], post: Action) -> Action {
    links.iter().map(|link| link.action).fold(post, Action::max)
}
