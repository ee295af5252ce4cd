//! Where links are gathered, with the limits on their number.

use super::{Link, LinkKind};

/// The links of one post so far.
#[derive(Debug, Default)]
pub(super) struct Sink<'t> {
    pub(super) links: Vec<Link<'t>>,
    links_max: usize,
    candidates_max: usize,
    strong: usize,
    candidates: usize,
    overflow: bool,
}

impl<'t> Sink<'t> {
    /// An empty one.
    pub(super) fn new(links_max: usize, candidates_max: usize) -> Self {
        Self { links_max, candidates_max, ..Self::default() }
    }

    /// Takes a link, or notes that there are too many.
    pub(super) fn push(&mut self, link: Link<'t>) {
        self.candidates += usize::from(link.weak || link.kind == LinkKind::Schemeless);
        self.strong += usize::from(!link.weak);
        if self.strong > self.links_max || self.candidates > self.candidates_max {
            self.overflow = true;
        } else {
            self.links.push(link);
        }
    }

    /// Takes a link that was counted already.
    pub(super) fn keep(&mut self, link: Link<'t>) {
        self.links.push(link);
    }

    /// Notes that the text asks for more work than it gets.
    pub(super) fn give_up(&mut self) {
        self.overflow = true;
    }

    /// Whether a limit was met, so that nothing more will be kept.
    pub(super) fn is_full(&self) -> bool {
        self.overflow
    }

    /// A sink for a part of the post, which may use up what is left of the limits.
    pub(super) fn part<'a>(&self) -> Sink<'a> {
        Sink {
            links: Vec::new(),
            links_max: self.links_max,
            candidates_max: self.candidates_max,
            strong: self.strong,
            candidates: self.candidates,
            overflow: self.overflow,
        }
    }

    /// Takes over the counts of a part, whose links are handed over one by one by the caller.
    pub(super) fn take_counts(&mut self, part: &Sink<'_>) {
        self.strong = part.strong;
        self.candidates = part.candidates;
        self.overflow = part.overflow;
    }
}
